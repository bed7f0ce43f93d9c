// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include "support/throws.hpp"
#include <eigencoder/layers/dropout.hpp>

namespace ec = eigencoder;
using layers::Index;
using layers::Matrix;

namespace {

/// Every value is 0 or x / (1 − rate); `groups` of values that fall together tell how often.
template <class T>
void check_share(const Matrix<T>& x, const Matrix<T>& y, double rate, double groups) {
  const T scale = T(1 / (1 - rate));
  CHECK((y.array() == 0 || y.array() == x.array() * scale).all());
  const double dropped = static_cast<double>((y.array() == 0).count()) / static_cast<double>(y.size());
  CHECK(std::abs(dropped - rate) <= 5 * std::sqrt(rate * (1 - rate) / groups));
}

template <class Layer, ec::Shape In, class T>
void check_passes(const Layer& layer, Index batch) {
  StageRunner<Layer, In, T> run(layer);
  const Matrix<T> x = layers::uniform<T>(In.size(), batch, 1, 1, 1), dy = layers::uniform<T>(In.size(), batch, 2, 1, 1);
  const Matrix<T> y = run.forward(x), dx = run.backward(x, y, dy);
  CHECK(((y.array() == 0) == (dx.array() == 0)).all());
  CHECK((dx.array() == 0 || dx.array() == dy.array() * T(1 / (1 - layer.rate))).all());
  CHECK(run.forward(x) == y);
  CHECK(run.forward_in_place(x) == y);
  CHECK(run.backward_in_place(x, y, dy) == dx);
}

}  // namespace

TEMPLATE_TEST_CASE("Dropout: drops values at its rate and scales the others", "", float, double) {
  using T = TestType;
  constexpr ec::Shape shape = ec::image(28, 28);
  const Matrix<T> x = layers::uniform<T>(shape.size(), 150, 1, 1, 1);
  for (const double rate : {0.0, 0.001, 0.2, 0.5, 0.9}) {
    CAPTURE(rate);
    check_share<T>(x, StageRunner<ec::Dropout, shape, T>(ec::Dropout{rate}).forward(x), rate, static_cast<double>(x.size()));
  }
  check_passes<ec::Dropout, ec::image(5, 3, 3), T>(ec::Dropout{0.3}, 7);
  check_passes<ec::Dropout, ec::features(1), T>(ec::Dropout{0.5}, 1);
}

TEMPLATE_TEST_CASE("SpatialDropout2D: drops channels of samples, in every pixel", "", float, double) {
  using T = TestType;
  const auto check = []<ec::Shape In>() {
    CAPTURE(ec::to_string(In));
    StageRunner<ec::SpatialDropout2D, In, T> run(ec::SpatialDropout2D{0.3});
    const Matrix<T> x = layers::uniform<T>(In.size(), 2000, 1, 1, 1), y = run.forward(x);
    check_share<T>(x, y, 0.3, static_cast<double>(In.channels * 2000));
    const Eigen::Map<const Matrix<T>> pixels(y.data(), In.channels, In.height * In.width * 2000);
    for (Index i = 0; i < pixels.cols(); ++i) {
      const Index first = i / (In.height * In.width) * (In.height * In.width);
      REQUIRE(((pixels.col(i).array() == 0) == (pixels.col(first).array() == 0)).all());
    }
    check_passes<ec::SpatialDropout2D, In, T>(ec::SpatialDropout2D{0.5}, 7);
  };
  check.template operator()<ec::image(3, 2)>();
  check.template operator()<ec::image(4, 5, 3)>();
  check.template operator()<ec::image(2, 3, 17)>();
  check.template operator()<ec::sequence(5, 32)>();
  check.template operator()<ec::features(33)>();
}

TEST_CASE("dropout: finite differences under a frozen mask") {
  layers::check_gradient(ec::Dropout{0.4});
  layers::check_gradient(ec::SpatialDropout2D{0.4});
}

TEST_CASE("dropout: a NaN that is dropped is gone, and one that is not stays where it is") {
  StageRunner<ec::Dropout, ec::features(200), float> run(ec::Dropout{0.5});
  const Matrix<float> y = run.forward(Matrix<float>::Ones(200, 2));
  Matrix<float> x = Matrix<float>::Ones(200, 2);
  x(7, 0) = x(8, 0) = x(9, 0) = x(10, 0) = std::numeric_limits<float>::quiet_NaN();
  const Matrix<float> spoilt = run.forward(x);
  for (Index i = 0; i < 200; ++i) CHECK(std::isnan(spoilt(i, 0)) == (std::isnan(x(i, 0)) && y(i, 0) != 0));
  CHECK(spoilt.col(1) == y.col(1));
}

TEST_CASE("dropout: rates out of range are refused") {
  for (const double bad : {-0.1, 1.0, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    expect_error<ec::OptionError>([=] { ec::Dropout{bad}; }, {"Dropout: rate", "in [0, 1)", "found"});
    expect_error<ec::OptionError>([=] { ec::SpatialDropout2D{bad}; }, {"SpatialDropout2D: rate", "in [0, 1)", "found"});
  }
  static_assert(ec::Dropout{0.25}.rate == 0.25 && ec::SpatialDropout2D{0}.rate == 0);
}
