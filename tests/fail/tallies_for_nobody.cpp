// expect: Needs::tallies are for settle(): without it they are never read
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

struct Tallies {
  static constexpr bool accepts(ec::Shape) { return true; }
  static constexpr ec::Shape output(ec::Shape in) { return in; }
  static constexpr ec::Needs needs(ec::Shape) { return {.tallies = 1}; }
#ifdef CONTROL
  static constexpr auto parameters(ec::Shape) { return std::array{ec::Block{.name = "seen", .rows = 1, .trainable = false}}; }
  template <class S>
  void settle(ec::Settle<S> pass) const {
    std::get<0>(pass.state)[0] = static_cast<typename S::Scalar>(pass.tallies[0]);
  }
#else
  static constexpr std::array<ec::Block, 0> parameters(ec::Shape) { return {}; }
#endif
  template <class S, ec::Mode M>
  void forward(ec::Forward<S, M> pass) const {
    pass.y = pass.x;
    if constexpr (M == ec::Mode::train) pass.tallies[0] += static_cast<double>(pass.x.cols());
  }
  template <class S, bool InputGradient>
  void backward(ec::Backward<S, InputGradient>) const {}
};

int main() { return static_cast<int>(ec::Network<ec::Sequential<ec::features(4), Tallies>>::parameter_count); }
