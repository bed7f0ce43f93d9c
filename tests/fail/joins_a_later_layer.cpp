// expect: this layer joins a position that is not before its own
// expect: LayerJoinsEarlier<1,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Join = ec::Add<-2>;
#else
using Join = ec::Add<1>;
#endif

int main() { return static_cast<int>(ec::Network<ec::Sequential<ec::features(8), ec::Dense<8>, Join>>::parameter_count); }
