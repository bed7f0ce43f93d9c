// expect: this layer cannot be linked to that one
// expect: LayerLinks<1,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Encoder = ec::Encoder<ec::image(4, 4), ec::MaxPool2D<2>>;
#else
using Encoder = ec::Encoder<ec::image(4, 4), ec::AvgPool2D<2>>;
#endif

using Decoder = ec::Decoder<Encoder::output, ec::MaxUnpool2D<0, 2>>;

int main() { return static_cast<int>(ec::Autoencoder<Encoder, Decoder>::parameter_count); }
