// expect: asked_for::backward_x
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

/// dy ∘ x needs x, and Needs says so in the control alone.
struct Square {
  static constexpr bool accepts(ec::Shape) { return true; }
  static constexpr ec::Shape output(ec::Shape in) { return in; }
#ifdef CONTROL
  static constexpr ec::Needs needs(ec::Shape) { return {.backward_x = true}; }
#else
  static constexpr ec::Needs needs(ec::Shape) { return {}; }
#endif
  static constexpr std::array<ec::Block, 0> parameters(ec::Shape) { return {}; }
  template <class S, ec::Mode M>
  void forward(ec::Forward<S, M> pass) const {
    pass.y = pass.x.cwiseProduct(pass.x);
  }
  template <class S, bool InputGradient>
  void backward(ec::Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) pass.dx = 2 * pass.x.cwiseProduct(pass.dy);
  }
};

using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>, Square>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<4>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer{model, ec::MeanSquaredError{}, ec::Adam{}}.train_on_batch(Eigen::MatrixXf::Zero(4, 3).eval());
}
