// expect: Frozen<L> is for a layer with parameters: this one has nothing to freeze
// expect: LayerAccepts<1,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Encoder = ec::Encoder<ec::features(4), ec::Frozen<ec::Dense<2>>, ec::ReLU>;
#else
using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>, ec::Frozen<ec::ReLU>>;
#endif

int main() { return static_cast<int>(ec::Network<Encoder>::parameter_count + Encoder::output.size()); }
