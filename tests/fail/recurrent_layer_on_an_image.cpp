// expect: a recurrent layer reads a sequence(steps, channels), not an image: put a Reshape before it
// expect: LayerAccepts<0,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Shape input = ec::sequence(28, 28);
#else
constexpr ec::Shape input = ec::image(28, 28);
#endif

int main() { return static_cast<int>(ec::Encoder<input, ec::LSTM<8>>::output.size() & 1); }
