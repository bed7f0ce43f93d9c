// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;
using layers::Matrix;

namespace {

/// y, dx and the gradients against their equations, pixel by pixel.
template <class T, ec::Shape In, class Layer>
void check_values(ec::Index batch) {
  CAPTURE(ec::type_name<Layer>(), ec::to_string(In), batch);
  StageRunner<Layer, In, T> run;
  golden::fill(3, 2, -1, run.theta);
  const Matrix<T> x = layers::uniform<T>(In.size(), batch, 1, 4, -2), dy = layers::uniform<T>(In.size(), batch, 2, 2, -1),
                  y = run.forward(x), dx = run.backward(x, y, dy);
  const auto pixels = [&](const Matrix<T>& m) {
    return Matrix<double>(m.template cast<double>().reshaped(In.channels, m.size() / In.channels));
  };
  const Matrix<double> theta = run.theta.template cast<double>().reshaped(In.channels, Layer::biased ? 2 : 1);
  const Matrix<double> scaled = theta.col(0).asDiagonal() * pixels(x);
  const double tolerance = layers::tolerance<T>;
  if constexpr (Layer::biased) {
    CHECK(layers::relative_error<T>(y.reshaped(In.channels, scaled.cols()), scaled.colwise() + theta.col(1)) < tolerance);
    CHECK(layers::relative_error<T>(run.dtheta.tail(In.channels), pixels(dy).rowwise().sum()) < tolerance);
  } else {
    CHECK(layers::relative_error<T>(y.reshaped(In.channels, scaled.cols()), scaled) < tolerance);
  }
  CHECK(layers::relative_error<T>(dx.reshaped(In.channels, scaled.cols()), theta.col(0).asDiagonal() * pixels(dy)) < tolerance);
  CHECK(layers::relative_error<T>(run.dtheta.head(In.channels), pixels(dy).cwiseProduct(pixels(x)).rowwise().sum()) <
        tolerance);
  CHECK(run.forward_in_place(x) == y);
  CHECK(run.backward_in_place(x, y, dy) == dx);
}

}  // namespace

TEMPLATE_TEST_CASE("Scale: a factor for every channel", "", float, double) {
  for (const ec::Index batch : {1, 7}) {
    check_values<TestType, ec::features(13), ec::Scale<>>(batch);
    check_values<TestType, ec::image(5, 3, 3), ec::Scale<>>(batch);
    check_values<TestType, ec::image(5, 3, 3), ec::Scale<ec::Bias::added>>(batch);
  }
}

TEST_CASE("Scale: finite differences") {
  layers::check_gradient(ec::Scale<>{});
  layers::check_gradient<ec::image(3, 5, 2)>(ec::Scale<ec::Bias::added>{});
}

TEST_CASE("Scale: with activations on both sides in its stores, and under a penalty on derivatives") {
  using E = ec::Encoder<ec::features(6), ec::Dense<5>, ec::Tanh, ec::Scale<ec::Bias::added>, ec::Softsign, ec::Dense<3>>;
  ec::Autoencoder<E, ec::Decoder<E::output, ec::Dense<6>, ec::Scale<>>, double> model{ec::Seed{3}};
  model.set_parameters(model.parameters() + 0.3 * Eigen::VectorXd::Random(model.parameter_count));
  const Eigen::MatrixXd x = Eigen::MatrixXd::Random(6, 7);
  const ec::GradientReport report =
      ec::check_model_gradient(model, ec::MeanSquaredError{} + 0.3 * ec::StochasticContractive<2>{}, x, x);
  INFO(report.text());
  CHECK(report.error < 1e-6);
}

TEST_CASE("Scale: its blocks, where they start, and its mirror") {
  constexpr auto block = ec::Scale<>::parameters(ec::image(5, 3, 2))[0];
  static_assert(block.name == "scale" && block.size() == 2 && !block.decay && block.init == ec::Init::ones);
  using E = ec::Encoder<ec::features(4), ec::Dense<3>, ec::Scale<ec::Init::constant(0.25), ec::Bias::added>, ec::Dense<2>>;
  ec::Autoencoder<E, ec::Mirror<E>> model{ec::Seed{1}};
  for (const char* name : {"encoder.1", "decoder.1"}) {
    CHECK((model.parameter(ec::message(name, ".scale")).array() == 0.25F).all());
    CHECK(model.parameter(ec::message(name, ".bias")).isZero());
  }
}
