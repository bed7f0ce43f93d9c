// expect: Conv2D<Filters, Kernel, Stride, Options...>: an option is a Padding, a Dilation, a Bias or an Init
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr auto option = ec::Padding::valid;
#else
constexpr auto option = ec::Interpolation::nearest;
#endif

int main() { return static_cast<int>(ec::Encoder<ec::image(8, 8), ec::Conv2D<4, 3, 1, option>>::output.size() & 1); }
