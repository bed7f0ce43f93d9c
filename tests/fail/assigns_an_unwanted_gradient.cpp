// expect: asked_for::input_gradient
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

/// As the first layer its input gradient is wanted by nobody.
struct Double {
  static constexpr bool accepts(ec::Shape) { return true; }
  static constexpr ec::Shape output(ec::Shape in) { return in; }
  static constexpr ec::Needs needs(ec::Shape) { return {}; }
  static constexpr auto parameters(ec::Shape) { return std::array{ec::Block{.name = "unused", .rows = 1}}; }
  template <class S, ec::Mode M>
  void forward(ec::Forward<S, M> pass) const {
    pass.y = 2 * pass.x;
  }
  template <class S, bool InputGradient>
  void backward(ec::Backward<S, InputGradient> pass) const {
#ifdef CONTROL
    if constexpr (InputGradient)
#endif
      pass.dx = 2 * pass.dy;
  }
};

using Encoder = ec::Encoder<ec::features(4), Double, ec::Dense<2>>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<4>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer{model, ec::MeanSquaredError{}, ec::Adam{}}.train_on_batch(Eigen::MatrixXf::Zero(4, 3).eval());
}
