// expect: ConvTranspose2D<Filters, Kernel, Stride, Options...>: an option is a Padding, a Bias or an Init
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr auto option = ec::Padding::valid;
#else
constexpr auto option = ec::Dilation{2};
#endif

int main() { return static_cast<int>(ec::Encoder<ec::image(8, 8), ec::ConvTranspose2D<4, 3, 2, option>>::output.size() & 1); }
