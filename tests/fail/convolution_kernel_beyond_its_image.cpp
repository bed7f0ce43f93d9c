// expect: this convolution's kernel is larger than its unpadded image
// expect: LayerAccepts<0,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Index dilation = 1;
#else
constexpr ec::Index dilation = 2;
#endif

using Convolution = ec::Conv2D<8, 3, 1, ec::Padding::valid, ec::Dilation{dilation}>;

int main() { return static_cast<int>(ec::Encoder<ec::image(4, 9, 3), Convolution>::output.size() & 1); }
