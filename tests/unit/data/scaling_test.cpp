// SPDX-License-Identifier: MIT
#include <limits>

#include "support/throws.hpp"
#include <eigencoder/data/scaling.hpp>

namespace ec = eigencoder;

TEMPLATE_TEST_CASE("Standardizer gives every feature mean 0 and deviation 1, and gives back what it took", "[scaling]", float,
                   double) {
  using T = TestType;
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
  const T tolerance = 16 * std::numeric_limits<T>::epsilon();
  Matrix x(3, 4);
  x << 1, 2, 3, 6,   //
      -4, 4, -4, 4,  //
      7, 7, 7, 7;
  const ec::Standardizer<T> scaler(x);
  // Mean 3, variance (4 + 1 + 0 + 9) / 4; mean 0, variance 16; a constant.
  CHECK(scaler.mean()[0] == T(3));
  CHECK(scaler.deviation()[0] == static_cast<T>(std::sqrt(3.5)));
  CHECK(scaler.mean()[1] == T(0));
  CHECK(scaler.deviation()[1] == T(4));
  CHECK(scaler.mean()[2] == T(7));
  CHECK(scaler.deviation()[2] == T(1));

  Matrix y = x;
  scaler.apply(y);
  CHECK((y.rowwise().mean().array().abs() < tolerance).all());
  CHECK(std::abs(y.row(0).squaredNorm() / 4 - 1) < tolerance);
  CHECK(y.row(1).cwiseAbs() == Matrix::Ones(1, 4));
  CHECK(y.row(2) == Matrix::Zero(1, 4));
  scaler.invert(y);
  CHECK((y - x).cwiseAbs().maxCoeff() < 7 * tolerance);

  // Of a block, in place: a sample that it was not fitted to.
  Matrix more = Matrix::Constant(3, 2, 10);
  scaler.apply(more.rightCols(1));
  CHECK(more(0, 0) == T(10));
  CHECK(more(2, 1) == T(3));
}

TEST_CASE("A constant feature stays constant where its mean has no exact sum", "[scaling]") {
  // 0.1f added a thousand times and divided is not 0.1f; a deviation of rounding errors would blow them up.
  const Eigen::MatrixXf x = Eigen::MatrixXf::Constant(1, 1000, 0.1F);
  const ec::Standardizer scaler(x);
  static_assert(std::is_same_v<decltype(scaler), const ec::Standardizer<float>>);
  CHECK(scaler.mean()[0] == 0.1F);
  CHECK(scaler.deviation()[0] == 1.0F);
  Eigen::MatrixXf y = x;
  scaler.apply(y);
  CHECK(y.isZero(0));
}

TEST_CASE("Standardizer keeps a deviation that is small beside the mean", "[scaling]") {
  Eigen::MatrixXd x(1, 2);
  x << 1e8 - 1e-3, 1e8 + 1e-3;
  CHECK(std::abs(ec::Standardizer<double>(x).deviation()[0] / 1e-3 - 1) < 1e-4);  // the values themselves have 1.5e-8
}

TEMPLATE_TEST_CASE("MinMaxScaler brings every feature to [0, 1], and gives back what it took", "[scaling]", float, double) {
  using T = TestType;
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
  Matrix x(2, 3);
  x << -2, 0, 6,  //
      5, 5, 5;
  ec::MinMaxScaler<T> scaler(x);
  CHECK(scaler.minimum()[0] == T(-2));
  CHECK(scaler.range()[0] == T(8));
  CHECK(scaler.range()[1] == T(1));
  Matrix y = x, expected(2, 3);
  scaler.apply(y);
  expected << 0, 0.25, 1,  //
      0, 0, 0;
  CHECK(y == expected);
  scaler.invert(y);
  CHECK(y == x);
  Matrix beyond = Matrix::Constant(2, 1, 14);
  scaler.apply(beyond);
  CHECK(beyond(0, 0) == T(2));  // nothing is cut

  scaler.fit(Matrix::Identity(1, 4));
  CHECK(scaler.features() == 1);
}

TEST_CASE("Scalers refuse what they cannot take, and stay what they were", "[scaling]") {
  Eigen::MatrixXf x = Eigen::MatrixXf::Random(2, 3);
  ec::Standardizer<float> scaler;
  ec::MinMaxScaler<float> other;
  expect_error<ec::ShapeError>([&] { scaler.apply(x); }, {"Standardizer::apply", "knows no features yet"});
  expect_error<ec::ShapeError>([&] { other.invert(x); }, {"MinMaxScaler::invert", "knows no features yet"});
  scaler.fit(x);
  other.fit(x);
  const Eigen::VectorXf mean = scaler.mean(), range = other.range();
  Eigen::MatrixXf rows = Eigen::MatrixXf::Zero(5, 3);
  expect_error<ec::ShapeError>([&] { scaler.apply(rows); }, {"expected 2 rows", "found 5"});
  expect_error<ec::ShapeError>([&] { scaler.fit(Eigen::MatrixXf(2, 0)); }, {"at least one sample", "2 × 0"});
  expect_error<ec::ShapeError>([&] { other.fit(Eigen::MatrixXf(0, 2)); }, {"at least one sample", "0 × 2"});
  x(1, 2) = std::numeric_limits<float>::quiet_NaN();
  expect_error<ec::NonFiniteError>([&] { scaler.fit(x); }, {"found nan", "feature 1 of sample 2"});
  expect_error<ec::NonFiniteError>([&] { other.fit(x); }, {"found nan", "feature 1 of sample 2"});
  x(1, 2) = 3e38F;
  x(1, 1) = -3e38F;
  expect_error<ec::OptionError>([&] { other.fit(x); }, {"feature 1", "cannot hold"});
  CHECK(scaler.mean() == mean);
  CHECK(other.range() == range);

  scaler.for_each_part([](std::string_view name, Eigen::VectorXf& part) {
    if (name == "deviation") part[1] = 0;
  });
  expect_error<ec::NonFiniteError>([&] { scaler.check_parts(); }, {"positive deviation", "feature 1"});
  scaler.for_each_part([](std::string_view name, Eigen::VectorXf& part) {
    if (name == "mean") part.resize(1);
  });
  expect_error<ec::ShapeError>([&] { scaler.check_parts(); }, {"as many values of deviation as of mean", "2 and 1"});
}
