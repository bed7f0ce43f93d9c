// expect: the decoder does not restore the encoder's input
// expect: Shape{1, 28, 28}
// expect: Shape{1, 28, 14}
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Extent factor = 2;
#else
constexpr ec::Extent factor{2, 1};
#endif

using Encoder = ec::Encoder<ec::image(28, 28), ec::Conv2D<4, 3>, ec::ReLU, ec::MaxPool2D<2>>;
using Decoder = ec::Decoder<Encoder::output, ec::UpSample2D<factor>, ec::Conv2D<1, 3>, ec::Sigmoid>;

int main() { return static_cast<int>(ec::Autoencoder<Encoder, Decoder>::parameter_count & 1); }
