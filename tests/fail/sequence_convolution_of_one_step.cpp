// expect: a kernel of several steps on a sequence of one, as features(n) is: begin with sequence(...), or put a Reshape before it
// expect: LayerAccepts<0,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Shape input = ec::sequence(28, 28);
#else
constexpr ec::Shape input = ec::features(784);
#endif

int main() { return static_cast<int>(ec::Encoder<input, ec::Conv1D<8, 3>>::output.size() & 1); }
