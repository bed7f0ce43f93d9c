// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/throws.hpp"
#include <eigencoder/tasks/hole_metrics.hpp>

namespace ec = eigencoder;
using ec::Index;
using Eigen::MatrixXd, Eigen::MatrixXf;

TEST_CASE("PSNR of the hole: by the errors of all hidden values, by hand") {
  constexpr ec::Shape in = ec::image(1, 3, 2);
  const MatrixXd target{{1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}, {6, 0}}, output{{9, 0}, {9, 0}, {3, 7}, {2, 7}, {6, 0}, {6, 0}};
  const MatrixXf masks{{0, 1}, {1, 0}, {1, 0}};  // errors 0, 2, 1, 0 and 0, 0
  CHECK(ec::hole_mean_squared_error(target, output, masks, in) == 5.0 / 6);
  CHECK(std::abs(ec::hole_peak_signal_noise_ratio(target, output, masks, in, 10) - 10 * std::log10(100 * 6 / 5.0)) < 1e-12);
  CHECK(ec::hole_peak_signal_noise_ratio(target, target, masks, in, 1) == std::numeric_limits<double>::infinity());
}

TEST_CASE("metrics of the hole: where all is hidden they are those of the images") {
  constexpr ec::Shape in = ec::image(10, 13, 2);
  const MatrixXd a = (MatrixXd::Random(in.size(), 7).array() + 1) / 2,
                 b = (a + 0.2 * MatrixXd::Random(in.size(), 7)).cwiseAbs();
  const MatrixXd masks = MatrixXd::Ones(130, 7);
  CHECK(std::abs(ec::hole_mean_squared_error(a, b, masks, in) - ec::mean_squared_error(a, b)) < 1e-15);
  CHECK(std::abs(ec::hole_structural_similarity(a, b, masks, in, 1) - ec::structural_similarity(a, b, in, 1).mean()) < 1e-14);
}

TEST_CASE("SSIM of the hole: the windows around hidden pixels, each cut out by itself") {
  constexpr ec::Shape in = ec::image(10, 13, 2), window = ec::image(7, 7, 2);
  const MatrixXd a = (MatrixXd::Random(in.size(), 5).array() + 1) / 2,
                 b = (a + 0.3 * MatrixXd::Random(in.size(), 5)).cwiseAbs();
  const MatrixXd masks = ec::random_masks<double>({.kind = ec::MaskKind::pixels, .rate = 0.3}, in, 5, ec::Seed{1});
  double sum = 0, count = 0;
  const auto cut = [&](const MatrixXd& images, Index j, Index y, Index x) {
    MatrixXd part(window.size(), 1);
    for (Index i = 0; i < 7; ++i) part.middleRows(i * 14, 14) = images.col(j).segment(((y + i - 3) * 13 + x - 3) * 2, 14);
    return part;
  };
  for (Index j = 0; j < 5; ++j) {
    for (Index y = 3; y < 7; ++y) {
      for (Index x = 3; x < 10; ++x) {
        if (masks(y * 13 + x, j) == 0) continue;
        sum += ec::structural_similarity(cut(a, j, y, x), cut(b, j, y, x), window, 1)[0];
        ++count;
      }
    }
  }
  REQUIRE(count > 10);
  CHECK(std::abs(ec::hole_structural_similarity(a, b, masks, in, 1) - sum / count) < 1e-12);
}

TEST_CASE("metrics of the hole: nothing hidden, and masks of another size, are refused") {
  constexpr ec::Shape in = ec::image(9, 9);
  const MatrixXf x = MatrixXf::Zero(81, 3), none = MatrixXf::Zero(81, 3);
  expect_error<ec::ShapeError>([&] { ec::hole_peak_signal_noise_ratio(x, x, none, in, 1); },
                               {"expected masks that hide at least one pixel, found none hidden in 3 samples"});
  MatrixXf corner = none;
  corner(0, 1) = 1;
  CHECK(ec::hole_mean_squared_error(x, x, corner, in) == 0);
  expect_error<ec::ShapeError>([&] { ec::hole_structural_similarity(x, x, corner, in, 1); },
                               {"hide the centre of at least one window"});
  expect_error<ec::ShapeError>([&] { ec::hole_mean_squared_error(x, x, none.leftCols(2), in); },
                               {"expected masks of 81 × 3", "found 81 × 2"});
  expect_error<ec::ShapeError>([&] { ec::hole_structural_similarity(x, x, none.topRows(80), in, 1); },
                               {"expected masks of 81 × 3", "found 80 × 3"});
  expect_error<ec::ShapeError>([&] { ec::hole_mean_squared_error(x, x.leftCols(2), none, in); },
                               {"same size", "81 × 3 and 81 × 2"});
  expect_error<ec::OptionError>([&] { ec::hole_peak_signal_noise_ratio(x, x, corner, in, 0); },
                                {"hole_peak_signal_noise_ratio", "data_range"});
}
