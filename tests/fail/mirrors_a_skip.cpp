// expect: this layer has no mirror
// expect: LayerMirrors<2,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Block = ec::Residual<ec::Dense<5>>;
#else
using Block = ec::Skip<ec::Dense<5>>;
#endif
using Encoder = ec::Encoder<ec::features(8), ec::Dense<5>, ec::Tanh, Block>;

int main() { return static_cast<int>(ec::Autoencoder<Encoder, ec::Mirror<Encoder, ec::Dense<8>>>::parameter_count); }
