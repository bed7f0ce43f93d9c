// SPDX-License-Identifier: MIT
#include "run_loss.hpp"
#include <eigencoder/losses/binary_cross_entropy.hpp>
#include <eigencoder/testing/gradient_check.hpp>

namespace ec = eigencoder;
using losses::Matrix;
using losses::run;

TEMPLATE_TEST_CASE("binary cross-entropy: PyTorch's values", "", float, double) {
  losses::check_golden<TestType>("binary_cross_entropy", ec::BinaryCrossEntropy{});
  losses::check_golden<TestType>("binary_cross_entropy_logits", ec::BinaryCrossEntropyOnLogits{});
}

TEMPLATE_TEST_CASE("binary cross-entropy: weight, accumulation, shards", "", float, double) {
  losses::check_contract<TestType>(ec::BinaryCrossEntropy{}, 0.05, 0.95);
  losses::check_contract<TestType>(ec::BinaryCrossEntropyOnLogits{}, -6, 6);
  losses::check_nan<TestType>(ec::BinaryCrossEntropy{});
  losses::check_nan<TestType>(ec::BinaryCrossEntropyOnLogits{});
}

TEST_CASE("binary cross-entropy: finite differences") {
  const auto check = [](const auto& loss, const ec::GradientCheckOptions& options) {
    const ec::GradientReport report = ec::check_loss_gradient(loss, 5, options);
    INFO(report.text());
    CHECK(report.error < 1e-6);
  };
  check(ec::BinaryCrossEntropy{}, {.low = 0.02, .high = 0.98, .difference = 1e-6});  // steep at both ends
  check(ec::BinaryCrossEntropy{}.on_logits(), {.low = -5, .high = 5});
}

TEST_CASE("binary cross-entropy: on logits it is that of the sigmoid, with its reduction and gradient") {
  for (const ec::Reduction reduction : {ec::Reduction::mean, ec::Reduction::sum}) {
    const ec::BinaryCrossEntropy loss{reduction};
    const Matrix<double> z = losses::uniform<double>(9, 4, 1, 16, -8), target = losses::uniform<double>(9, 4, 2, 1, 0);
    const Matrix<double> y = z.unaryExpr([](double v) { return 1 / (1 + std::exp(-v)); });
    const auto plain = run(loss, y, target), stable = run(loss.on_logits(), z, target);
    CHECK(std::abs(stable.value / plain.value - 1) < 1e-12);
    CHECK(losses::relative_error<double>(stable.gradient,
                                         plain.gradient.cwiseProduct(y).cwiseProduct((1 - y.array()).matrix())) < 1e-12);
  }
}

TEMPLATE_TEST_CASE("binary cross-entropy: huge logits give the limits, and no overflow", "", float, double) {
  using T = TestType;
  constexpr T most = std::numeric_limits<T>::max() / 2;
  const Matrix<T> z{{1000, 1000, 1000, -1000, -1000, -1000, most, -most}}, target{{0, T(0.25), 1, 0, T(0.25), 1, 1, 0}};
  const Matrix<T> values{{1000, 750, 0, 0, 250, 1000, 0, 0}}, gradients{{1, T(0.75), 0, 0, T(-0.25), -1, 0, 0}};
  for (Eigen::Index i = 0; i < z.cols(); ++i) {
    CAPTURE(z(i), target(i));
    const auto [value, gradient] = run<T>(ec::BinaryCrossEntropyOnLogits{}, z.col(i), target.col(i));
    CHECK(value == double{values(i)});
    CHECK(gradient(0) == gradients(i));
  }
}

TEST_CASE("binary cross-entropy: small values on logits keep their digits") {
  // log(1 + e⁻ᶻ) ≈ e⁻ᶻ, where 1 + e⁻ᶻ rounds to 1.
  const auto at = [](double z) {
    return run(ec::BinaryCrossEntropyOnLogits{}, Matrix<double>{{z}}, Matrix<double>{{1}}).value;
  };
  for (const double z : {20.0, 40.0, 200.0, 700.0}) CHECK(std::abs(at(z) / std::log1p(std::exp(-z)) - 1) < 1e-14);
}

TEST_CASE("binary cross-entropy: at and near 0 and 1 it is clamped as in Keras") {
  const nlohmann::json entry = golden::load("losses.json")["binary_cross_entropy_clamped"];
  const auto matrix = [&](const nlohmann::json& numbers) {
    const auto values = numbers.get<std::vector<double>>();
    return Matrix<double>(Eigen::Map<const Matrix<double>>(values.data(), entry["features"], entry["batch"]));
  };
  for (const auto& [reduction, expected] :
       {std::pair{ec::Reduction::mean, entry["mean"]}, {ec::Reduction::sum, entry["sum"]}}) {
    const auto [value, gradient] = run(ec::BinaryCrossEntropy{reduction}, matrix(entry["y"]), matrix(entry["t"]));
    CHECK(std::abs(value / expected["value"].get<double>() - 1) < 1e-12);
    CHECK(losses::relative_error<double>(gradient, matrix(expected["gradient"])) < 1e-12);
  }
}

TEST_CASE("binary cross-entropy: clamped in float too, where 1 − 10⁻⁷ is the float below 1") {
  const float least = 1e-7f, most = 1 - 1e-7f;
  for (const float target : {0.0f, 0.25f, 1.0f}) {
    for (const float y : {-1.0f, 0.0f, 1e-9f, 2e-7f, 0.5f, 0.999999f, 1.0f, 2.0f}) {
      CAPTURE(y, target);
      const double p = std::clamp(y, least, most), t = double{target};
      const double value = -(t * std::log(p) + (1 - t) * std::log(1 - p));
      const double slope = y < least || y > most ? 0 : (p - t) / (p * (1 - p));
      const auto found = run(ec::BinaryCrossEntropy{}, Matrix<float>{{y}}, Matrix<float>{{target}});
      CHECK(std::abs(found.value - value) <=
            1e-6 * std::abs(value) + double{std::numeric_limits<float>::epsilon()});  // 1 − y rounds
      CHECK(std::abs(double{found.gradient(0)} - slope) <= 1e-6 * std::abs(slope));
    }
  }
}

TEST_CASE("binary cross-entropy: a grey target has a least loss above 0, at y = t") {
  const Matrix<double> t{{0.3}};
  const auto [value, gradient] = run(ec::BinaryCrossEntropy{}, t, t);
  CHECK(gradient(0) == 0);
  CHECK(value > run(ec::BinaryCrossEntropy{}, Matrix<double>{{1.0}}, Matrix<double>{{1.0}}).value);
}
