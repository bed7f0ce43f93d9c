// expect: Dense<Units>: Units must be positive
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Index units = 1;
#else
constexpr ec::Index units = 0;
#endif

int main() { return static_cast<int>(ec::Encoder<ec::image(28, 28), ec::Dense<units>>::output.size() & 1); }
