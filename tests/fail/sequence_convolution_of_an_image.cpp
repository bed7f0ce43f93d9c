// expect: this convolution takes sequences: for images there is Conv2D
// expect: LayerAccepts<0,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Shape input = ec::sequence(6, 3);
#else
constexpr ec::Shape input = ec::image(2, 6, 3);
#endif

int main() { return static_cast<int>(ec::Encoder<input, ec::Conv1D<8, 3>>::output.size() & 1); }
