// expect: a pool of several pixels on an image of one, as features(n) is: begin with image(...) or sequence(...), or put a Reshape before it
// expect: LayerAccepts<0,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Shape input = ec::image(28, 28);
#else
constexpr ec::Shape input = ec::features(784);
#endif

int main() { return static_cast<int>(ec::Encoder<input, ec::MaxPool2D<2, 2, ec::Padding::same>>::output.size() & 1); }
