// expect: ConvTranspose2D<Filters, Kernel>: Filters must be positive
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Index filters = 1;
#else
constexpr ec::Index filters = 0;
#endif

int main() { return static_cast<int>(ec::Encoder<ec::image(7, 7), ec::ConvTranspose2D<filters, 3, 2>>::output.size() & 1); }
