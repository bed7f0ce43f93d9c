// expect: merge() is for Needs::sums: without them it is never called
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

struct Largest {
  static constexpr bool accepts(ec::Shape) { return true; }
  static constexpr ec::Shape output(ec::Shape in) { return in; }
  static constexpr std::array<ec::Block, 0> parameters(ec::Shape) { return {}; }
#ifdef CONTROL
  static constexpr ec::Needs needs(ec::Shape) { return {.sums = 1}; }
  template <class S>
  void gather(ec::Gather<S> pass) const {
    pass.sums[0] = static_cast<double>(pass.x.cwiseAbs().maxCoeff());
  }
#else
  static constexpr ec::Needs needs(ec::Shape) { return {}; }
#endif
  static void merge(std::span<double> total, std::span<const double> part) { total[0] = std::max(total[0], part[0]); }

  template <class S, ec::Mode M>
  void forward(ec::Forward<S, M> pass) const {
    pass.y = pass.x;
  }
  template <class S, bool InputGradient>
  void backward(ec::Backward<S, InputGradient>) const {}
};

int main() { return static_cast<int>(ec::Network<ec::Sequential<ec::features(4), Largest>>::parameter_count); }
