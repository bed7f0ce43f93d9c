// expect: a dilated convolution has no mirror unless its stride is 1 and its padding same
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Encoder = ec::Encoder<ec::image(9, 9), ec::Conv2D<2, 3, 1, ec::Dilation{2}>>;
#else
using Encoder = ec::Encoder<ec::image(9, 9), ec::Conv2D<2, 3, 1, ec::Dilation{2}, ec::Padding::valid>>;
#endif

int main() { return static_cast<int>(ec::Autoencoder<Encoder, ec::Mirror<Encoder>>::parameter_count); }
