// expect: RandomMask on one pixel, as features(n) is: begin with image(...) or sequence(...), or take MaskingNoise, which hides single values
// expect: LayerAccepts<0,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Shape input = ec::sequence(28, 28);
#else
constexpr ec::Shape input = ec::features(784);
#endif

int main() { return static_cast<int>(ec::Encoder<input, ec::RandomMask<>>::output.size() & 1); }
