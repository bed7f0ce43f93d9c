// SPDX-License-Identifier: MIT
#include <numbers>

#include "support/throws.hpp"
#include <eigencoder/models/interpolate.hpp>

namespace ec = eigencoder;

namespace {

double angle(const Eigen::VectorXd& a, const Eigen::VectorXd& b) { return std::acos(a.dot(b) / (a.norm() * b.norm())); }

}  // namespace

TEMPLATE_TEST_CASE("interpolate: equal steps on a straight line, and the ends themselves", "", float, double) {
  using Matrix = Eigen::Matrix<TestType, Eigen::Dynamic, Eigen::Dynamic>;
  const Matrix codes = Matrix::Random(5, 2);
  const Matrix way = ec::interpolate(codes.col(0), codes.col(1), 9);
  REQUIRE((way.rows() == 5 && way.cols() == 9));
  CHECK(way.col(0) == codes.col(0));
  CHECK(way.col(8) == codes.col(1));
  const Matrix step = (codes.col(1) - codes.col(0)) / TestType(8);
  for (ec::Index j = 1; j < 9; ++j) CHECK((way.col(j) - way.col(j - 1) - step).cwiseAbs().maxCoeff() < TestType(1e-6));

  CHECK(ec::interpolate(codes.col(0), codes.col(1), 2) == codes);
  CHECK(ec::slerp(codes.col(0), codes.col(1), 2) == codes);
  CHECK(ec::interpolate(codes.col(0) * 2, codes.col(1) - codes.col(0), 3).cols() == 3);
}

TEST_CASE("slerp: equal angles in one plane, a length that stays, and the ends themselves") {
  const Eigen::VectorXd a = Eigen::VectorXd::Random(6), direction = Eigen::VectorXd::Random(6);
  const Eigen::VectorXd b = direction * a.norm() / direction.norm();
  const Eigen::MatrixXd way = ec::slerp(a, b, 7);
  CHECK(way.col(0) == a);
  CHECK(way.col(6) == b);
  for (ec::Index j = 0; j < 7; ++j) CHECK(std::abs(way.col(j).norm() - a.norm()) < 1e-14);
  for (ec::Index j = 1; j < 7; ++j) CHECK(std::abs(angle(way.col(j - 1), way.col(j)) - angle(a, b) / 6) < 1e-12);
  const Eigen::VectorXd along = a.normalized(), across = (b - along * along.dot(b)).normalized();
  CHECK((along * (along.transpose() * way) + across * (across.transpose() * way) - way).cwiseAbs().maxCoeff() < 1e-13);

  SECTION("a quarter turn of codes of different lengths") {
    const Eigen::Vector2d x(2, 0), y(0, 1);
    const Eigen::MatrixXd quarter = ec::slerp(x, y, 3);
    CHECK((quarter.col(1) - Eigen::Vector2d(2, 1) * std::sqrt(0.5)).norm() < 1e-15);
  }
  SECTION("float is double rounded") {
    const Eigen::MatrixXf single = ec::slerp(a.cast<float>(), b.cast<float>(), 7);
    CHECK((single.cast<double>() - way).cwiseAbs().maxCoeff() < 1e-6);
  }
  SECTION("small angles, and nearly opposite directions") {
    const Eigen::Vector2d x(1, 0);
    for (const double turned : {1e-9, 1e-5, std::numbers::pi - 1e-5}) {
      const Eigen::Vector2d y(std::cos(turned), std::sin(turned));
      const Eigen::Vector2d middle = ec::slerp(x, y, 3).col(1);
      CHECK((middle - Eigen::Vector2d(std::cos(turned / 2), std::sin(turned / 2))).norm() < 1e-9);
    }
  }
}

TEST_CASE("slerp: straight where there is no arc, or no single one") {
  const Eigen::Vector3d a(1, -2, 3), zero = Eigen::Vector3d::Zero();
  for (const Eigen::Vector3d& b : {Eigen::Vector3d(2 * a), Eigen::Vector3d(-a), a, zero}) {
    CHECK((ec::slerp(a, b, 5) - ec::interpolate(a, b, 5)).cwiseAbs().maxCoeff() < 1e-15);
    CHECK((ec::slerp(b, a, 5) - ec::interpolate(b, a, 5)).cwiseAbs().maxCoeff() < 1e-15);
  }
  CHECK(ec::slerp(zero, zero, 4).isZero(0));
  // The squares of neither are numbers of their own.
  const Eigen::Vector2d small(1e-200, 0), large(0, 1e200);
  CHECK(ec::slerp(small, large, 3).allFinite());
}

TEST_CASE("interpolate: bad input is refused") {
  const Eigen::VectorXf a = Eigen::VectorXf::Random(4), b = Eigen::VectorXf::Random(3);
  const Eigen::MatrixXf two = Eigen::MatrixXf::Random(4, 2);
  expect_error<ec::ShapeError>([&] { ec::interpolate(a, b, 5); }, {"interpolate", "one size", "4 × 1 and 3 × 1"});
  expect_error<ec::ShapeError>([&] { ec::slerp(b, a, 5); }, {"slerp", "3 × 1 and 4 × 1"});
  expect_error<ec::ShapeError>([&] { ec::interpolate(a, two, 5); }, {"each a column", "4 × 1 and 4 × 2"});
  expect_error<ec::ShapeError>([&] { ec::slerp(a.head(0), b.head(0), 5); }, {"0 × 1"});
  expect_error<ec::OptionError>([&] { ec::interpolate(a, a, 1); }, {"2 steps or more", "found 1"});
  expect_error<ec::OptionError>([&] { ec::slerp(a, a, -3); }, {"found -3"});
}
