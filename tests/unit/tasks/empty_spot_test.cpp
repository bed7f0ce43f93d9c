// SPDX-License-Identifier: MIT
#include <limits>
#include <numbers>

#include "golden/golden.hpp"
#include "support/throws.hpp"
#include <eigencoder/tasks/empty_spot.hpp>

namespace ec = eigencoder;

namespace {

/// Of a point from the nearest code: a loop, since it is asked millions of times, unoptimised.
double distance(const Eigen::MatrixXd& codes, double x, double y) {
  double least = std::numeric_limits<double>::infinity();
  const double* const end = codes.data() + codes.size();
  for (const double* code = codes.data(); code != end; code += 2) {
    const double dx = code[0] - x, dy = code[1] - y, square = dx * dx + dy * dy;
    if (square < least) least = square;
  }
  return std::sqrt(least);
}

}  // namespace

TEST_CASE("empty_spot: the best of scipy's Voronoi vertices and of the places where Voronoi edges leave the hull") {
  const nlohmann::json file = golden::load("latent.json");
  for (const auto& [name, expected] : file["empty_spots"].items()) {
    INFO(name);
    Eigen::MatrixXd codes(2, expected["codes"].get<ec::Index>());
    golden::fill(3, 2, -1, codes);
    codes.row(1) *= 0.6;
    const Eigen::Vector2d place(expected["spot"][0].get<double>(), expected["spot"][1].get<double>());
    for (const double unit : {1.0, 1e-6, 1e30}) {
      const auto spot = ec::empty_spot((unit * codes).colwise() + unit * Eigen::Vector2d(3, -1));
      CHECK(std::abs(spot.distance / unit - expected["distance"].get<double>()) < 2.1e-7);
      CHECK((spot.code / unit - Eigen::Vector2d(3, -1) - place).norm() < 2e-6);
    }
    const auto spot = ec::empty_spot(codes.cast<float>());
    static_assert(std::is_same_v<decltype(spot.code), Eigen::Vector2f>);
    CHECK((spot.code.cast<double>() - place).norm() < 1e-5);
  }
}

TEST_CASE("empty_spot: closed forms") {
  SECTION("a ring") {
    Eigen::MatrixXd ring(2, 36);
    for (ec::Index j = 0; j < 36; ++j)
      ring.col(j) << std::cos(std::numbers::pi / 18 * static_cast<double>(j)),
          std::sin(std::numbers::pi / 18 * static_cast<double>(j));
    const auto spot = ec::empty_spot(ring);
    CHECK(spot.code.norm() < 1e-6);
    CHECK(std::abs(spot.distance - 1) < 2.1e-7);
  }
  SECTION("the largest hole of a lattice") {
    std::vector<Eigen::Vector2d> left;
    for (int x = 0; x < 60; ++x)
      for (int y = 0; y < 40; ++y)
        if (std::abs(x - 20) > 3 || std::abs(y - 11) > 3) left.emplace_back(x, y);
    Eigen::MatrixXd codes(2, static_cast<ec::Index>(left.size()));
    for (std::size_t j = 0; j < left.size(); ++j) codes.col(static_cast<ec::Index>(j)) = left[j];
    const auto spot = ec::empty_spot(codes);
    CHECK((spot.code - Eigen::Vector2d(20, 11)).norm() < 1e-4);
    CHECK(std::abs(spot.distance - 4) < 1e-5);
  }
  SECTION("a lattice without one: all its cells are as good") {
    Eigen::MatrixXd codes(2, 400);
    for (ec::Index i = 0; i < 400; ++i) codes.col(i) << static_cast<double>(i % 20), static_cast<double>(i / 20);
    CHECK(std::abs(ec::empty_spot(codes).distance - std::sqrt(0.5)) < 1e-5);
  }
  SECTION("a triangle with an obtuse angle: on its longest side") {
    const Eigen::MatrixXd codes = (Eigen::MatrixXd(2, 3) << 0, 10, 4, 0, 0, 1).finished();
    const auto spot = ec::empty_spot(codes);
    CHECK(std::abs(spot.code[1]) < 1e-6);
    // On the bisector of (10, 0) and (4, 1): (x − 10)² = (x − 4)² + 1.
    CHECK(std::abs(spot.code[0] - 83.0 / 12) < 1e-5);
  }
}

TEST_CASE("empty_spot: maps without an area") {
  Eigen::MatrixXd line(2, 5);
  line << 0, 1, 2, 5, 6,  //
      0, 2, 4, 10, 12;
  auto spot = ec::empty_spot(line);
  CHECK((spot.code - Eigen::Vector2d(3.5, 7)).norm() < 1e-5);
  CHECK(std::abs(spot.distance - std::sqrt(1.5 * 1.5 + 9)) < 2e-6);

  line.row(1) *= 0.1 / 3;  // no longer on one line, but for rounding
  spot = ec::empty_spot(line);
  CHECK(std::abs(spot.code[0] - 3.5) < 1e-5);

  line.row(1).setConstant(-2);
  spot = ec::empty_spot(line);
  CHECK((spot.code - Eigen::Vector2d(3.5, -2)).norm() < 1e-5);
  spot = ec::empty_spot(line.colwise().reverse());
  CHECK((spot.code - Eigen::Vector2d(-2, 3.5)).norm() < 1e-5);

  spot = ec::empty_spot(Eigen::MatrixXd::Constant(2, 7, 0.3));
  CHECK(spot.code == Eigen::Vector2d(0.3, 0.3));
  CHECK(spot.distance == 0);
  CHECK(ec::empty_spot(Eigen::Vector2d(4, 5)).code == Eigen::Vector2d(4, 5));
}

TEST_CASE("empty_spot: no point of a grid over the hull is farther") {
  const Eigen::MatrixXd codes = Eigen::MatrixXd::Random(2, 3000).array().cube();
  const auto spot = ec::empty_spot(codes);
  CHECK(std::abs(distance(codes, spot.code[0], spot.code[1]) - spot.distance) < 1e-14);
  for (double x = -0.6; x <= 0.6; x += 0.01)  // within the hull, whose corners are near those of a square of side 2
    for (double y = -0.6; y <= 0.6; y += 0.01) REQUIRE(distance(codes, x, y) <= spot.distance + 2e-7);
}

TEST_CASE("empty_spot: bad input is refused") {
  Eigen::MatrixXf codes = Eigen::MatrixXf::Random(2, 10);
  expect_error<ec::ShapeError>([&] { ec::empty_spot(codes.topRows(1)); }, {"empty_spot", "2 values", "1 × 10"});
  expect_error<ec::ShapeError>([&] { ec::empty_spot(codes.leftCols(0)); }, {"2 × 0"});
  codes(1, 3) = std::numeric_limits<float>::quiet_NaN();
  expect_error<ec::NonFiniteError>([&] { ec::empty_spot(codes); }, {"found nan in row 1 of code 3"});
}
