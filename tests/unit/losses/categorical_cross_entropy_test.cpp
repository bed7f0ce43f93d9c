// SPDX-License-Identifier: MIT
#include "run_categorical.hpp"
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/testing/gradient_check.hpp>

namespace ec = eigencoder;
using ec::Index;
using losses::Matrix;
using losses::Places;

namespace {

/// Logits or probabilities, and counts as targets of which about a quarter are 0.
template <class T>
Places<T> drawn(Index channels, Index places, Index batch, double scale = 8, double offset = -4) {
  return {channels, losses::uniform<T>(channels * places, batch, 1, scale, offset),
          losses::uniform<T>(channels * places, batch, 2, 4, -1).cwiseMax(T(0))};
}

template <class T, class Loss>
void check_golden(const char* name, const Loss& loss, double scale = 8, double offset = -4) {
  const nlohmann::json entry = golden::load("classification.json")[name];
  losses::check_golden<T>(entry, loss, drawn<T>(entry["channels"], entry["places"], entry["batch"], scale, offset));
}

}  // namespace

TEMPLATE_TEST_CASE("categorical cross-entropy: PyTorch's values, of few channels, of many, and of one place", "", float,
                   double) {
  const ec::CategoricalCrossEntropyOnLogits loss;
  check_golden<TestType>("categorical_logits", loss);
  check_golden<TestType>("categorical_logits_of_one_place", loss);
  check_golden<TestType>("categorical_logits_of_many_channels", loss);
}

TEMPLATE_TEST_CASE("categorical cross-entropy: probabilities are clamped as in Keras", "", float, double) {
  check_golden<TestType>("categorical_clamped", ec::CategoricalCrossEntropy{}, 1.2, -0.1);
}

TEMPLATE_TEST_CASE("categorical cross-entropy: weight, accumulation, shards, weights of samples", "", float, double) {
  using T = TestType;
  for (const ec::Reduction reduction : {ec::Reduction::mean, ec::Reduction::sum}) {
    losses::check_contract(ec::CategoricalCrossEntropyOnLogits{reduction}, drawn<T>(3, 7, 5));
    losses::check_contract(ec::CategoricalCrossEntropyOnLogits{reduction}, drawn<T>(19, 1, 7));
    losses::check_contract(ec::CategoricalCrossEntropyOnLogits{reduction}, drawn<T>(67, 2, 3));
    losses::check_contract(ec::CategoricalCrossEntropy{reduction}, drawn<T>(3, 7, 5, 0.9, 0.05));
  }
}

TEST_CASE("categorical cross-entropy: finite differences") {
  for (const auto& [channels, places, batch] : {std::tuple<Index, Index, Index>{2, 1, 1}, {2, 3, 1}, {5, 3, 7}, {70, 1, 2}}) {
    CAPTURE(channels, places, batch);
    CHECK(losses::difference_error(ec::CategoricalCrossEntropyOnLogits{}, drawn<double>(channels, places, batch)) < 1e-6);
    CHECK(losses::difference_error(ec::CategoricalCrossEntropy{}, drawn<double>(channels, places, batch, 0.9, 0.05), 1e-6) <
          1e-6);
  }
  const ec::GradientReport report = ec::check_loss_gradient(ec::CategoricalCrossEntropyOnLogits{}, 5);
  INFO(report.text());
  CHECK(report.error < 1e-6);
}

TEST_CASE("categorical cross-entropy: on logits it is that of the softmax, with its reduction and gradient") {
  constexpr Index channels = 4, places = 3;
  const Places<double> on_z = drawn<double>(channels, places, 5);
  Places<double> on_y = on_z;
  const Eigen::Map<const Matrix<double>> z(on_z.y.data(), channels, places * 5);
  Eigen::Map<Matrix<double>> y(on_y.y.data(), channels, places * 5);
  y = z.array().exp().matrix();
  y.array().rowwise() /= y.colwise().sum().array().eval();
  for (const ec::Reduction reduction : {ec::Reduction::mean, ec::Reduction::sum}) {
    const ec::CategoricalCrossEntropy loss{reduction};
    const auto plain = losses::run(loss, on_y), stable = losses::run(loss.on_logits(), on_z);
    CHECK(std::abs(stable.value / plain.value - 1) < 1e-12);
    const Eigen::Map<const Matrix<double>> dy(plain.gradient.data(), channels, places * 5);
    const Matrix<double> inner = dy.cwiseProduct(y).colwise().sum();  // dz = y ∘ (dy − Σ dy y)
    Matrix<double> dz = y.cwiseProduct(dy - inner.replicate(channels, 1));
    dz.resize(channels * places, 5);
    CHECK(losses::relative_error<double>(stable.gradient, dz) < 1e-12);
  }
}

TEMPLATE_TEST_CASE("categorical cross-entropy: huge logits give the limits, and no overflow", "", float, double) {
  using T = TestType;
  const T huge = std::numeric_limits<T>::max() / 4;
  for (const Index channels : {3, 80}) {
    Places<T> at{channels, Matrix<T>::Constant(channels, 3, -1000), Matrix<T>::Zero(channels, 3)};
    at.y.row(1).setConstant(1000);
    at.target(1, 0) = at.target(0, 1) = 1;  // right, wrong by 2000
    at.y.col(2).setConstant(huge);
    at.target(2, 2) = 1;
    const auto [value, gradient] = losses::run(ec::CategoricalCrossEntropyOnLogits{ec::Reduction::sum}, at);
    CHECK(value == Approx((0 + 2000 + std::log(static_cast<double>(channels))) / 3));
    CHECK((gradient.col(0).array() == 0).all());
    CHECK(gradient(0, 1) == Approx(-1.0 / 3));
    CHECK(gradient(1, 1) == Approx(1.0 / 3));
    CHECK(gradient(2, 2) == Approx((1 / static_cast<double>(channels) - 1) / 3));
  }
}

TEMPLATE_TEST_CASE("categorical cross-entropy: a NaN must not pass for a number", "", float, double) {
  using T = TestType;
  for (const Index channels : {5, 66}) {
    for (const bool in_target : {false, true}) {
      Places<T> at = drawn<T>(channels, 2, 3);
      (in_target ? at.target : at.y)(channels + 2, 1) = std::numeric_limits<T>::quiet_NaN();
      CHECK(std::isnan(losses::run(ec::CategoricalCrossEntropyOnLogits{}, at).value));
    }
  }
}

TEST_CASE("categorical cross-entropy: a network ending in a Softmax trains on its logits, and image by image counts places") {
  using Model =
      ec::Network<ec::Sequential<ec::image(2, 3, 2), ec::Conv2D<4, 1>, ec::Tanh, ec::Conv2D<3, 1>, ec::Softmax>, double>;
  static_assert(ec::Terms<Model::Chain, decltype(ec::as_objective(ec::CategoricalCrossEntropy{}))>::on_logits);
  Model model{ec::Seed{3}};
  const Matrix<double> x = losses::uniform<double>(12, 7, 1, 2, -1), t = losses::uniform<double>(18, 7, 2, 1, 0);
  const ec::GradientReport report = ec::check_model_gradient(model, ec::CategoricalCrossEntropy{}, x, t);
  INFO(report.text());
  CHECK(report.error < 1e-6);
  const Matrix<double> y = model.predict(x);
  const double expected = -(t.array() * y.array().log()).sum() / (6 * 7);
  ec::Trainer trainer{model, ec::CategoricalCrossEntropy{}, ec::Adam{}};
  CHECK(trainer.evaluate(x, t).loss == Approx(expected).epsilon(1e-12));
  // Where a second loss looks at the probabilities, it works on them.
  const auto both = ec::CategoricalCrossEntropy{} + ec::MeanSquaredError{};
  static_assert(!ec::Terms<Model::Chain, std::decay_t<decltype(both)>>::on_logits);
  CHECK(ec::check_model_gradient(model, both, x, t).error < 1e-6);
  CHECK(ec::Trainer{model, both, ec::Adam{}}.evaluate(x, t).terms[0] == Approx(expected).epsilon(1e-12));
}
