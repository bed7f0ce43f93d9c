// expect: the window of this pool is larger than its image
// expect: LayerAccepts<0,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Index window = 3;
#else
constexpr ec::Index window = 4;
#endif

int main() { return static_cast<int>(ec::Encoder<ec::image(3, 3), ec::AvgPool2D<window>>::output.size() & 1); }
