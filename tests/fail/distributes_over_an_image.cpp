// expect: TimeDistributed takes sequences: put a Reshape before it
// expect: Shape{2, 4, 4}
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Shape input = ec::sequence(16, 2);
#else
constexpr ec::Shape input = ec::image(4, 4, 2);
#endif

int main() { return static_cast<int>(ec::Encoder<input, ec::TimeDistributed<ec::Dense<3>>>::output.size() & 1); }
