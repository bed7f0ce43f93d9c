// expect: this layer cannot be linked to that one
// expect: LayerLinks<1,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::image(4, 4), ec::Conv2D<2, 3>>;
#ifdef CONTROL
using Decoder = ec::Decoder<Encoder::output, ec::TiedConv2D<0, ec::image(4, 4), 3>>;
#else
using Decoder = ec::Decoder<Encoder::output, ec::TiedConv2D<0, ec::image(4, 4), 5>>;
#endif

int main() { return static_cast<int>(ec::Autoencoder<Encoder, Decoder>::parameter_count); }
