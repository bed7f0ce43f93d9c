// expect: this convolution's kernel is larger than its unpadded image
// expect: LayerAccepts
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr auto padding = ec::Padding::same;
#else
constexpr auto padding = ec::Padding::valid;
#endif

int main() { return static_cast<int>(ec::Encoder<ec::image(4, 9, 3), ec::DepthwiseConv2D<5, 1, padding>>::output.size() & 1); }
