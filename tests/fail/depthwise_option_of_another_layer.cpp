// expect: DepthwiseConv2D<Kernel, Stride, Options...>: an option is a Padding, a Dilation, a Bias or an Init
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr auto option = ec::Dilation{2};
#else
constexpr auto option = ec::Site::code;
#endif

int main() { return static_cast<int>(ec::Encoder<ec::image(8, 8), ec::DepthwiseConv2D<3, 1, option>>::output.size() & 1); }
