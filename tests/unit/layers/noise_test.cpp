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

namespace {

/// Values of the samples are hit with the layer's rate, the same in forward, in backward and in place.
template <class T, ec::Shape In, class Layer, class Hit>
void check_hits(const Layer& layer, Index batch, Hit hit) {
  StageRunner<Layer, In, T> run(layer);
  const Matrix<T> x = layers::uniform<T>(In.size(), batch, 1, T(0.5), T(0.25)),
                  dy = layers::uniform<T>(In.size(), batch, 2, 1, 1);
  const Matrix<T> y = run.forward(x), dx = run.backward(x, y, dy);
  const auto kept = (y.array() == x.array()).eval();
  CHECK((kept || y.array().unaryExpr(hit) == T(1)).all());
  const double share = static_cast<double>((!kept).count()) / static_cast<double>(y.size());
  CHECK(std::abs(share - layer.rate) <= 5 * std::sqrt(layer.rate * (1 - layer.rate) / static_cast<double>(y.size())));
  CHECK((dx.array() == kept.select(dy.array(), T(0))).all());
  CHECK(run.forward(x) == y);
  CHECK(run.forward_in_place(x) == y);
  CHECK(run.backward_in_place(x, y, dy) == dx);
}

}  // namespace

TEMPLATE_TEST_CASE("MaskingNoise: zeros at its rate, the rest unscaled", "", float, double) {
  using T = TestType;
  const auto zero = [](T v) { return T(v == 0); };
  for (const double rate : {0.0, 0.001, 0.25, 0.9}) {
    check_hits<T, ec::image(28, 28)>(ec::MaskingNoise{rate}, 100, zero);
    check_hits<T, ec::image(5, 3, 3)>(ec::MaskingNoise{rate}, 7, zero);
    check_hits<T, ec::features(1)>(ec::MaskingNoise{rate}, 1, zero);
  }
}

TEMPLATE_TEST_CASE("SaltAndPepperNoise: half of what it hits is salt", "", float, double) {
  using T = TestType;
  for (const double rate : {0.0, 0.001, 0.25, 0.9}) {
    check_hits<T, ec::image(28, 28)>(ec::SaltAndPepperNoise{rate}, 100, [](T v) { return T(v == 0 || v == 1); });
    check_hits<T, ec::image(5, 3, 3)>(ec::SaltAndPepperNoise{rate, -2, 3}, 7, [](T v) { return T(v == -2 || v == 3); });
  }
  StageRunner<ec::SaltAndPepperNoise, ec::image(28, 28), T> run(ec::SaltAndPepperNoise{0.5, -2, 3});
  const Matrix<T> y = run.forward(Matrix<T>::Zero(784, 100));
  const double n = 78400;
  for (const T value : {T(-2), T(3)}) {
    CHECK(std::abs(static_cast<double>((y.array() == value).count()) / n - 0.25) < 5 * std::sqrt(0.25 * 0.75 / n));
  }
}

TEST_CASE("masking and salt-and-pepper noise: finite differences under frozen draws") {
  layers::check_gradient(ec::MaskingNoise{0.4});
  layers::check_gradient(ec::SaltAndPepperNoise{0.4});
}

TEST_CASE("masking and salt-and-pepper noise: a NaN that is hit is gone, and one that is not stays where it is") {
  const auto check = [](const auto& layer) {
    StageRunner<std::decay_t<decltype(layer)>, ec::features(200), float> run(layer);
    Matrix<float> x = Matrix<float>::Constant(200, 2, 0.5F);
    const Matrix<float> y = run.forward(x);
    x.col(0).segment(7, 9).setConstant(std::numeric_limits<float>::quiet_NaN());
    const Matrix<float> spoilt = run.forward(x);
    for (Index i = 0; i < 200; ++i) CHECK(std::isnan(spoilt(i, 0)) == (std::isnan(x(i, 0)) && y(i, 0) == 0.5F));
    CHECK(spoilt.col(1) == y.col(1));
  };
  check(ec::MaskingNoise{0.5});
  check(ec::SaltAndPepperNoise{0.5});
}

TEST_CASE("masking and salt-and-pepper noise: options out of range are refused") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double bad : {-0.1, 1.0, 1.5, nan}) {
    expect_error<ec::OptionError>([=] { ec::MaskingNoise{bad}; }, {"MaskingNoise: rate", "in [0, 1)", "found"});
    expect_error<ec::OptionError>([=] { ec::SaltAndPepperNoise{bad}; }, {"SaltAndPepperNoise: rate", "in [0, 1)", "found"});
  }
  expect_error<ec::OptionError>(
      [=] {
        ec::SaltAndPepperNoise{0.1, nan};
      },
      {"SaltAndPepperNoise: pepper", "finite", "nan and 1"});
  static_assert(ec::MaskingNoise{0.25}.rate == 0.25 && ec::SaltAndPepperNoise{0}.salt == 1);
}
