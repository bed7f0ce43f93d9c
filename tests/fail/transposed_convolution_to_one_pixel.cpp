// expect: a kernel of several pixels that makes an image of one of features(n)
// expect: LayerAccepts<0,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Padding padding = ec::Padding::valid;  // four by four pixels
#else
constexpr ec::Padding padding = ec::Padding::same;
#endif

int main() { return static_cast<int>(ec::Encoder<ec::features(9), ec::ConvTranspose2D<8, 4, 1, padding>>::output.size() & 1); }
