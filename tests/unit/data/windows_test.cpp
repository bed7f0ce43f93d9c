// SPDX-License-Identifier: MIT
#include "eigencoder/data/windows.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "eigencoder/models/samples.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;

namespace {

/// Channel c of step t is 100 t + c.
Eigen::MatrixXd series_of(ec::Index channels, ec::Index steps) {
  return Eigen::MatrixXd::NullaryExpr(
      channels, steps, [](ec::Index c, ec::Index t) { return 100.0 * static_cast<double>(t) + static_cast<double>(c); });
}

void check_windows_of(const Eigen::MatrixXd& series, const ec::WindowOptions& options, ec::Index count) {
  INFO(series.rows() << " channels, " << series.cols() << " steps, length " << options.length << ", stride " << options.stride);
  const auto x = ec::windows(series, options);
  REQUIRE(x.rows() == series.rows() * options.length);
  REQUIRE(x.cols() == count);
  CHECK(x.data() == series.data());
  ec::Index right = 0;
  for (ec::Index i = 0; i < count; ++i)
    for (ec::Index t = 0; t < options.length; ++t)
      for (ec::Index c = 0; c < series.rows(); ++c) right += x(t * series.rows() + c, i) == series(c, i * options.stride + t);
  CHECK(right == x.size());
}

}  // namespace

TEST_CASE("Windows lie over their series without a copy", "[data]") {
  check_windows_of(series_of(1, 10), {.length = 4}, 7);
  check_windows_of(series_of(3, 10), {.length = 4, .stride = 1}, 7);
  check_windows_of(series_of(3, 10), {.length = 4, .stride = 3}, 3);
  check_windows_of(series_of(3, 11), {.length = 4, .stride = 4}, 2);   // the last three steps are in none
  check_windows_of(series_of(2, 11), {.length = 4, .stride = 7}, 2);   // steps between windows are in none
  check_windows_of(series_of(5, 7), {.length = 7, .stride = 100}, 1);  // the whole
  check_windows_of(series_of(5, 7), {.length = 1}, 7);

  constexpr ec::Index most = std::numeric_limits<ec::Index>::max();
  const Eigen::MatrixXd two = series_of(2, 3);
  CHECK(ec::windows(two, {.length = 2, .stride = most}) == two.leftCols(2).reshaped());
}

TEST_CASE("A series is whatever lies step behind step", "[data]") {
  const Eigen::MatrixXd series = series_of(2, 9);
  CHECK(ec::windows(series.middleCols(2, 5), {.length = 4}).col(1) == series.middleCols(3, 4).reshaped());
  const Eigen::Map<const Eigen::MatrixXd> map(series.data() + 2, 2, 8);
  CHECK(ec::windows(map, {.length = 3}).col(0) == series.middleCols(1, 3).reshaped());
  const Eigen::Ref<const Eigen::MatrixXd> reference = series;
  CHECK(ec::windows(reference, {.length = 3}).data() == series.data());

  Eigen::RowVectorXf row = Eigen::RowVectorXf::LinSpaced(6, 0, 5);  // row-major, as Eigen has it
  const auto x = ec::windows(row, {.length = 2, .stride = 2});
  CHECK(x == (Eigen::MatrixXf(2, 3) << 0, 2, 4, 1, 3, 5).finished());
  row[3] = 7;
  CHECK(x(1, 1) == 7);
  CHECK(ec::windows(row.tail(3), {.length = 3}) == Eigen::Vector3f(7, 4, 5));
  const Eigen::Matrix<std::uint8_t, 2, 3> bytes = (Eigen::Matrix<std::uint8_t, 2, 3>() << 1, 2, 3, 4, 5, 6).finished();
  CHECK(ec::windows(bytes, {.length = 2})(3, 1) == 6);
}

TEST_CASE("A model takes windows where they lie", "[data]") {
  const Eigen::MatrixXd series = series_of(2, 9);
  const ec::Samples<double> samples = ec::windows(series, {.length = 4, .stride = 2});
  REQUIRE(samples.rows() == 8);
  REQUIRE(samples.cols() == 3);
  CHECK(samples.column(2) == series.col(4).data());
  CHECK(samples.matrix() == ec::windows(series, {.length = 4, .stride = 2}));
}

TEST_CASE("Windows that do not fit are refused", "[data]") {
  const Eigen::MatrixXd series = series_of(2, 9);
  expect_error<ec::ShapeError>([&] { ec::windows(series, {.length = 10}); },
                               {"at least 10 steps", "found 2 channels of 9 steps"});
  expect_error<ec::ShapeError>([&] { ec::windows(Eigen::MatrixXd(0, 9).leftCols(9), {.length = 1}); },
                               {"found 0 channels of 9 steps"});
  const Eigen::MatrixXd none(3, 0);
  expect_error<ec::ShapeError>([&] { ec::windows(none, {.length = 1}); }, {"at least 1 steps", "3 channels of 0 steps"});
  for (const ec::Index wrong : {ec::Index{0}, ec::Index{-1}, std::numeric_limits<ec::Index>::min()}) {
    expect_error<ec::OptionError>([&] { ec::windows(series, {.length = wrong}); },
                                  {"a length of 1 step or more, found " + std::to_string(wrong)});
    expect_error<ec::OptionError>([&] { ec::windows(series, {.length = 2, .stride = wrong}); },
                                  {"a stride of 1 step or more, found "});
    expect_error<ec::OptionError>([&] { ec::overlap_mean(series, {.length = wrong}); }, {"a length of 1 step or more, found "});
  }
  expect_error<ec::OptionError>([&] { ec::windows(series, {.stride = 2}); }, {"a length of 1 step or more, found 0"});

  const std::string apart = "one step of 1 values after the other in memory, found";
  expect_error<ec::ShapeError>([&] { ec::windows(series.row(1), {.length = 2}); }, {apart, "2 from step to step", "copy it"});
  expect_error<ec::ShapeError>([&] { ec::windows(series.topRows(1), {.length = 2}); }, {apart, "2 from step to step"});
  const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows = series;
  expect_error<ec::ShapeError>([&] { ec::windows(rows, {.length = 2}); },
                               {"found 9 values from channel to channel and 1 from step to step"});
  CHECK(ec::windows(series.row(1).leftCols(1), {.length = 1})(0, 0) == 1.0);  // one value has no neighbours
}

TEST_CASE("The mean over windows gives a series back", "[data]") {
  for (const auto& [length, stride] : {std::pair<ec::Index, ec::Index>{4, 1}, {4, 2}, {5, 3}, {3, 3}, {1, 1}, {11, 1}}) {
    const ec::WindowOptions options{.length = length, .stride = stride};
    const Eigen::MatrixXd series = series_of(3, 11);
    const Eigen::MatrixXd back = ec::overlap_mean(ec::windows(series, options), options);
    REQUIRE(back.cols() == (11 - length) / stride * stride + length);
    CHECK(back.isApprox(series.leftCols(back.cols()), 1e-15));
  }
}

TEST_CASE("Errors of windows become scores of steps", "[data]") {
  // Three windows of three steps: step 2 is in all of them.
  const Eigen::MatrixXf errors = (Eigen::MatrixXf(3, 3) << 1, 4, 7, 2, 5, 8, 3, 6, 12).finished();
  CHECK(ec::overlap_mean(errors, {.length = 3}) == (Eigen::RowVectorXf(5) << 1, 3, 5, 7, 12).finished());
  CHECK(ec::overlap_mean(errors, {.length = 3, .stride = 2}) ==
        (Eigen::RowVectorXf(7) << 1, 2, 3.5F, 5, 6.5F, 8, 12).finished());
  CHECK(ec::overlap_mean(2 * errors, {.length = 3, .stride = 3}).reshaped() == 2 * errors.reshaped());

  expect_error<ec::OptionError>([&] { ec::overlap_mean(errors, {.length = 3, .stride = 4}); },
                                {"a stride of at most the length, 3, found 4", "steps without a window"});
  expect_error<ec::ShapeError>([&] { ec::overlap_mean(errors, {.length = 2}); }, {"windows of 2 steps", "found 3 × 3"});
  expect_error<ec::ShapeError>([&] { ec::overlap_mean(Eigen::MatrixXf(3, 0), {.length = 3}); }, {"found 3 × 0"});
}
