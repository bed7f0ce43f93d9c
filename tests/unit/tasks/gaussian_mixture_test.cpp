// SPDX-License-Identifier: MIT
#include <limits>
#include <numbers>

#include "golden/totals.hpp"
#include "support/throws.hpp"
#include <eigencoder/tasks/gaussian_mixture.hpp>

namespace ec = eigencoder;

namespace {

/// The codes of make_latent.py.
Eigen::MatrixXd codes(ec::Index d, ec::Index count, ec::Index components, double apart) {
  Eigen::MatrixXd u(d, count), centres(d, components);
  golden::fill(1, 2, -1, u);
  golden::fill(2, 2 * apart, -apart, centres);
  Eigen::MatrixXd mixed = u;
  mixed.topRows(d - 1) += 0.5 * u.bottomRows(d - 1);
  for (ec::Index j = 0; j < count; ++j) mixed.col(j) += centres.col(j % components);
  return mixed;
}

Eigen::MatrixXd covariances(const ec::GaussianMixture& mixture) {
  const ec::Index d = mixture.means().rows();
  Eigen::MatrixXd all(d, d * mixture.size());
  for (ec::Index k = 0; k < mixture.size(); ++k) all.middleCols(k * d, d) = mixture.covariance(k);
  return all;
}

double worst(const Eigen::MatrixXd& found, const nlohmann::json& expected) {
  REQUIRE(static_cast<std::size_t>(found.size()) == expected.size());
  double error = 0;
  for (ec::Index i = 0; i < found.size(); ++i)
    error = std::max(error, std::abs(found.data()[i] - expected[static_cast<std::size_t>(i)].get<double>()));
  return error;
}

}  // namespace

TEST_CASE("gaussian_mixture: parameters, densities and responsibilities equal scikit-learn's after the same steps") {
  const nlohmann::json file = golden::load("latent.json");
  for (const auto& [name, expected] : file["mixtures"].items()) {
    INFO(name);
    const auto components = static_cast<ec::Index>(expected["weights"].size());
    const Eigen::MatrixXd x = codes(expected["dimensions"], expected["codes"], components, expected["apart"]);
    const ec::MixtureOptions options{.max_steps = expected["steps"], .tolerance = 0};
    const auto mixture = ec::GaussianMixture::fit(x, x.leftCols(components), options);
    CHECK(mixture.steps() == expected["steps"]);
    CHECK(worst(mixture.weights(), expected["weights"]) < 1e-11);
    CHECK(worst(mixture.means(), expected["means"]) < 1e-11);
    golden::check_totals(expected["covariances"], covariances(mixture), 1e-11);
    golden::check_totals(expected["log_density"], mixture.log_density(x), 1e-11);
    golden::check_totals(expected["responsibilities"], mixture.responsibilities(x), 1e-11);
    CHECK(std::abs(mixture.log_likelihood() - expected["log_likelihood"].get<double>()) < 1e-11);

    const Eigen::MatrixXf single = x.cast<float>();
    const auto same = ec::GaussianMixture::fit(single, single.leftCols(components), options);
    CHECK((same.means() - mixture.means()).cwiseAbs().maxCoeff() < 1e-4);
  }
}

TEST_CASE("gaussian_mixture: what the definition says") {
  const Eigen::MatrixXd x = codes(2, 400, 3, 3);
  SECTION("one component is the codes' mean and covariance, after one step") {
    const auto mixture = ec::GaussianMixture::fit(x, {.components = 1});
    const Eigen::MatrixXd centred = x.colwise() - x.rowwise().mean();
    Eigen::Matrix2d covariance = centred * centred.transpose() / 400;
    covariance.diagonal().array() += 1e-6 * covariance.trace() / 2;
    CHECK((mixture.means() - x.rowwise().mean()).norm() < 1e-13);
    CHECK((mixture.covariance(0) - covariance).norm() < 1e-13);
    CHECK(mixture.converged());
    const double a = covariance(0, 0), b = covariance(0, 1), c = covariance(1, 1), determinant = a * c - b * b;
    const double u = centred(0, 7), v = centred(1, 7);
    const double expected =
        -std::log(2 * std::numbers::pi) - std::log(determinant) / 2 - (c * u * u - 2 * b * u * v + a * v * v) / determinant / 2;
    CHECK(std::abs(mixture.log_density(x)[7] - expected) < 1e-12);
  }
  SECTION("more steps, more likelihood") {
    double before = -1e9;
    for (ec::Index steps = 0; steps < 20; ++steps) {
      const auto mixture = ec::GaussianMixture::fit(x, {.components = 4, .max_steps = steps, .tolerance = 0});
      CHECK(mixture.steps() <= steps);
      CHECK(mixture.log_likelihood() > before - 1e-9);
      before = mixture.log_likelihood();
    }
  }
  SECTION("densities integrate to 1, responsibilities sum to 1, and the likelihood is the mean log density") {
    const auto mixture = ec::GaussianMixture::fit(x, {.components = 3});
    Eigen::MatrixXd grid(2, 100 * 100);
    for (ec::Index i = 0; i < grid.cols(); ++i)
      grid.col(i) << 0.2 * static_cast<double>(i % 100) - 10, 0.2 * static_cast<double>(i / 100) - 10;
    CHECK(std::abs(mixture.log_density(grid).array().exp().sum() * 0.2 * 0.2 - 1) < 1e-6);
    CHECK((mixture.responsibilities(x).colwise().sum().array() - 1).abs().maxCoeff() < 1e-14);
    CHECK(std::abs(mixture.weights().sum() - 1) < 1e-14);
    CHECK(std::abs(mixture.log_density(x).mean() - mixture.log_likelihood()) < 1e-14);
  }
  SECTION("the unit of the codes does not matter") {
    const auto mixture = ec::GaussianMixture::fit(x, {.components = 3});
    const auto scaled = ec::GaussianMixture::fit(0x1p30 * x, {.components = 3});
    CHECK(scaled.steps() == mixture.steps());
    CHECK((scaled.means() * 0x1p-30 - mixture.means()).norm() < 1e-9);
    CHECK(std::abs(scaled.log_likelihood() + 2 * std::log(0x1p30) - mixture.log_likelihood()) < 1e-9);
  }
  SECTION("a code far away, or not a number, leaves the others be") {
    const auto mixture = ec::GaussianMixture::fit(x, {.components = 3});
    Eigen::MatrixXd poisoned = x.leftCols(300);
    poisoned.col(5).setConstant(1e100);
    poisoned(1, 280) = std::numeric_limits<double>::quiet_NaN();
    const Eigen::VectorXd log_density = mixture.log_density(poisoned), clean = mixture.log_density(x.leftCols(300));
    CHECK(log_density[5] < -1e100);
    CHECK(std::isnan(log_density[280]));
    for (ec::Index j = 0; j < 300; ++j)
      if (j != 5 && j != 280) CHECK(log_density[j] == clean[j]);
  }
}

TEST_CASE("gaussian_mixture: finds clusters again, and draws from them") {
  const Eigen::MatrixXd x = codes(3, 600, 4, 8);
  const auto mixture = ec::GaussianMixture::fit(x, {.components = 4, .seed = ec::Seed{3}});
  CHECK(mixture.converged());
  CHECK((mixture.weights().array() - 0.25).abs().maxCoeff() < 1e-6);

  const Eigen::MatrixXd drawn = mixture.sample<double>(40'000, ec::Seed{1});
  Eigen::MatrixXd r = mixture.responsibilities(drawn);
  for (ec::Index k = 0; k < 4; ++k) {
    const double mass = r.row(k).sum();
    const Eigen::VectorXd mean = drawn * r.row(k).transpose() / mass;
    const Eigen::MatrixXd centred = drawn.colwise() - mean;
    CHECK(std::abs(mass / 40'000 - 0.25) < 0.01);
    CHECK((mean - mixture.means().col(k)).norm() < 0.03);
    CHECK((centred * r.row(k).asDiagonal() * centred.transpose() / mass - mixture.covariance(k)).norm() < 0.03);
  }
  // The mean log density of samples is minus the entropy, as the codes' nearly is.
  CHECK(std::abs(mixture.log_density(drawn).mean() - mixture.log_density(mixture.sample(40'000, ec::Seed{2})).mean()) < 0.03);

  SECTION("the same bits from the same seeds") {
    const auto same = ec::GaussianMixture::fit(x, {.components = 4, .seed = ec::Seed{3}});
    CHECK(same.means() == mixture.means());
    CHECK(same.sample<double>(1000, ec::Seed{1}) == drawn.leftCols(1000));  // a longer list goes on
    CHECK(mixture.sample(100, ec::Seed{1}) == drawn.leftCols(100).cast<float>());
    CHECK(mixture.sample(100, ec::Seed{2}) != drawn.leftCols(100).cast<float>());
    CHECK(mixture.sample(0, ec::Seed{2}).cols() == 0);
  }
}

TEST_CASE("gaussian_mixture: codes of no variance, in some directions or all") {
  SECTION("a value that never changes") {
    Eigen::MatrixXd x = codes(3, 200, 2, 4);
    x.row(1).setConstant(7);
    const auto mixture = ec::GaussianMixture::fit(x, {.components = 2});
    CHECK(mixture.converged());
    CHECK((mixture.sample<double>(50, ec::Seed{}).row(1).array() - 7).abs().maxCoeff() < 0.1);
  }
  SECTION("fewer different codes than components: some have weight 0, and are never drawn") {
    const Eigen::MatrixXd x = codes(2, 3, 3, 5).replicate(1, 20);
    const auto mixture = ec::GaussianMixture::fit(x, {.components = GENERATE(4, 5, 17)});
    CHECK((mixture.weights().array() > 0).count() == 3);
    CHECK(mixture.means().allFinite());
    CHECK((mixture.weights().array() * 3 - 1 < 1e-9).all());
    CHECK(mixture.responsibilities(x).allFinite());
    const Eigen::MatrixXd drawn = mixture.sample<double>(100, ec::Seed{});
    for (ec::Index j = 0; j < 100; ++j) CHECK((x.colwise() - drawn.col(j)).colwise().norm().minCoeff() < 0.1);
  }
  SECTION("all codes alike") {
    const auto mixture = ec::GaussianMixture::fit(Eigen::MatrixXf::Constant(4, 9, 0.5F), {.components = 3});
    CHECK((mixture.sample(5, ec::Seed{}).array() - 0.5F).abs().maxCoeff() < 0.01F);
  }
  SECTION("as many components as codes") {
    CHECK(ec::GaussianMixture::fit(codes(2, 6, 6, 5), {.components = 6}).means().allFinite());
  }
}

TEST_CASE("gaussian_mixture: bad input is refused") {
  Eigen::MatrixXf x = Eigen::MatrixXf::Random(3, 12);
  const auto fit = [&](const ec::MixtureOptions& options) { ec::GaussianMixture::fit(x, options); };
  expect_error<ec::OptionError>([&] { fit({.components = 13}); }, {"at least as many codes as components, 13", "found 12"});
  expect_error<ec::OptionError>([&] { fit({.components = 0}); }, {"components of 1 or more", "found 0"});
  expect_error<ec::OptionError>([&] { fit({.max_steps = -1}); }, {"max_steps of 0 or more", "found -1"});
  expect_error<ec::OptionError>([&] { fit({.tolerance = -0.5}); }, {"tolerance of 0 or more", "found -0.5"});
  expect_error<ec::OptionError>([&] { fit({.covariance_floor = 0}); }, {"covariance_floor above 0", "found 0"});
  expect_error<ec::ShapeError>([&] { ec::GaussianMixture::fit(x.topRows(0)); }, {"0 × 12"});
  expect_error<ec::ShapeError>([&] { ec::GaussianMixture::fit(x, x.topLeftCorner(2, 4)); },
                               {"3 rows", "in the means", "found 2"});
  expect_error<ec::NonFiniteError>([&] { ec::GaussianMixture::fit(1e200 * x.cast<double>(), {.components = 2}); },
                                   {"scale them"});

  const auto mixture = ec::GaussianMixture::fit(x, {.components = 2});
  expect_error<ec::ShapeError>([&] { mixture.log_density(x.topRows(2)); }, {"log_density", "3 rows", "found 2"});
  expect_error<ec::ShapeError>([&] { mixture.responsibilities(x.topRows(1)); }, {"responsibilities", "found 1"});
  expect_error<ec::OptionError>([&] { mixture.sample(-1, ec::Seed{}); }, {"0 or more", "found -1"});
  expect_error<ec::OptionError>([&] { mixture.covariance(2); }, {"from 0 to 1", "found 2"});
  x(2, 8) = std::numeric_limits<float>::quiet_NaN();
  expect_error<ec::NonFiniteError>([&] { fit({.components = 2}); }, {"found nan in row 2 of code 8"});
}
