// expect: a kernel of several pixels on an image of one, as features(n) is: begin with image(...) or sequence(...), or put a Reshape before it
// expect: LayerAccepts<0,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Shape input = ec::image(28, 28);
#else
constexpr ec::Shape input = ec::features(784);
#endif
static_assert(ec::Encoder<ec::features(9), ec::Conv2D<8, 1>>::output == ec::features(8));  // a Dense by another name

int main() { return static_cast<int>(ec::Encoder<input, ec::Conv2D<8, 3>>::output.size() & 1); }
