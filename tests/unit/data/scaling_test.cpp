// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>
#include <span>
#include <vector>

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

TEST_CASE("Constant features are kept, and said", "[scaling]") {
  Eigen::MatrixXf x(4, 3);
  x << 7, 7, 7,  //
      1, 2, 3,   //
      0, 0, 0,   //
      1, 1, 1.0000001F;
  ec::Standardizer<float> scaler(x);
  ec::MinMaxScaler<float> other(x);
  CHECK(scaler.constant_features() == std::vector<ec::Index>{0, 2});
  CHECK(other.constant_features() == std::vector<ec::Index>{0, 2});
  Eigen::MatrixXf y = x;
  scaler.apply(y);
  CHECK(y.allFinite());
  CHECK(y.row(0).isZero(0));
  scaler.invert(y);
  CHECK(y.row(0) == x.row(0));
  scaler.fit(x.middleRows(1, 1));
  CHECK(scaler.constant_features().empty());
  CHECK(ec::Standardizer<float>(Eigen::MatrixXf::Random(3, 1)).constant_features().size() == 3);  // one sample
}

TEMPLATE_TEST_CASE("Channels of sequences have one scale over all their steps", "[scaling]", float, double) {
  using T = TestType;
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
  const T tolerance = 16 * std::numeric_limits<T>::epsilon();
  Matrix x(6, 3);  // two channels, three steps; the second channel is constant, and 99 is padding
  x << 1, 2, 3,    //
      5, 5, 5,     //
      9, 4, 99,    //
      5, 5, 99,    //
      99, 5, 99,   //
      99, 5, 99;
  const std::vector<ec::Index> lengths{2, 3, 1};
  const ec::Index* const none = nullptr;
  const Matrix steps = (Matrix(2, 6) << 1, 9, 2, 4, 5, 3, 5, 5, 5, 5, 5, 5).finished();

  ec::Standardizer<T> scaler;
  scaler.fit_channels(x, 2, lengths);
  const ec::Standardizer<T> same(steps);  // the same steps, as samples
  CHECK(scaler.mean() == same.mean());
  CHECK(scaler.deviation() == same.deviation());
  CHECK(scaler.mean()[0] == T(4));
  CHECK(std::abs(scaler.deviation()[0] - std::sqrt(T(20) / 3)) < 4 * tolerance);
  CHECK(scaler.constant_features() == std::vector<ec::Index>{1});

  Matrix y = x;
  scaler.apply_channels(y, lengths);
  CHECK(y(0, 0) == (1 - scaler.mean()[0]) / scaler.deviation()[0]);
  CHECK(y(2, 0) == (9 - scaler.mean()[0]) / scaler.deviation()[0]);
  CHECK(y(3, 1) == 0);
  CHECK((y.array() == 99).count() == 6);  // padding stays
  scaler.invert_channels(y, lengths);
  CHECK((y - x).cwiseAbs().maxCoeff() < 16 * tolerance);

  // Without lengths all steps count; a block of samples is scaled in place.
  ec::MinMaxScaler<T> other;
  other.fit_channels(x, 2, std::span(none, 0));
  CHECK(other.minimum() == Eigen::Matrix<T, 2, 1>(1, 5));
  CHECK(other.range() == Eigen::Matrix<T, 2, 1>(98, 94));
  y = x;
  other.apply_channels(y.rightCols(1));
  CHECK(y.leftCols(2) == x.leftCols(2));
  CHECK(y.col(2) == (Eigen::Matrix<T, 6, 1>() << T(2) / 98, 0, 1, 1, 1, 1).finished());
}

TEST_CASE("Channels and lengths that do not fit are refused", "[scaling]") {
  Eigen::MatrixXf x = Eigen::MatrixXf::Random(6, 3);
  ec::Standardizer<float> scaler;
  using Lengths = std::vector<ec::Index>;
  expect_error<ec::ShapeError>([&] { scaler.apply_channels(x); }, {"Standardizer::apply_channels", "knows no features yet"});
  expect_error<ec::OptionError>([&] { scaler.fit_channels(x, 0); }, {"a channel or more, found 0"});
  expect_error<ec::ShapeError>([&] { scaler.fit_channels(x, 4); }, {"a multiple of 4 rows", "found 6"});
  expect_error<ec::ShapeError>([&] { scaler.fit_channels(x.leftCols(0), 2); }, {"at least one sample"});
  expect_error<ec::ShapeError>([&] { scaler.fit_channels(x, 2, Lengths{3, 3}); }, {"as many lengths as samples, 3, found 2"});
  expect_error<ec::ShapeError>(
      [&] {
        scaler.fit_channels(x, 2, Lengths{3, 0, 3});
      },
      {"lengths from 1 to 3, found 0 for sample 1"});
  expect_error<ec::ShapeError>(
      [&] {
        scaler.fit_channels(x, 2, Lengths{3, 3, 4});
      },
      {"lengths from 1 to 3, found 4 for sample 2"});
  x(5, 1) = std::numeric_limits<float>::infinity();
  expect_error<ec::NonFiniteError>([&] { scaler.fit_channels(x, 2); }, {"found inf in channel 1, step 2 of sample 1"});
  CHECK(scaler.features() == 0);
  scaler.fit_channels(x, 2, Lengths{3, 2, 3});  // what is beyond a length need not be finite
  const Eigen::MatrixXf before = x;
  expect_error<ec::ShapeError>(
      [&] {
        scaler.apply_channels(x, Lengths{1, 2, -1});
      },
      {"apply_channels", "found -1 for sample 2"});
  expect_error<ec::ShapeError>([&] { scaler.invert_channels(x.topRows(5)); },
                               {"invert_channels", "a multiple of 2 rows", "found 5"});
  CHECK(x == before);
}
