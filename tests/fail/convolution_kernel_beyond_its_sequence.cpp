// expect: this convolution's kernel is longer than its unpadded sequence
// expect: LayerAccepts<0,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Index steps = 5;
#else
constexpr ec::Index steps = 4;
#endif

int main() {
  return static_cast<int>(ec::Encoder<ec::sequence(steps, 3), ec::Conv1D<8, 5, 1, ec::Padding::valid>>::output.size() & 1);
}
