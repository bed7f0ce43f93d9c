// expect: an option of a pool is a Padding
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr auto option = ec::Padding::same;
#else
constexpr auto option = ec::Bias::none;
#endif

int main() { return static_cast<int>(ec::Encoder<ec::image(3, 3), ec::MaxPool2D<2, 2, option>>::output.size() & 1); }
