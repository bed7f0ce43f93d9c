// expect: Bidirectional<L> reads in both directions: L is a recurrent layer without Direction::backward
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr auto direction = ec::Direction::forward;
#else
constexpr auto direction = ec::Direction::backward;
#endif

int main() {
  return static_cast<int>(ec::Encoder<ec::sequence(5, 3), ec::Bidirectional<ec::LSTM<4, direction>>>::output.size() & 1);
}
