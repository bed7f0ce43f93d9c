// expect: Crop2D leaves nothing of this image
// expect: LayerAccepts<0,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Border border{1, 1, 0, 2};
#else
constexpr ec::Border border{2, 2, 0, 2};
#endif

int main() { return static_cast<int>(ec::Encoder<ec::image(4, 4), ec::Crop2D<border>>::output.size() & 1); }
