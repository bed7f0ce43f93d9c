// expect: RepeatVector repeats a vector, features(n), not an image or a sequence: put a Reshape<features(n)> before it
// expect: LayerAccepts<0,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Shape input = ec::features(12);
#else
constexpr ec::Shape input = ec::image(3, 4);
#endif

int main() { return static_cast<int>(ec::Encoder<input, ec::RepeatVector<5>>::output.size() & 1); }
