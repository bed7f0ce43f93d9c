// SPDX-License-Identifier: MIT
#include <cmath>

#include "check_layer.hpp"
#include "support/throws.hpp"
#include <eigencoder/layers/activation.hpp>

namespace ec = eigencoder;
using layers::Index;
using layers::Matrix;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity(), not_a_number = std::numeric_limits<double>::quiet_NaN();

/// check(name in layers.json or "", activation, its equation, its value at −∞ and at ∞) for all of them: what is added here is
/// tested.
template <class Check>
void for_each_activation(Check check) {
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  const auto leaky = [](double slope) { return [=](double x) { return x > 0 ? x : slope * x; }; };
  const auto elu = [](double alpha) { return [=](double x) { return x > 0 ? x : alpha * std::expm1(x); }; };
  check(
      "", ec::Identity{}, [](double x) { return x; }, -infinite, infinite);
  check(
      "relu", ec::ReLU{}, [](double x) { return std::max(x, 0.0); }, 0, infinite);
  check("leaky_relu_0.1", ec::LeakyReLU{0.1}, leaky(0.1), -infinite, infinite);
  check("leaky_relu_0.3", ec::LeakyReLU{}, leaky(0.3), -infinite, infinite);  // Keras's slope is the default
  check("elu_1", ec::ELU{}, elu(1), -1, infinite);
  check("elu_0.5", ec::ELU{0.5}, elu(0.5), -0.5, infinite);
  check("sigmoid", ec::Sigmoid{}, sigmoid, 0, 1);
  check(
      "tanh", ec::Tanh{}, [](double x) { return std::tanh(x); }, -1, 1);
  check(
      "softsign", ec::Softsign{}, [](double x) { return x / (1 + std::abs(x)); }, -1, 1);
  check(
      "softplus", ec::Softplus{}, [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }, 0, infinite);
  check(
      "silu", ec::SiLU{}, [=](double x) { return x * sigmoid(x); }, not_a_number, infinite);
  check(
      "gelu", ec::GELU{}, [](double x) { return x * 0.5 * (1 + std::erf(x / std::sqrt(2.0))); }, not_a_number, infinite);
}

}  // namespace

TEMPLATE_TEST_CASE("activations: PyTorch's values, in place too", "", float, double) {
  const nlohmann::json golden = golden::load("layers.json")["activations"];
  for_each_activation([&](const std::string& name, const auto& layer, auto...) {
    INFO(name);
    if (!name.empty()) layers::check_golden<TestType, ec::features(7)>(golden[name], layer);
  });
}

TEST_CASE("activations: finite differences") {
  for_each_activation([](auto, const auto& layer, auto...) {
    for (const ec::Index batch : {1, 7}) {
      // Value by value: one shape that fills no packet does for all.
      const ec::GradientReport report =
          ec::check_layer_gradient<ec::image(5, 3)>(layer, {.batch = batch, .low = -4, .high = 4});
      CAPTURE(ec::type_name<std::decay_t<decltype(layer)>>(), batch, report.text());
      CHECK(report.error < 1e-6);
    }
  });
}

TEST_CASE("activations: on scalars they are their equations") {
  for_each_activation([]<class Layer>(auto, const Layer& layer, auto equation, auto...) {
    const double exact = std::derived_from<Layer, ec::PiecewiseLinear<Layer>> ? 0 : 1e-14;
    for (const double x : {-30.0, -3.0, -0.6, -0.01, -1e-9, 0.0, 1e-9, 0.01, 0.6, 3.0, 30.0}) {
      CAPTURE(ec::type_name<Layer>(), x);
      CHECK(std::abs(layer.apply(x) - equation(x)) <= exact * (std::abs(equation(x)) + 1e-286));
    }
  });
}

TEST_CASE("activations: derivative and curvature, taken from the output, are those of the equation") {
  for_each_activation([]<class Layer>(auto, const Layer& activation, auto...) {
    if constexpr (ec::Elementwise<Layer>) {
      constexpr double h = 1e-4;
      const auto y = [&](double x) { return activation.apply(x); };
      const auto derivative = [&](double x) { return activation.derivative(y(x)); };
      for (const double x : {-2.0, -0.7, -0.1, 0.1, 0.7, 2.0}) {
        CAPTURE(ec::type_name<Layer>(), x);
        CHECK(std::abs(derivative(x) - (y(x + h) - y(x - h)) / (2 * h)) < 1e-7);
        // d derivative / dx = curvature · dy / dx
        CHECK(std::abs(activation.curvature(y(x)) * derivative(x) - (derivative(x + h) - derivative(x - h)) / (2 * h)) < 1e-7);
      }
    }
  });
}

TEMPLATE_TEST_CASE("activations: infinities give the limits, and a NaN is handed on", "", float, double) {
  using T = TestType;
  const Matrix<T> ends = (Eigen::Vector3d() << -infinite, infinite, not_a_number).finished().cast<T>();
  for_each_activation([&]<class Layer>(auto, const Layer& layer, auto, double low, double high) {
    CAPTURE(ec::type_name<Layer>());
    const Matrix<T> y = StageRunner<Layer, ec::features(3), T>(layer).forward(ends);
    CHECK((y(0) == static_cast<T>(low) || (std::isnan(y(0)) && std::isnan(low))));
    CHECK(y(1) == static_cast<T>(high));
    CHECK(std::isnan(y(2)));
  });
}

TEST_CASE("activations: what has no value at a corner takes the slope of the left side") {
  CHECK(ec::ReLU{}.derivative(0.0) == 0);
  CHECK(ec::LeakyReLU{0.2}.derivative(0.0) == 0.2);
  CHECK(ec::ELU{0.5}.derivative(0.0) == 0.5);
}

TEST_CASE("activations: slopes that hide the sign of the input are refused") {
  CHECK(ec::LeakyReLU{0}.slope == 0);
  for (const auto& [bad, found] :
       {std::pair{-0.1, "found -0.1"}, {not_a_number, "nan"}, {infinite, "found inf"}, {-infinite, "found -inf"}}) {
    const double value = bad;  // clang 14 captures no structured binding
    expect_error<ec::OptionError>([=] { ec::LeakyReLU{value}; }, {"LeakyReLU: slope", "finite and not negative", found});
    expect_error<ec::OptionError>([=] { ec::ELU{value}; }, {"ELU: alpha", "finite and positive", found});
  }
  expect_error<ec::OptionError>([] { ec::ELU{0}; }, {"ELU: alpha", "positive", "found 0"});
  static_assert(ec::LeakyReLU{0.25}.slope == 0.25 && ec::ELU{2}.alpha == 2);
}

TEST_CASE("activations: which may be applied in a producer's store, and which stand for a sigmoid") {
  static_assert(ec::Elementwise<ec::Identity> && ec::Elementwise<ec::ReLU> && ec::Elementwise<ec::LeakyReLU>);
  static_assert(ec::Elementwise<ec::ELU> && ec::Elementwise<ec::Sigmoid> && ec::Elementwise<ec::Tanh> &&
                ec::Elementwise<ec::Softplus>);
  static_assert(!ec::Elementwise<ec::SiLU> &&
                !ec::Elementwise<ec::GELU>);  // their derivative needs x, which the store overwrites
  static_assert(ec::logits_of<ec::Sigmoid> == ec::Logits::logistic && ec::logits_of<ec::Tanh> == ec::Logits::none);
}
