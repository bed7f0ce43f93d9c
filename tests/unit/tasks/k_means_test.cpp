// SPDX-License-Identifier: MIT
#include <limits>
#include <set>

#include "golden/golden.hpp"
#include "support/throws.hpp"
#include <eigencoder/tasks/k_means.hpp>

namespace ec = eigencoder;

namespace {

/// The codes of make_clustering.py: code j around centre j mod K.
Eigen::MatrixXd codes(ec::Index d, ec::Index count, ec::Index clusters, double apart) {
  Eigen::MatrixXd x(d, count), centres(d, clusters);
  golden::fill(1, 2, -1, x);
  golden::fill(2, 2 * apart, -apart, centres);
  for (ec::Index j = 0; j < count; ++j) x.col(j) += centres.col(j % clusters);
  return x;
}

std::vector<int> list(const Eigen::VectorXi& labels) { return {labels.begin(), labels.end()}; }

/// Σ_j ‖x_j − c_k(j)‖², and whether no other centre is nearer.
double inertia(const Eigen::MatrixXd& x, const ec::KMeans& found) {
  double sum = 0;
  for (ec::Index j = 0; j < x.cols(); ++j) {
    const double own = (x.col(j) - found.centres().col(found.labels()[j])).squaredNorm();
    REQUIRE(own <= (found.centres().colwise() - x.col(j)).colwise().squaredNorm().minCoeff() + 1e-12);
    sum += own;
  }
  return sum;
}

}  // namespace

TEST_CASE("k_means: labels, centres, inertia and steps equal scikit-learn's, also where a cluster is empty") {
  const nlohmann::json file = golden::load("clustering.json");
  for (const auto& [name, expected] : file["k_means"].items()) {
    INFO(name);
    const ec::Index K = expected["clusters"];
    const Eigen::MatrixXd x = codes(expected["dimensions"], expected["codes"], K, expected["apart"]);
    Eigen::MatrixXd first = x.leftCols(K);
    if (expected["far"]) first.col(0).setConstant(50);
    const ec::KMeansOptions options{.max_steps = expected["max_steps"], .tolerance = expected["tolerance"]};
    const auto found = ec::KMeans::fit(x, first, options);
    CHECK(found.size() == K);
    CHECK(found.steps() == expected["steps"]);
    CHECK(found.converged() == (name != "stopped"));
    CHECK(list(found.labels()) == expected["labels"].get<std::vector<int>>());
    CHECK(std::abs(found.inertia() - expected["inertia"].get<double>()) < 1e-11 * found.inertia());
    double worst = 0;
    for (ec::Index i = 0; i < found.centres().size(); ++i)
      worst =
          std::max(worst, std::abs(found.centres().data()[i] - expected["centres"][static_cast<std::size_t>(i)].get<double>()));
    CHECK(worst < 1e-12);

    Eigen::MatrixXd others(x.rows(), 40);
    golden::fill(3, 4, -2, others);
    CHECK(list(found.predict(others)) == expected["predicted"].get<std::vector<int>>());
    CHECK(list(found.predict(x)) == list(found.labels()));

    const Eigen::MatrixXf single = x.cast<float>(), single_first = first.cast<float>();
    CHECK((ec::KMeans::fit(single, single_first, options).centres() - found.centres()).cwiseAbs().maxCoeff() < 1e-5);
  }
}

TEST_CASE("k_means: what the definition says") {
  const Eigen::MatrixXd x = codes(3, 300, 6, 2);
  SECTION("finds clusters that are apart, whatever the seed") {
    const Eigen::MatrixXd apart = codes(3, 300, 6, 12);
    const auto found = ec::KMeans::fit(apart, {.clusters = 6, .seed = ec::Seed{GENERATE(1U, 2U, 3U)}});
    CHECK(found.converged());
    for (ec::Index j = 6; j < 300; ++j) REQUIRE(found.labels()[j] == found.labels()[j % 6]);
    CHECK(std::set<int>(found.labels().begin(), found.labels().end()).size() == 6);
  }
  SECTION("inertia is that of the labels, which go to the nearest centre, the mean of its codes") {
    const auto found = ec::KMeans::fit(x, {.clusters = 9, .tolerance = 0});
    CHECK(std::abs(found.inertia() - inertia(x, found)) < 1e-10);
    for (ec::Index k = 0; k < 9; ++k) {
      Eigen::VectorXd sum = Eigen::VectorXd::Zero(3);
      double count = 0;
      for (ec::Index j = 0; j < 300; ++j)
        if (found.labels()[j] == k) sum += x.col(j), count += 1;
      REQUIRE(count > 0);
      CHECK((sum / count - found.centres().col(k)).norm() < 1e-12);
    }
  }
  SECTION("more steps, and more restarts, less inertia") {
    double before = std::numeric_limits<double>::infinity();
    for (ec::Index steps = 1; steps < 12; ++steps) {
      const auto found = ec::KMeans::fit(x, x.leftCols(8), {.max_steps = steps, .tolerance = 0});
      CHECK(found.inertia() <= before * (1 + 1e-12));
      before = found.inertia();
    }
    const double one = ec::KMeans::fit(x, {.clusters = 8, .restarts = 1}).inertia();
    const double twenty = ec::KMeans::fit(x, {.clusters = 8, .restarts = 20}).inertia();
    CHECK(twenty < one);
  }
  SECTION("the same bits from the same seed, others from another") {
    const auto found = ec::KMeans::fit(x, {.clusters = 8, .restarts = 1, .seed = ec::Seed{5}});
    CHECK(ec::KMeans::fit(x, {.clusters = 8, .restarts = 1, .seed = ec::Seed{5}}).centres() == found.centres());
    CHECK(ec::KMeans::fit(x, {.clusters = 8, .restarts = 1, .seed = ec::Seed{6}}).centres() != found.centres());
  }
  SECTION("codes far from the origin are clustered as they are near it") {
    const Eigen::MatrixXd coarse = (x * 1024).array().round() / 1024;  // so that adding 2²⁰ rounds nothing
    const auto near = ec::KMeans::fit(coarse, coarse.leftCols(6)),
               far = ec::KMeans::fit((coarse.array() + 0x1p20).matrix(), (coarse.leftCols(6).array() + 0x1p20).matrix());
    CHECK(list(far.labels()) == list(near.labels()));
    CHECK(std::abs(far.inertia() - near.inertia()) < 1e-7);
    CHECK(list(far.predict((coarse.array() + 0x1p20).matrix())) == list(near.labels()));
  }
}

TEST_CASE("k_means: fewer different codes than clusters, and as many codes as clusters") {
  const Eigen::MatrixXd x = codes(2, 3, 3, 5).replicate(1, 20);
  const auto found = ec::KMeans::fit(x, {.clusters = GENERATE(3, 4, 17)});
  CHECK(found.converged());
  CHECK(found.inertia() < 1e-24);
  CHECK(found.centres().allFinite());
  CHECK(std::set<int>(found.labels().begin(), found.labels().end()).size() == 3);

  const Eigen::MatrixXd few = codes(2, 6, 6, 5);
  CHECK(ec::KMeans::fit(few, {.clusters = 6}).inertia() < 1e-24);
  CHECK(ec::KMeans::fit(Eigen::MatrixXf::Constant(4, 9, 0.5F), {.clusters = 3}).inertia() == 0);

  SECTION("several clusters that begin empty get codes of their own") {
    const Eigen::MatrixXd x7 = codes(2, 70, 7, 5);
    Eigen::MatrixXd first = Eigen::MatrixXd::Constant(2, 7, 1000);
    first.col(6) = x7.col(0);
    const auto mended = ec::KMeans::fit(x7, first);
    CHECK(std::set<int>(mended.labels().begin(), mended.labels().end()).size() == 7);
  }
}

TEST_CASE("k_means: bad input is refused") {
  Eigen::MatrixXf x = Eigen::MatrixXf::Random(3, 12);
  const auto fit = [&](const ec::KMeansOptions& options) { ec::KMeans::fit(x, options); };
  expect_error<ec::OptionError>([&] { fit({.clusters = 13}); }, {"at least as many codes as clusters, 13", "found 12"});
  expect_error<ec::OptionError>([&] { fit({.clusters = 0}); }, {"clusters of 1 or more", "found 0"});
  expect_error<ec::OptionError>([&] { fit({.restarts = 0}); }, {"restarts of 1 or more", "found 0"});
  expect_error<ec::OptionError>([&] { fit({.max_steps = 0}); }, {"max_steps of 1 or more", "found 0"});
  expect_error<ec::OptionError>([&] { fit({.tolerance = -0.5}); }, {"tolerance of 0 or more", "found -0.5"});
  expect_error<ec::ShapeError>([&] { ec::KMeans::fit(x.topRows(0)); }, {"0 × 12"});
  expect_error<ec::ShapeError>([&] { ec::KMeans::fit(x, x.topLeftCorner(2, 4)); }, {"3 rows", "in the centres", "found 2"});
  expect_error<ec::NonFiniteError>([&] { ec::KMeans::fit(1e200 * x.cast<double>(), {.clusters = 2}); }, {"scale them"});
  const auto found = ec::KMeans::fit(x, {.clusters = 2});
  expect_error<ec::ShapeError>([&] { found.predict(x.topRows(2)); }, {"KMeans::predict", "3 rows", "found 2"});
  x(2, 8) = std::numeric_limits<float>::quiet_NaN();
  expect_error<ec::NonFiniteError>([&] { fit({.clusters = 2}); }, {"found nan in row 2 of code 8"});
  expect_error<ec::NonFiniteError>([&] { found.predict(x); }, {"KMeans::predict", "found nan in row 2 of code 8"});
}
