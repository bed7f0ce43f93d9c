// expect: an option of a recurrent layer is a Returns, a Direction, a Truncation or an Init
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr auto option = ec::Returns::sequence;
#else
constexpr auto option = ec::Bias::none;
#endif

int main() { return static_cast<int>(ec::Encoder<ec::sequence(5, 3), ec::GRU<4, option>>::output.size() & 1); }
