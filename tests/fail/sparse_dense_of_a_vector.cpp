// expect: SparseDense reads pairs of a number and a value: its input is sequence(entries, 2)
// expect: LayerAccepts<0,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Shape input = ec::sequence(12, 2);
#else
constexpr ec::Shape input = ec::features(24);
#endif

int main() { return static_cast<int>(ec::Encoder<input, ec::SparseDense<50, 3>>::output.size() & 1); }
