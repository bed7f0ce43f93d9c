// SPDX-License-Identifier: MIT
#include <Eigen/LU>

#include "support/catch.hpp"
#include "support/throws.hpp"
#include <eigencoder/tasks/hole_filling.hpp>

namespace ec = eigencoder;
using ec::Index;
using Eigen::MatrixXd, Eigen::MatrixXf, Eigen::VectorXd;

namespace {

constexpr ec::Shape in = ec::image(11, 13);
constexpr double hole = std::numeric_limits<double>::quiet_NaN();

/// f(y, x) at every pixel.
template <class F>
VectorXd image_of(F f) {
  VectorXd values(in.size());
  for (Index p = 0; p < values.size(); ++p) values[p] = f(static_cast<double>(p / in.width), static_cast<double>(p % in.width));
  return values;
}
VectorXd box(Index top, Index left, Index height, Index width) {
  return image_of([=](double y, double x) {
    return static_cast<double>(y >= double(top) && y < double(top + height) && x >= double(left) && x < double(left + width));
  });
}
MatrixXd filled(const VectorXd& x, const VectorXd& mask) { return ec::diffusion_fill(ec::hide(x, mask, in, hole), mask, in); }

}  // namespace

TEST_CASE("diffusion_fill: restores what is harmonic") {
  // Of these the mean of four neighbours is the value itself, exactly.
  const VectorXd ramp = image_of([](double y, double x) { return 3 - 0.5 * y + 2 * x; }),
                 product = image_of([](double y, double x) { return (y - 4) * (x - 7); }),
                 saddle = image_of([](double y, double x) { return y * y - x * x; }),
                 cubic = image_of([](double y, double x) { return y * y * y - 3 * y * x * x; });
  for (const VectorXd& u : {ramp, product, saddle, cubic}) {
    CHECK((filled(u, box(2, 3, 7, 8)) - u).cwiseAbs().maxCoeff() < 1e-7 * u.cwiseAbs().maxCoeff());
  }
  // At the border of the image nothing flows: a ramp along it stays, as does a hole of two parts.
  const VectorXd along = image_of([](double y, double) { return y; });
  CHECK((filled(along, box(3, 0, 4, 6)) - along).cwiseAbs().maxCoeff() < 1e-8);
  CHECK((filled(along, box(1, 0, 2, 13) + box(5, 2, 4, 4)) - along).cwiseAbs().maxCoeff() < 1e-8);
  // And what is beyond the last seen value is that value.
  CHECK((filled(along, box(6, 0, 5, 13)).bottomRows(5 * 13).array() - 5).abs().maxCoeff() < 1e-8);
  CHECK(filled(VectorXd::Constant(in.size(), 0.3), box(0, 0, 5, 5)).isConstant(0.3, 1e-15));
  CHECK(filled(VectorXd::Zero(in.size()), box(0, 0, 5, 5)).isZero(0));
  for (const double scale : {1e-300, 1e300}) {
    CHECK((filled(scale * along, box(3, 0, 4, 6)) / scale - along).cwiseAbs().maxCoeff() < 1e-8);
  }
}

TEST_CASE("diffusion_fill: of a sequence it is the line between the two ends") {
  const MatrixXd x{{1}, {hole}, {hole}, {hole}, {3}, {hole}, {hole}}, mask{{0}, {1}, {1}, {1}, {0}, {1}, {1}};
  const MatrixXd y = ec::diffusion_fill(x, mask, ec::sequence(7, 1));
  CHECK(y.isApprox(MatrixXd{{1}, {1.5}, {2}, {2.5}, {3}, {3}, {3}}, 1e-9));
}

TEST_CASE("diffusion_fill: agrees with a dense solution, channel by channel, and keeps to the edge's range") {
  constexpr ec::Shape colour = ec::image(9, 7, 3);
  const MatrixXd x = (MatrixXd::Random(colour.size(), 17).array() + 1) / 2;
  for (const ec::MaskKind kind : {ec::MaskKind::box, ec::MaskKind::pixels, ec::MaskKind::half, ec::MaskKind::strokes}) {
    const MatrixXd masks = ec::random_masks<double>({.kind = kind, .rate = 0.8}, colour, 17, ec::Seed{2});
    const MatrixXd y = ec::diffusion_fill(ec::hide(x, masks, colour, hole), masks, colour);
    for (Index j = 0; j < 17; ++j) {
      // The equation of every pixel of the image: the seen ones say u = x.
      MatrixXd A = MatrixXd::Zero(63, 63), b = MatrixXd::Zero(63, 3);
      for (Index p = 0; p < 63; ++p) {
        if (masks(p, j) == 0) {
          A(p, p) = 1;
          b.row(p) = x.col(j).segment(3 * p, 3).transpose();
          continue;
        }
        for (Index q = 0; q < 63; ++q) {
          if (std::abs(p / 7 - q / 7) + std::abs(p % 7 - q % 7) != 1) continue;
          A(p, p) += 1;
          A(p, q) = -1;
        }
      }
      const MatrixXd u = A.partialPivLu().solve(b);
      const MatrixXd found = y.col(j).reshaped(3, 63).transpose();
      REQUIRE((found - u).cwiseAbs().maxCoeff() < 1e-8);
      for (Index c = 0; c < 3; ++c) {
        double low = 2, high = -1;
        for (Index p = 0; p < 63; ++p) {
          if (masks(p, j) == 1) continue;
          low = std::min(low, x(3 * p + c, j));
          high = std::max(high, x(3 * p + c, j));
        }
        REQUIRE(found.col(c).minCoeff() > low - 1e-9);
        REQUIRE(found.col(c).maxCoeff() < high + 1e-9);
      }
    }
    const MatrixXf single = ec::diffusion_fill(x.cast<float>(), masks.cast<float>(), colour);
    CHECK((single.cast<double>() - y).cwiseAbs().maxCoeff() < 1e-6);
  }
}

TEST_CASE("mean_fill: the mean of what is seen, channel by channel") {
  constexpr ec::Shape two = ec::image(2, 2, 2);
  const MatrixXd x{{1, 5}, {10, 50}, {hole, 7}, {hole, 70}, {2, 9}, {20, 90}, {hole, 1}, {hole, 10}};
  const MatrixXd masks{{0, 0}, {1, 0}, {0, 0}, {1, 0}};
  CHECK(ec::mean_fill(x, masks, two) == MatrixXd{{1, 5}, {10, 50}, {1.5, 7}, {15, 70}, {2, 9}, {20, 90}, {1.5, 1}, {15, 10}});
}

TEST_CASE("filling: what cannot be filled is refused") {
  constexpr ec::Shape two = ec::image(2, 2);
  MatrixXd x = MatrixXd::Zero(4, 3);
  MatrixXd masks = MatrixXd::Zero(4, 3);
  masks.col(1).setOnes();
  expect_error<ec::ShapeError>([&] { ec::diffusion_fill(x, masks, two); },
                               {"diffusion_fill: expected at least one pixel that is seen, found none in sample 1"});
  expect_error<ec::ShapeError>([&] { ec::mean_fill(x, masks, two); }, {"mean_fill", "sample 1"});
  masks(0, 1) = 0;
  x(2, 2) = hole;
  masks(1, 2) = 1;
  expect_error<ec::NonFiniteError>([&] { ec::diffusion_fill(x, masks, two); },
                                   {"expected finite values where pixels are seen", "row 2 of sample 2"});
  expect_error<ec::ShapeError>([&] { ec::diffusion_fill(x, masks.leftCols(2), two); },
                               {"expected masks of 4 × 3", "found 4 × 2"});
  expect_error<ec::OptionError>([&] { ec::diffusion_fill(x, masks, two, 0); }, {"tolerance", "found 0"});
  expect_error<ec::OptionError>([&] { ec::mean_fill(x, 2 * masks, two); }, {"found 2 in row"});
  CHECK(ec::diffusion_fill(MatrixXd(4, 0), MatrixXd(4, 0), two).cols() == 0);
}
