// SPDX-License-Identifier: MIT
#include <cmath>

#include "check_layer.hpp"
#include "support/throws.hpp"
#include <eigencoder/layers/activation.hpp>

namespace ec = eigencoder;
using layers::Index;
using layers::Matrix;

TEMPLATE_TEST_CASE("activations: PyTorch's values, in place too", "", float, double) {
  const nlohmann::json golden = golden::load("layers.json")["activations"];
  const auto check = [&](const char* name, const auto& layer) {
    INFO(name);
    layers::check_golden<TestType, ec::features(7)>(golden[name], layer);
  };
  check("relu", ec::ReLU{});
  check("leaky_relu_0.1", ec::LeakyReLU{0.1});
  check("leaky_relu_0.3", ec::LeakyReLU{});  // Keras's slope is the default
  check("elu_1", ec::ELU{});
  check("elu_0.5", ec::ELU{0.5});
  check("sigmoid", ec::Sigmoid{});
  check("tanh", ec::Tanh{});
  check("softplus", ec::Softplus{});
  check("silu", ec::SiLU{});
  check("gelu", ec::GELU{});
}

TEST_CASE("activations: finite differences") {
  const auto check = [](const auto& layer) {
    for (const ec::Index batch : {1, 7}) {
      // Value by value: one shape that fills no packet does for all.
      const ec::GradientReport report =
          ec::check_layer_gradient<ec::image(5, 3)>(layer, {.batch = batch, .low = -4, .high = 4});
      CAPTURE(ec::type_name<std::decay_t<decltype(layer)>>(), batch, report.text());
      CHECK(report.error < 1e-6);
    }
  };
  check(ec::Identity{});
  check(ec::ReLU{});
  check(ec::LeakyReLU{0.1});
  check(ec::ELU{0.7});
  check(ec::Sigmoid{});
  check(ec::Tanh{});
  check(ec::Softplus{});
  check(ec::SiLU{});
  check(ec::GELU{});
}

TEST_CASE("activations: on scalars they are their equations") {
  const auto close = [](double found, double expected) {
    return std::abs(found - expected) <= 1e-14 * std::abs(expected) + 1e-300;
  };
  for (const double x : {-30.0, -3.0, -0.6, -0.01, -1e-9, 0.0, 1e-9, 0.01, 0.6, 3.0, 30.0}) {
    CAPTURE(x);
    const double sigmoid = 1 / (1 + std::exp(-x));
    CHECK(ec::Identity{}.apply(x) == x);
    CHECK(ec::ReLU{}.apply(x) == std::max(x, 0.0));
    CHECK(ec::LeakyReLU{0.2}.apply(x) == (x > 0 ? x : 0.2 * x));
    CHECK(close(ec::ELU{1.5}.apply(x), x > 0 ? x : 1.5 * std::expm1(x)));
    CHECK(close(ec::Sigmoid{}.apply(x), sigmoid));
    CHECK(close(ec::Tanh{}.apply(x), std::tanh(x)));
    CHECK(close(ec::Softplus{}.apply(x), std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)))));
    CHECK(close(ec::SiLU{}.apply(x), x * sigmoid));
    CHECK(close(ec::GELU{}.apply(x), x * 0.5 * (1 + std::erf(x / std::sqrt(2.0)))));
  }
}

TEST_CASE("activations: derivative and curvature, taken from the output, are those of the equation") {
  const auto check = [](const auto& activation) {
    constexpr double h = 1e-4;
    const auto y = [&](double x) { return activation.apply(x); };
    const auto derivative = [&](double x) { return activation.derivative(y(x)); };
    for (const double x : {-2.0, -0.7, -0.1, 0.1, 0.7, 2.0}) {
      CAPTURE(ec::type_name<std::decay_t<decltype(activation)>>(), x);
      CHECK(std::abs(derivative(x) - (y(x + h) - y(x - h)) / (2 * h)) < 1e-7);
      // d derivative / dx = curvature · dy / dx
      CHECK(std::abs(activation.curvature(y(x)) * derivative(x) - (derivative(x + h) - derivative(x - h)) / (2 * h)) < 1e-7);
    }
  };
  check(ec::Identity{});
  check(ec::ReLU{});
  check(ec::LeakyReLU{0.2});
  check(ec::ELU{0.8});
  check(ec::Sigmoid{});
  check(ec::Tanh{});
  check(ec::Softplus{});
}

TEMPLATE_TEST_CASE("activations: infinities give the limits, and a NaN is handed on", "", float, double) {
  using T = TestType;
  constexpr T infinite = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const Matrix<T> ends{{-infinite}, {infinite}, {nan}};
  const auto check = [&](const auto& layer, T low, T high) {
    CAPTURE(ec::type_name<std::decay_t<decltype(layer)>>());
    const Matrix<T> y = StageRunner<std::decay_t<decltype(layer)>, ec::features(3), T>(layer).forward(ends);
    CHECK(y(0) == low);
    CHECK(y(1) == high);
    CHECK(std::isnan(y(2)));
  };
  check(ec::Identity{}, -infinite, infinite);
  check(ec::ReLU{}, 0, infinite);
  check(ec::LeakyReLU{}, -infinite, infinite);
  check(ec::ELU{0.5}, T(-0.5), infinite);
  check(ec::Sigmoid{}, 0, 1);
  check(ec::Tanh{}, -1, 1);
  check(ec::Softplus{}, 0, infinite);
}

TEST_CASE("activations: what has no value at a corner takes the slope of the left side") {
  CHECK(ec::ReLU{}.derivative(0.0) == 0);
  CHECK(ec::LeakyReLU{0.2}.derivative(0.0) == 0.2);
  CHECK(ec::ELU{0.5}.derivative(0.0) == 0.5);
}

TEST_CASE("activations: slopes that hide the sign of the input are refused") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  CHECK(ec::LeakyReLU{0}.slope == 0);
  for (const auto& [bad, found] :
       {std::pair{-0.1, "found -0.1"}, {nan, "nan"}, {infinite, "found inf"}, {-infinite, "found -inf"}}) {
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
  static_assert(ec::Logistic<ec::Sigmoid> && !ec::Logistic<ec::Tanh>);
}
