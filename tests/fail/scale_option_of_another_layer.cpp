// expect: Scale<Options...>: an option is a Bias or an Init
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr auto option = ec::Init::constant(0.1);
#else
constexpr auto option = ec::Padding::same;
#endif

int main() { return static_cast<int>(ec::Encoder<ec::features(2), ec::Scale<option, ec::Bias::added>>::output.size() & 1); }
