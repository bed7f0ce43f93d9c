// expect: prepare() and Needs::packed go together
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

struct Packs {
  static constexpr bool accepts(ec::Shape) { return true; }
  static constexpr ec::Shape output(ec::Shape in) { return in; }
  static constexpr ec::Needs needs(ec::Shape) { return {.packed = 3}; }
  static constexpr std::array<ec::Block, 0> parameters(ec::Shape) { return {}; }
#ifdef CONTROL
  template <class S>
  void prepare(ec::Prepare<S>) const {}
#endif
  template <class S, ec::Mode M>
  void forward(ec::Forward<S, M> pass) const {
    pass.y = pass.x;
  }
  template <class S, bool InputGradient>
  void backward(ec::Backward<S, InputGradient>) const {}
};

int main() { return static_cast<int>(ec::Network<ec::Sequential<ec::features(4), Packs>>::parameter_count); }
