// expect: Add needs two activations of one shape
// expect: LayerJoins<1,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Block = ec::Residual<ec::Dense<8>>;
#else
using Block = ec::Residual<ec::Dense<5>>;
#endif

int main() { return static_cast<int>(ec::Network<ec::Sequential<ec::features(8), Block>>::parameter_count); }
