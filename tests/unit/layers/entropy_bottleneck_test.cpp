// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include "support/throws.hpp"
#include <eigencoder/files/code_file.hpp>
#include <eigencoder/layers/entropy_bottleneck.hpp>

namespace ec = eigencoder;
using layers::Index;
using layers::Matrix;

TEMPLATE_TEST_CASE("EntropyBottleneck: training adds noise of a unit's width, even and anew for every value", "", float,
                   double) {
  using T = TestType;
  constexpr ec::Shape shape = ec::image(20, 20, 2);
  StageRunner<ec::EntropyBottleneck, shape, T> run(ec::EntropyBottleneck{0.25});  // whatever the step of predictions is
  const Matrix<T> x = Matrix<T>::Zero(shape.size(), 100), y = run.forward(x);
  CHECK(y.minCoeff() >= T(-0.5));
  CHECK(y.maxCoeff() < T(0.5));
  const double n = static_cast<double>(y.size());
  CHECK(std::abs(static_cast<double>(y.mean())) < 5 * std::sqrt(1 / 12.0 / n));
  CHECK(std::abs(static_cast<double>(y.squaredNorm()) / n - 1 / 12.0) < 5 * std::sqrt(1 / 180.0 / n));  // Var u² = 1/80 − 1/144
  CHECK(run.forward(x) == y);
  const Matrix<T> far = layers::uniform<T>(shape.size(), 100, 1, 20, -10), moved = run.forward(far);
  CHECK((moved - far - y).cwiseAbs().maxCoeff() < 16 * std::numeric_limits<T>::epsilon());
  CHECK(run.forward_in_place(far) == moved);
  const Matrix<T> dy = layers::uniform<T>(shape.size(), 100, 2, 2, -1);
  CHECK(run.backward(far, moved, dy) == dy);
  CHECK(run.backward_in_place(far, moved, dy) == dy);
  CHECK(run.dtheta.cwiseAbs().maxCoeff() == 0);
}

TEMPLATE_TEST_CASE("EntropyBottleneck: predictions and evaluations are multiples of the step, those that a file gives back", "",
                   float, double) {
  using T = TestType;
  for (const double step : {0.1, 0.25, 1.0, 3.0}) {
    CAPTURE(step);
    StageRunner<ec::EntropyBottleneck, ec::features(13), T> run(ec::EntropyBottleneck{step});
    const Matrix<T> x = layers::uniform<T>(13, 101, 1, 20, -10), y = run.template forward<ec::Mode::predict>(x);
    CHECK(run.template forward<ec::Mode::evaluate>(x) == y);
    CHECK((y - x).cwiseAbs().maxCoeff() <= T(step) / 2 * (1 + 200 * std::numeric_limits<T>::epsilon()));
    CHECK(ec::dequantize<T>(ec::quantize(x, step), step) == y);
    CHECK(ec::quantize(y, step) == ec::quantize(x, step));
  }
  StageRunner<ec::EntropyBottleneck, ec::features(5), T> run;
  const Matrix<T> y = run.template forward<ec::Mode::predict>(Matrix<T>{{T(-1.5)}, {T(-0.5)}, {T(0.49)}, {T(0.5)}, {T(2.5)}});
  CHECK(y == Matrix<T>{{-1}, {0}, {0}, {1}, {3}});
}

TEST_CASE("EntropyBottleneck: finite differences under frozen draws") { layers::check_gradient(ec::EntropyBottleneck{}); }

TEST_CASE("EntropyBottleneck: a NaN stays where it is") {
  StageRunner<ec::EntropyBottleneck, ec::features(70), float> run;
  Matrix<float> x = Matrix<float>::Zero(70, 3);
  x(66, 1) = std::numeric_limits<float>::quiet_NaN();
  for (const Matrix<float>& y : {run.forward(x), run.forward<ec::Mode::predict>(x)}) {
    CHECK(std::isnan(y(66, 1)));
    CHECK(y.array().isNaN().count() == 1);
  }
}

TEST_CASE("EntropyBottleneck: steps out of range are refused") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  for (const double bad : {0.0, -1.0, 1e-31, 1e31, nan, infinite})  // not all of which a float can hold
    expect_error<ec::OptionError>([=] { ec::EntropyBottleneck{bad}; },
                                  {"EntropyBottleneck: step must be from 1e-30 to 1e30, found"});
  static_assert(ec::EntropyBottleneck{}.step == 1);
}
