// SPDX-License-Identifier: MIT
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/testing/gradient_check.hpp>

#include "golden/golden.hpp"
#include "support/catch.hpp"

namespace ec = eigencoder;

namespace {

constexpr ec::Index depth = 5;
using Encoder = ec::Encoder<ec::image(4, 3, 2), ec::Conv2D<depth, 1>, ec::Tanh, ec::VectorQuantizer<9>>;
using Model = ec::Autoencoder<Encoder, ec::Decoder<ec::image(4, 3, depth), ec::Conv2D<2, 1>>, double>;

Model model_of_entries() {
  Model model{ec::Seed{3}};
  golden::fill(50, 2, -1, model.parameter("encoder.2.codebook"));
  return model;
}
Eigen::MatrixXd samples() {
  Eigen::MatrixXd x(24, 7);
  golden::fill(1, 1, 0, x);
  return x;
}

}  // namespace

TEST_CASE("Commitment: finite differences, with codes that do not switch") {
  // A constant loss beside it: what goes straight through is no derivative, and must be 0 here.
  Model model = model_of_entries();
  const Eigen::MatrixXd x = samples();
  for (const ec::Commitment term : {ec::Commitment{}, ec::Commitment{ec::Reduction::sum}}) {
    const ec::GradientReport report =
        ec::check_model_gradient(model, 0.0 * ec::MeanSquaredError{} + 0.7 * term, x, x, {.difference = 1e-6});
    INFO(report.text());
    CHECK(report.error < 1e-6);
  }
}

TEST_CASE("Commitment: the square of what quantisation changes, as a mean and as a sum over the values") {
  Model model = model_of_entries();
  const Eigen::MatrixXd x = samples();
  ec::Network<ec::Sequential<ec::image(4, 3, 2), ec::Conv2D<depth, 1>, ec::Tanh>, double> front;
  front.set_parameters(model.parameters().head(decltype(front)::parameter_count));
  const double squares = (front.predict(x) - model.encode(x)).squaredNorm() / 7;
  const auto value = [&](ec::Commitment term) {
    return ec::Trainer{model, ec::MeanSquaredError{} + 0.25 * term, ec::SGD{}, {.threads = 1}}.evaluate(x).terms[1];
  };
  CHECK(value(ec::Commitment{}) == Approx(squares / (12 * depth)).epsilon(1e-13));
  CHECK(value(ec::Commitment{ec::Reduction::sum}) == Approx(squares).epsilon(1e-13));
}
