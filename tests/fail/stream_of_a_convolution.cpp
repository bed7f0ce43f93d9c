// expect: this layer, see L and its Position, cannot run a step at a time
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

int main() {
#ifdef CONTROL
  constexpr ec::Index taps = 1;
#else
  constexpr ec::Index taps = 3;
#endif
  const ec::Network<ec::Sequential<ec::sequence(8, 2), ec::GRU<4, ec::Returns::sequence>, ec::Conv1D<2, taps>>> network;
  ec::Stream stream{network};
  return static_cast<int>(stream.output);
}
