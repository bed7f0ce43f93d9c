// SPDX-License-Identifier: MIT
#include <limits>

#include "golden/golden.hpp"
#include "support/throws.hpp"
#include <eigencoder/tasks/latent_grid.hpp>

namespace ec = eigencoder;

TEST_CASE("normal_quantile: equals sixty digits of mpmath") {
  const nlohmann::json quantiles = golden::load("latent.json")["quantiles"];
  REQUIRE(quantiles["p"].size() == quantiles["x"].size());
  for (std::size_t i = 0; i < quantiles["p"].size(); ++i) {
    const double p = quantiles["p"][i], x = quantiles["x"][i];
    INFO("p = " << p << ", x = " << x << ", found " << ec::normal_quantile(p));
    const double error = std::abs(ec::normal_quantile(p) / x - 1);
    CHECK(error < 1e-15);
  }
}

TEST_CASE("normal_quantile: the inverse of the distribution, odd, rising, and infinite at the ends") {
  double before = -std::numeric_limits<double>::infinity();
  for (int i = 0; i <= 2000; ++i) {
    const double p = i / 2000.0, x = ec::normal_quantile(p);
    CHECK(std::abs(std::erfc(-x / std::sqrt(2.0)) / 2 - p) < 3e-16);
    CHECK(x >= before);
    before = x;
  }
  CHECK(ec::normal_quantile(0.5) == 0);
  CHECK(ec::normal_quantile(0.25) == -ec::normal_quantile(0.75));
  CHECK(ec::normal_quantile(0) == -std::numeric_limits<double>::infinity());
  CHECK(ec::normal_quantile(1) == std::numeric_limits<double>::infinity());
  expect_error<ec::OptionError>([] { ec::normal_quantile(1.5); }, {"from 0 to 1", "found 1.5"});
  expect_error<ec::OptionError>([] { ec::normal_quantile(-1e-9); }, {"found -1e-09"});
  expect_error<ec::OptionError>([] { ec::normal_quantile(std::numeric_limits<double>::quiet_NaN()); }, {"found nan"});
}

TEST_CASE("latent_grid: rows of a picture, from the top left") {
  const Eigen::MatrixXf grid = ec::latent_grid(3);
  const auto q = static_cast<float>(ec::normal_quantile(5.0 / 6));
  Eigen::MatrixXf expected(2, 9);
  expected << -q, 0, q, -q, 0, q, -q, 0, q,  //
      q, q, q, 0, 0, 0, -q, -q, -q;
  CHECK(grid == expected);

  const Eigen::MatrixXd fine = ec::latent_grid<double>(20);
  CHECK((fine.rows() == 2 && fine.cols() == 400));
  CHECK(fine.rowwise().sum().cwiseAbs().maxCoeff() < 1e-13);
  CHECK(fine.col(0) == Eigen::Vector2d(ec::normal_quantile(0.025), -ec::normal_quantile(0.025)));
  CHECK(ec::latent_grid(1) == Eigen::MatrixXf::Zero(2, 1));
  CHECK(ec::normal_quantiles<double>(20) == fine.row(0).head(20).transpose());
  expect_error<ec::OptionError>([] { ec::latent_grid(0); }, {"latent_grid", "1 or more", "found 0"});
  expect_error<ec::OptionError>([] { ec::normal_quantiles(-2); }, {"normal_quantiles", "found -2"});
}

TEST_CASE("traverse: one value moves, the others stay") {
  const Eigen::Vector3f code(0.5F, -1, 2);
  const Eigen::VectorXd values = Eigen::VectorXd::LinSpaced(4, -3, 3);
  const Eigen::MatrixXf second = ec::traverse(code, 1, values);
  for (ec::Index j = 0; j < 4; ++j) CHECK(second.col(j) == Eigen::Vector3f(0.5F, static_cast<float>(values[j]), 2));

  const Eigen::MatrixXf all = ec::traverse(code, values);
  REQUIRE((all.rows() == 3 && all.cols() == 12));
  for (ec::Index i = 0; i < 3; ++i) CHECK(all.middleCols(4 * i, 4) == ec::traverse(code, i, values));
  CHECK(ec::traverse(code, values.head(0)).cols() == 0);

  expect_error<ec::OptionError>([&] { ec::traverse(code, 3, values); }, {"from 0 to 2", "found 3"});
  expect_error<ec::OptionError>([&] { ec::traverse(code, -1, values); }, {"found -1"});
  expect_error<ec::ShapeError>([&] { ec::traverse(code.transpose(), 0, values); }, {"each a column", "1 × 3 and 4 × 1"});
  expect_error<ec::ShapeError>([&] { ec::traverse(code, values.transpose()); }, {"3 × 1 and 1 × 4"});
}
