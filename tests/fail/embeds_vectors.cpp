// expect: Embedding reads one whole number a step: its input is sequence(steps, 1)
// expect: LayerAccepts<0,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Shape input = ec::sequence(12, 1);
#else
constexpr ec::Shape input = ec::features(12);
#endif

int main() { return static_cast<int>(ec::Encoder<input, ec::Embedding<5, 3>>::output.size() & 1); }
