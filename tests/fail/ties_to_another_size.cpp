// expect: this layer cannot be linked to that one
// expect: LayerLinks<2,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::features(8), ec::Dense<6>, ec::Dense<4>>;
#ifdef CONTROL
using Decoder = ec::Decoder<Encoder::output, ec::TiedDense<1, ec::features(6)>, ec::Dense<8>>;
#else
using Decoder = ec::Decoder<Encoder::output, ec::TiedDense<0, ec::features(8)>>;
#endif

int main() { return static_cast<int>(ec::Autoencoder<Encoder, Decoder>::parameter_count); }
