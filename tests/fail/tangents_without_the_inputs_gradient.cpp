// expect: this penalty needs of a layer with weights and a Tangent the gradient of its input alone
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

/// y_i = s_i x_i, feature by feature.
struct Scale {
  using Tangent = Scale;
  static constexpr bool accepts(ec::Shape) { return true; }
  static constexpr ec::Shape output(ec::Shape in) { return in; }
  static constexpr ec::Needs needs(ec::Shape) { return {.backward_x = true}; }
  static constexpr auto parameters(ec::Shape in) {
    return std::array{ec::Block{.name = "scale", .rows = in.size(), .init = ec::Init::ones}};
  }
  template <class S, ec::Mode M>
  void forward(ec::Forward<S, M> pass) const {
    pass.y = std::get<0>(pass.theta).asDiagonal() * pass.x;
  }
  template <class S, bool InputGradient>
  void backward(ec::Backward<S, InputGradient> pass) const {
    std::get<0>(pass.dtheta) += pass.dy.cwiseProduct(pass.x).rowwise().sum();
    if constexpr (InputGradient) pass.dx = std::get<0>(pass.theta).asDiagonal() * pass.dy;
  }
#ifdef CONTROL
  template <class S>
  void input_gradient(ec::Backward<S, true> pass) const {
    pass.dx = std::get<0>(pass.theta).asDiagonal() * pass.dy;
  }
#endif
};

using Encoder = ec::Encoder<ec::features(8), ec::Dense<6>, Scale, ec::Tanh>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<8>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer{model, ec::MeanSquaredError{} + 1e-3 * ec::DeepContractive{}, ec::Adam{}}.evaluate(
      Eigen::MatrixXf::Zero(8, 3).eval());
}
