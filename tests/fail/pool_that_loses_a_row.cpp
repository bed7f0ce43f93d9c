// expect: no window of this pool reaches the last rows or columns of its image
// expect: LayerAccepts<1,
// expect: Shape{4, 7, 6}
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Shape image = ec::image(8, 6, 4);
#else
constexpr ec::Shape image = ec::image(7, 6, 4);
#endif

int main() { return static_cast<int>(ec::Encoder<image, ec::ReLU, ec::MaxPool2D<2>>::output.size() & 1); }
