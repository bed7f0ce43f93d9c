// expect: the stride of this pool leaves out the last rows or columns of its image, which would be lost: crop them with Crop2D, or take a smaller stride
// expect: LayerAccepts<0,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Index stride = 2;
#else
constexpr ec::Index stride = 4;
#endif

int main() {
  return static_cast<int>(ec::Encoder<ec::image(8, 8), ec::MaxPool2D<2, stride, ec::Padding::same>>::output.size() & 1);
}
