// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include "support/throws.hpp"
#include <eigencoder/layers/noise.hpp>

namespace ec = eigencoder;
using layers::Index;
using layers::Matrix;

TEMPLATE_TEST_CASE("GaussianNoise: adds normal noise of its deviation to every value, in place too", "", float, double) {
  using T = TestType;
  constexpr ec::Shape shape = ec::image(28, 28);
  StageRunner<ec::GaussianNoise, shape, T> run(ec::GaussianNoise{0.25});
  const Matrix<T> x = layers::uniform<T>(shape.size(), 200, 1, 1, 0), y = run.forward(x);
  const Matrix<double> noise = (y - x).template cast<double>();
  const double n = static_cast<double>(noise.size());
  CHECK(std::abs(noise.mean()) < 5 * 0.25 / std::sqrt(n));
  CHECK(std::abs(noise.squaredNorm() / n - 0.0625) < 5 * 0.0625 * std::sqrt(2 / n));
  CHECK(run.forward(x) == y);
  CHECK(run.forward_in_place(x) == y);
  const Matrix<T> dy = layers::uniform<T>(shape.size(), 200, 2, 2, -1);
  CHECK(run.backward(x, y, dy) == dy);
  CHECK(run.backward_in_place(x, y, dy) == dy);
}

TEMPLATE_TEST_CASE("GaussianNoise: a clip cuts values, and gradients where it does", "", float, double) {
  using T = TestType;
  constexpr ec::Shape shape = ec::image(9, 7, 3);
  StageRunner<ec::GaussianNoise, shape, T> plain(ec::GaussianNoise{0.5}), clipped(ec::GaussianNoise{0.5, ec::Clip{0, 1}});
  const Matrix<T> x = layers::uniform<T>(shape.size(), 7, 1, 1, 0), dy = layers::uniform<T>(shape.size(), 7, 2, 2, -1);
  const Matrix<T> noisy = plain.forward(x), y = clipped.forward(x);
  CHECK(y == noisy.cwiseMax(T(0)).cwiseMin(T(1)));
  const Matrix<T> inside = (noisy.array() > 0 && noisy.array() < 1).template cast<T>();
  CHECK(inside.sum() > 100);
  CHECK(inside.sum() < T(9 * 7 * 3 * 7 - 100));
  CHECK(clipped.backward(x, y, dy) == dy.cwiseProduct(inside));
}

TEST_CASE("GaussianNoise: finite differences under frozen draws") {
  layers::check_gradient(ec::GaussianNoise{0.3});
  layers::check_gradient(ec::GaussianNoise{0.3, ec::Clip{-0.5, 0.5}});
}

TEST_CASE("GaussianNoise: without deviation it clips and no more") {
  StageRunner<ec::GaussianNoise, ec::features(3), double> none(ec::GaussianNoise{0}), clip(ec::GaussianNoise{0, {0, 1}});
  const Matrix<double> x{{-0.5}, {0.25}, {7}};
  CHECK(none.forward(x) == x);
  CHECK(clip.forward(x) == Matrix<double>{{0}, {0.25}, {1}});
}

TEST_CASE("GaussianNoise: a NaN stays where it is") {
  StageRunner<ec::GaussianNoise, ec::features(70), float> run(ec::GaussianNoise{0.5, ec::Clip{0, 1}});
  Matrix<float> x = Matrix<float>::Zero(70, 3);
  x(66, 1) = std::numeric_limits<float>::quiet_NaN();
  const Matrix<float> y = run.forward(x);
  CHECK(std::isnan(y(66, 1)));
  CHECK(y.array().isNaN().count() == 1);
}

TEST_CASE("GaussianNoise: options out of range are refused") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  for (const double bad : {-0.1, nan, infinite}) {
    expect_error<ec::OptionError>([=] { ec::GaussianNoise{bad}; },
                                  {"GaussianNoise: sigma", "finite and not negative", "found"});
  }
  expect_error<ec::OptionError>([] { ec::GaussianNoise{-0.1}; }, {"found -0.1"});
  expect_error<ec::OptionError>([] { ec::Clip{1, 1}; }, {"Clip: low must be less than high", "found 1 and 1"});
  expect_error<ec::OptionError>([=] { ec::Clip{0, nan}; }, {"Clip: low", "nan"});
  static_assert(ec::GaussianNoise{0.5, ec::Clip{0, 1}}.clip.high == 1);
}
