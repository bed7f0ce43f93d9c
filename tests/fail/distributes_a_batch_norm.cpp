// expect: TimeDistributed<L>: L must make a vector of a vector, and depend on nothing but its input and its parameters
// expect: LayerAccepts<1,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using OnEveryStep = ec::LayerNorm;
#else
using OnEveryStep = ec::BatchNorm;
#endif
using Encoder = ec::Encoder<ec::sequence(6, 2), ec::Conv1D<4, 3>, ec::TimeDistributed<OnEveryStep>, ec::Dense<3>>;

int main() { return static_cast<int>(Encoder::output.size() & 1); }
