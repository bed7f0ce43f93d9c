// SPDX-License-Identifier: MIT
#include "golden/golden.hpp"
#include "support/allocations.hpp"
#include "support/throws.hpp"
#include <eigencoder/tasks/mahalanobis.hpp>

namespace ec = eigencoder;
using ec::Index;

namespace {

Eigen::MatrixXd codes(Index values, Index count) {
  Eigen::MatrixXd z(values, count);
  golden::fill(1, 2, -1, z);
  if (values > 1) z.row(1) += 0.5 * z.row(0);
  return z;
}

}  // namespace

TEST_CASE("Mahalanobis: the distances that scikit-learn finds, with and without shrinkage, in float and double") {
  const nlohmann::json file = golden::load("anomaly.json");
  REQUIRE(file["mahalanobis"].size() == 4);
  for (const auto& expected : file["mahalanobis"]) {
    const Index values = expected["values"];
    const Eigen::MatrixXd z = codes(values, expected["codes"]);
    Eigen::MatrixXd test(values, 9);
    golden::fill(2, 4, -2, test);
    const auto fitted = ec::Mahalanobis::fit(z, expected["shrinkage"]);
    const Eigen::VectorXd found = fitted.distances(test),
                          in_float = ec::Mahalanobis::fit(z.cast<float>(), expected["shrinkage"]).distances(test.cast<float>());
    for (Index j = 0; j < 9; ++j) {
      const double distance = expected["distances"][static_cast<std::size_t>(j)];
      CHECK(found[j] == Approx(distance).epsilon(1e-11));
      CHECK(in_float[j] == Approx(distance).epsilon(1e-4));
    }
  }
}

TEST_CASE("Mahalanobis: the mean of the squared distances of the codes themselves is their number of values") {
  const Eigen::MatrixXd z = codes(4, 31);
  CHECK(ec::Mahalanobis::fit(z, 0).distances(z).array().square().mean() == Approx(4).epsilon(1e-12));
}

TEST_CASE("Mahalanobis: one code at a time allocates nothing") {
  const Eigen::MatrixXf z = codes(6, 40).cast<float>();
  const auto fitted = ec::Mahalanobis::fit(z);
  Eigen::VectorXd work(6);
  double sum = 0;
  const long before = allocations::count();
  for (Index j = 0; j < z.cols(); ++j) sum += fitted.distance(z.col(j), work);
  CHECK(allocations::count() == before);
  CHECK(sum == Approx(fitted.distances(z).sum()));
}

TEST_CASE("Mahalanobis: a value that is always the same is far from any other, and needs shrinkage") {
  Eigen::MatrixXd z = codes(3, 50);
  z.row(1).setConstant(0.25);
  expect_error<ec::Error>([&] { ec::Mahalanobis::fit(z, 0); }, {"singular", "larger shrinkage than 0"});
  const auto fitted = ec::Mahalanobis::fit(z);
  // Its variance is the share that shrinkage gives it.
  const double variance = 1e-6 * (z.colwise() - z.rowwise().mean()).squaredNorm() / 150;
  Eigen::VectorXd work;
  const Eigen::Vector3d off = z.rowwise().mean() + Eigen::Vector3d(0, 0.5, 0);
  CHECK(fitted.distance(off, work) == Approx(0.5 / std::sqrt(variance)).epsilon(1e-9));
}

TEST_CASE("Mahalanobis: what cannot be is refused") {
  const Eigen::MatrixXd z = codes(3, 9);
  expect_error<ec::ShapeError>([&] { ec::Mahalanobis::fit(z.leftCols(1)); }, {"2 codes or more", "3 × 1"});
  expect_error<ec::ShapeError>([&] { ec::Mahalanobis::fit(z.topRows(0)); }, {"0 × 9"});
  expect_error<ec::OptionError>([&] { ec::Mahalanobis::fit(z, -0.1); }, {"shrinkage from 0 to 1, found -0.1"});
  expect_error<ec::Error>([&] { ec::Mahalanobis::fit(Eigen::MatrixXd(Eigen::MatrixXd::Ones(3, 9))); },
                          {"all of them are equal"});
  Eigen::MatrixXd spoilt = z;
  spoilt(1, 4) = std::nan("");
  expect_error<ec::NonFiniteError>([&] { ec::Mahalanobis::fit(spoilt); }, {"found nan in row 1 of code 4"});
  expect_error<ec::ShapeError>([&] { ec::Mahalanobis::fit(z).distances(z.topRows(2)); }, {"expected 3 rows", "found 2"});
}
