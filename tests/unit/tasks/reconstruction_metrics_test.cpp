// SPDX-License-Identifier: MIT
#include <cstdint>
#include <limits>

#include "golden/golden.hpp"
#include "support/throws.hpp"
#include <eigencoder/tasks/structural_similarity.hpp>

namespace ec = eigencoder;

namespace {

const float not_a_number = std::numeric_limits<float>::quiet_NaN();

void check_near(const Eigen::VectorXd& found, const nlohmann::json& expected, double tolerance) {
  REQUIRE(static_cast<std::size_t>(found.size()) == expected.size());
  for (ec::Index i = 0; i < found.size(); ++i) {
    CHECK(std::abs(found[i] - expected[static_cast<std::size_t>(i)].get<double>()) <= tolerance);
  }
}

}  // namespace

TEST_CASE("metrics: errors, signal-to-noise ratios and similarities equal scikit-learn's and scikit-image's") {
  const nlohmann::json cases = golden::load("metrics.json")["reconstructions"];
  REQUIRE(cases.size() >= 3);
  for (const auto& [name, expected] : cases.items()) {
    INFO(name);
    const ec::Shape shape = ec::image(expected["shape"][0], expected["shape"][1], expected["shape"][2]);
    const double range = expected["data_range"];
    Eigen::MatrixXd x(shape.size(), expected["images"].get<ec::Index>()), y = x;
    golden::fill(1, 1, 0, x);
    golden::fill(2, 1, 0, y);
    y = range * (0.7 * x + 0.3 * y);
    x *= range;
    ec::SimilarityOptions options{.window = expected["window"]};
    if (options.window == 0) options = {.gaussian_weights = true};

    CHECK(std::abs(ec::mean_squared_error(x, y) - expected["mean_squared_error"].get<double>()) < 1e-12 * range * range);
    CHECK(std::abs(ec::mean_absolute_error(x, y) - expected["mean_absolute_error"].get<double>()) < 1e-12 * range);
    check_near(ec::peak_signal_noise_ratio(x, y, range), expected["psnr"], 1e-11);
    check_near(ec::structural_similarity(x, y, shape, range, options), expected["ssim"], 1e-11);

    const Eigen::MatrixXf single = x.cast<float>();
    check_near(ec::structural_similarity(single, y.cast<float>(), shape, range, options), expected["ssim"], 1e-5);
    check_near(ec::peak_signal_noise_ratio(single, y, range), expected["psnr"], 1e-4);
  }
}

TEST_CASE("metrics: errors of values worked by hand, of any expression") {
  const Eigen::Matrix2f x{{1, 2}, {3, 4}}, y{{1, 4}, {0, 4}};
  CHECK(ec::mean_squared_error(x, y) == Approx(13 / 4.0));
  CHECK(ec::mean_absolute_error(x, y) == Approx(5 / 4.0));
  CHECK(ec::mean_squared_error(2 * x, (x + x).eval()) == 0);
  CHECK(ec::mean_absolute_error(x.col(0), y.col(0)) == Approx(1.5));
  CHECK(ec::mean_squared_error(x.array(), y.cast<double>() * Eigen::Matrix2d::Identity()) == Approx(13 / 4.0));
  const Eigen::Matrix<float, -1, -1, Eigen::RowMajor> rows = y;
  CHECK(ec::mean_squared_error(x, rows) == Approx(13 / 4.0));

  // 10 log₁₀(1² / 0.01), and twice as far is 20 log₁₀ 2 less
  const Eigen::MatrixXd zero = Eigen::MatrixXd::Zero(5, 3);
  Eigen::MatrixXd other = Eigen::MatrixXd::Constant(5, 3, 0.1);
  other.col(1) *= 2;
  other.col(2).setZero();
  const Eigen::VectorXd ratios = ec::peak_signal_noise_ratio(zero, other, 1);
  CHECK(ratios[0] == Approx(20));
  CHECK(ratios[1] == Approx(20 - 20 * std::log10(2)));
  CHECK(ratios[2] == std::numeric_limits<double>::infinity());
  CHECK(ec::peak_signal_noise_ratio(zero, other, 255)[0] == Approx(20 + 20 * std::log10(255)));
}

TEST_CASE("metrics: bytes stand for their 255ths") {
  const Eigen::Matrix<std::uint8_t, -1, -1> bytes = Eigen::Matrix<std::uint8_t, -1, -1>::Constant(49, 2, 51);
  const Eigen::MatrixXf values = Eigen::MatrixXf::Constant(49, 2, 0.2F);
  CHECK(ec::mean_squared_error(bytes, values) < 1e-14);
  CHECK(ec::mean_absolute_error(bytes, Eigen::MatrixXf::Zero(49, 2)) == Approx(0.2));
  CHECK(ec::structural_similarity(bytes, values, ec::image(7, 7), 1)[0] == Approx(1));
}

TEST_CASE("structural_similarity: what the equation says of simple images") {
  const ec::Shape shape = ec::image(9, 11, 2);
  Eigen::MatrixXd x(shape.size(), 2);
  golden::fill(4, 1, 0, x);
  CHECK((ec::structural_similarity(x, x, shape, 1).array() - 1).abs().maxCoeff() < 1e-14);

  // Of constant images the means alone are left.
  const Eigen::MatrixXd dark = Eigen::MatrixXd::Constant(shape.size(), 1, 0.25), light = 3 * dark;
  const double C1 = 1e-4, expected = (2 * 0.25 * 0.75 + C1) / (0.25 * 0.25 + 0.75 * 0.75 + C1);
  CHECK(ec::structural_similarity(dark, light, shape, 1)[0] == Approx(expected));
  CHECK(ec::structural_similarity(dark, light, shape, 1, {.gaussian_weights = true, .sigma = 1})[0] == Approx(expected));

  // Symmetric, and the same for all in other units.
  const Eigen::MatrixXd y = 0.5 * x + 0.5 * x.rowwise().reverse();
  const Eigen::VectorXd similarity = ec::structural_similarity(x, y, shape, 1);
  CHECK((similarity - ec::structural_similarity(y, x, shape, 1)).norm() < 1e-14);
  CHECK((similarity - ec::structural_similarity(255 * x, 255 * y, shape, 255)).norm() < 1e-12);
  CHECK(similarity.maxCoeff() < 1);

  // A channel is judged alone: one that is equal and one that is not.
  Eigen::MatrixXd half = dark;
  for (ec::Index i = 1; i < half.rows(); i += 2) half(i, 0) = 0.75;
  CHECK(ec::structural_similarity(dark, half, shape, 1)[0] == Approx((1 + expected) / 2));
}

TEST_CASE("metrics of reconstructions: bad input is refused") {
  Eigen::MatrixXf x = Eigen::MatrixXf::Random(48, 3);
  const Eigen::MatrixXf y = x;
  const ec::Shape shape = ec::image(6, 8);
  expect_error<ec::ShapeError>([&] { ec::mean_squared_error(x, y.leftCols(2)); }, {"mean_squared_error", "48 × 3", "48 × 2"});
  expect_error<ec::ShapeError>([&] { ec::mean_absolute_error(x.topRows(0), y.topRows(0)); }, {"at least one", "0 × 3"});
  expect_error<ec::OptionError>([&] { ec::peak_signal_noise_ratio(x, y, 0); }, {"data_range above 0", "found 0"});
  expect_error<ec::OptionError>([&] { ec::peak_signal_noise_ratio(x, y, std::numeric_limits<double>::quiet_NaN()); }, {"nan"});
  expect_error<ec::OptionError>([&] { ec::structural_similarity(x, y, shape, -1); }, {"data_range", "found -1"});
  expect_error<ec::ShapeError>([&] { ec::structural_similarity(x, y, shape, 1); },
                               {"at least 7 × 7", "6 × 8", "smaller window"});
  expect_error<ec::ShapeError>([&] { ec::structural_similarity(x, y, shape, 1, {.gaussian_weights = true}); },
                               {"11 × 11", "smaller sigma"});
  expect_error<ec::ShapeError>([&] { ec::structural_similarity(x, y, ec::image(7, 7), 1); },
                               {"49 rows", "(7, 7, 1)", "found 48"});
  expect_error<ec::OptionError>([&] { ec::structural_similarity(x, y, shape, 1, {.window = 4}); }, {"odd", "found 4"});
  expect_error<ec::OptionError>([&] { ec::structural_similarity(x, y, shape, 1, {.window = -5}); }, {"found -5"});
  expect_error<ec::OptionError>([&] { ec::structural_similarity(x, y, shape, 1, {.sigma = 1e300}); }, {"sigma", "1e+300"});
  x(4, 2) = not_a_number;
  expect_error<ec::NonFiniteError>([&] { ec::mean_squared_error(y, x); }, {"found nan in row 4 of output 2"});
  expect_error<ec::NonFiniteError>([&] { ec::structural_similarity(x, y, shape, 1, {.window = 3}); }, {"row 4 of target 2"});
}
