// expect: this layer holds values that a file could not tell from others
// expect: LayerTellsItsNumbers<1,
#include <array>

#include <eigencoder/eigencoder.hpp>
#include <eigencoder/io/layout.hpp>
namespace ec = eigencoder;

/// y = factor · x
struct Times : ec::Activation<Times> {
  double factor = 2;
#ifdef CONTROL
  constexpr std::array<ec::Setting, 1> settings() const { return {{{"factor", factor}}}; }
#endif
  template <class V>
  V apply(V x) const {
    return V(factor) * x;
  }
  template <class V>
  V derivative(V) const {
    return V(factor);
  }
  template <class V>
  V curvature(V) const {
    return V(0);
  }
};

int main() {
  const ec::Network<ec::Sequential<ec::features(2), ec::Dense<1>, Times>> model;
  return static_cast<int>(ec::detail::model_facts(model).layers.size());
}
