// expect: this layer has no mirror
// expect: LayerMirrors<1,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Encoder = ec::Encoder<ec::image(4, 4), ec::Conv2D<2, 3>, ec::Conv2D<2, 3>>;
#else
using Encoder = ec::Encoder<ec::image(4, 4), ec::Conv2D<2, 3>, ec::DepthwiseConv2D<3>>;
#endif

int main() { return static_cast<int>(ec::Autoencoder<Encoder, ec::Mirror<Encoder>>::parameter_count); }
