// SPDX-License-Identifier: MIT
#include "golden/golden.hpp"
#include "support/allocations.hpp"
#include "support/model_blocks.hpp"
#include "support/throws.hpp"
#include <eigencoder/layers/activation.hpp>
#include <eigencoder/losses/elbo.hpp>
#include <eigencoder/losses/importance_weighted.hpp>
#include <eigencoder/losses/mean_absolute_error.hpp>
#include <eigencoder/models/variational_autoencoder.hpp>
#include <eigencoder/tasks/anomaly.hpp>

namespace ec = eigencoder;
using ec::Index;
using Eigen::MatrixXd, Eigen::VectorXd;

namespace {

template <class T>
using Plain =
    ec::Autoencoder<ec::Encoder<ec::features(7), ec::Dense<4>, ec::Tanh>, ec::Decoder<ec::features(4), ec::Dense<7>>, T>;
using Variational = ec::VariationalAutoencoder<ec::Encoder<ec::features(7), ec::Dense<4>, ec::Tanh>, ec::Latent<2>,
                                               ec::Decoder<ec::features(2), ec::Dense<4>, ec::Tanh, ec::Dense<7>>, double>;

const nlohmann::json& golden_values() {
  static const nlohmann::json file = golden::load("anomaly.json");
  return file;
}

/// The golden weights.
template <class Model>
Model golden_model() {
  Model model;
  golden::draw_blocks(golden::blocks_of(model));
  return model;
}

/// The golden samples, in the units that a scaler takes them from.
template <class T>
Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> samples(std::uint64_t stream) {
  MatrixXd x(7, stream == 1 ? 40 : 9);
  golden::fill(stream, stream == 1 ? 1 : 2, stream == 1 ? 0 : -0.5, x);
  for (Index i = 0; i < 7; ++i) x.row(i) = x.row(i).array() * static_cast<double>(i + 1) - static_cast<double>(i);
  return x.cast<T>();
}

void check_values(const VectorXd& found, const nlohmann::json& expected, double tolerance = 1e-11) {
  REQUIRE(static_cast<std::size_t>(found.size()) == expected.size());
  for (Index j = 0; j < found.size(); ++j) {
    CHECK(found[j] == Approx(expected[static_cast<std::size_t>(j)].get<double>()).epsilon(tolerance));
  }
}

/// Scores of a set, and of its samples one by one, which must ask for no memory.
template <class Detector>
VectorXd all_scores(const Detector& detector, const typename Detector::Matrix& x) {
  const VectorXd together = detector.scores(x);
  auto workspace = detector.workspace();
  VectorXd each(x.cols());
  const long before = allocations::count();
  for (Index j = 0; j < x.cols(); ++j) each[j] = detector.score(x.col(j), workspace);
  CHECK(allocations::count() == before);
  const double tolerance = sizeof(typename Detector::T) == 4 ? 1e-5 : 1e-13;
  CHECK((together - each).cwiseAbs().maxCoeff() <= tolerance * each.cwiseAbs().maxCoeff());
  return each;
}

const auto no_training = [](const auto&) {};

}  // namespace

TEMPLATE_TEST_CASE("anomaly detector: reconstruction errors, blame and p-values as PyTorch and scikit-learn find them", "",
                   float, double) {
  using T = TestType;
  const auto& expected = golden_values()["reconstruction"];
  const double tolerance = sizeof(T) == 4 ? 2e-4 : 1e-11;
  ec::AnomalyDetector detector{golden_model<Plain<T>>(), ec::MeanSquaredError{}, ec::Standardizer<T>(samples<T>(1))};
  const auto x = samples<T>(2);
  detector.calibrate(samples<T>(1));
  const VectorXd calibration = detector.scores(samples<T>(1)), scores = all_scores(detector, x);
  check_values(calibration, expected["calibration"], tolerance);
  check_values(scores, expected["scores"], tolerance);
  CHECK(detector.calibration().size() == 40);

  for (Index j = 0; j < x.cols(); ++j) {
    const auto blame = detector.contributions(x.col(j));
    REQUIRE(blame.size() == 7);
    double sum = 0;
    for (std::size_t i = 0; i < 7; ++i) {
      const double error = expected["errors"][static_cast<std::size_t>(7 * j + blame[i].feature)];
      CHECK(blame[i].error == Approx(error).epsilon(tolerance).margin(1e-6));
      if (i > 0) CHECK(blame[i].error <= blame[i - 1].error);
      sum += blame[i].error;
    }
    CHECK(sum / 7 == Approx(scores[j]).epsilon(tolerance));
    CHECK(detector.p_value(scores[j]) == Approx(static_cast<double>(1 + (calibration.array() >= scores[j]).count()) / 41));
  }
}

TEST_CASE("anomaly detector: distances of codes from those of training as scikit-learn finds them") {
  const ec::Standardizer<double> scaler(samples<double>(1));
  ec::AnomalyDetector detector{golden_model<Plain<double>>(), ec::CodeDistance{.shrinkage = 0.1}, scaler};
  expect_error<ec::Error>([&] { detector.scores(samples<double>(2)); }, {"scores: it knows no codes yet"});
  detector.fit_codes(samples<double>(1));
  check_values(all_scores(detector, samples<double>(2)), golden_values()["reconstruction"]["code_distances"]);
}

TEST_CASE("anomaly detector: the bounds on -log p(x) as PyTorch finds them, with the same draws for every sample") {
  const auto& expected = golden_values()["variational"];
  const ec::Standardizer<double> scaler(samples<double>(1));
  const auto model = golden_model<Variational>();
  const MatrixXd x = samples<double>(2);
  const ec::Gaussian likelihood{.variance = expected["variance"]};
  const ec::AnomalyDetector elbo{model, ec::Elbo{likelihood}, scaler};
  const ec::AnomalyDetector tighter{model, ec::ImportanceWeighted<5, ec::Gaussian>{likelihood}, scaler};
  check_values(all_scores(elbo, x), expected["elbo"]);
  check_values(all_scores(tighter, x), expected["importance_weighted"]);
  // A loss by itself is that of the prediction, which takes the mean of the code.
  check_values(all_scores(ec::AnomalyDetector{model, ec::MeanSquaredError{}, scaler}, x), expected["reconstruction"]);
  // A sample has one score, wherever it stands.
  CHECK(tighter.scores(x.rightCols(3)) == tighter.scores(x).tail(3));
  // Blame is of the likelihood, at the mean of the code.
  double sum = 0;
  for (const auto& each : elbo.contributions(x.col(4))) sum += each.error;
  const double squares = 7 * expected["reconstruction"][4].get<double>();
  constexpr double two_pi = 6.283185307179586476925;
  CHECK(sum == Approx(squares / (2 * likelihood.variance) + 3.5 * std::log(two_pi * likelihood.variance)).epsilon(1e-11));
}

TEST_CASE("anomaly detector: fit puts samples aside before it scales and trains") {
  MatrixXd normal(7, 203);
  golden::fill(7, 1, 0, normal);
  ec::AnomalyDetector detector{Plain<double>{ec::Seed{1}}};
  MatrixXd seen;
  detector.fit(normal,
               [&](const MatrixXd& scaled) {
                 seen = scaled;
                 detector.model().parameter("decoder.0.bias").setConstant(0.5);
               },
               {.calibration_fraction = 0.3, .seed = ec::Seed{9}});
  CHECK(detector.calibration().size() == 61);
  REQUIRE(seen.cols() == 142);
  CHECK(seen.rowwise().mean().cwiseAbs().maxCoeff() < 1e-12);
  CHECK(seen.array().square().rowwise().mean().isOnes(1e-12));
  // Training and calibration samples are the set in another order, without any twice.
  detector.scaler().invert(seen);
  std::vector<bool> used(203);
  for (Index j = 0; j < seen.cols(); ++j) {
    Index which = 0;
    CHECK((normal.colwise() - seen.col(j)).colwise().squaredNorm().minCoeff(&which) < 1e-20);
    CHECK(!used[static_cast<std::size_t>(which)]);
    used[static_cast<std::size_t>(which)] = true;
  }
  std::vector<double> rest;
  for (Index j = 0; j < 203; ++j) {
    if (!used[static_cast<std::size_t>(j)]) rest.push_back(detector.scores(normal.col(j))[0]);
  }
  std::sort(rest.begin(), rest.end());
  CHECK((detector.calibration().scores() - Eigen::Map<VectorXd>(rest.data(), 61)).cwiseAbs().maxCoeff() < 1e-12);

  // Reconstructions are in the samples' own units.
  MatrixXd scaled = normal;
  detector.scaler().apply(scaled);
  MatrixXd restored = detector.model().reconstruct(scaled);
  detector.scaler().invert(restored);
  CHECK(detector.reconstruct(normal).isApprox(restored, 1e-14));
  // The seed decides who is put aside.
  const VectorXd first = detector.calibration().scores();
  detector.fit(normal, no_training, {.calibration_fraction = 0.3, .seed = ec::Seed{9}});
  CHECK(detector.calibration().scores() == first);
  detector.fit(normal, no_training, {.calibration_fraction = 0.3, .seed = ec::Seed{10}});
  CHECK(detector.calibration().scores() != first);
}

TEST_CASE("anomaly detector: thresholds decide, by a score, a quantile or a rate of false alarms") {
  ec::AnomalyDetector detector{golden_model<Plain<double>>(), ec::MeanSquaredError{},
                               ec::Standardizer<double>(samples<double>(1))};
  expect_error<ec::Error>([&] { detector.p_value(1); }, {"no calibration scores yet"});
  expect_error<ec::Error>([&] { detector.set_threshold(ec::FalseAlarmRate{0.1}); }, {"no calibration scores yet"});
  detector.calibrate(samples<double>(1));
  expect_error<ec::Error>([&] { detector.threshold(); }, {"no threshold yet"});
  expect_error<ec::Error>([&] { detector.is_anomaly(1.0); }, {"no threshold yet"});
  expect_error<ec::OptionError>([&] { detector.set_threshold(ec::FalseAlarmRate{0.01}); },
                                {"takes 99 calibration samples", "found 40"});
  const VectorXd calibration = detector.calibration().scores();
  detector.set_threshold(ec::FalseAlarmRate{0.1});
  CHECK(detector.threshold() == calibration[36]);
  detector.set_threshold(ec::Quantile{0.5});
  CHECK(detector.threshold() == Approx((calibration[19] + calibration[20]) / 2));
  const MatrixXd x = samples<double>(2);
  auto workspace = detector.workspace();
  const VectorXd scores = detector.scores(x);
  detector.set_threshold((scores.minCoeff() + scores.maxCoeff()) / 2);
  for (Index j = 0; j < x.cols(); ++j) {
    CHECK(detector.is_anomaly(x.col(j), workspace) == (scores[j] > (scores.minCoeff() + scores.maxCoeff()) / 2));
  }
  detector.calibrate(samples<double>(2));  // other scores: the threshold may mean nothing to them
  expect_error<ec::Error>([&] { detector.threshold(); }, {"no threshold yet"});
}

TEST_CASE("anomaly detector: images need no scaler, and integers are what they stand for") {
  const MatrixXd x = (samples<double>(2).array() - samples<double>(2).minCoeff()) / 20;
  const ec::AnomalyDetector<Plain<double>, ec::MeanAbsoluteError, ec::Unscaled<double>> detector{golden_model<Plain<double>>()};
  const VectorXd scores = all_scores(detector, x);
  CHECK((scores - (detector.model().reconstruct(x) - x).cwiseAbs().colwise().mean().transpose()).cwiseAbs().maxCoeff() < 1e-13);
  CHECK(detector.reconstruct(x) == detector.model().reconstruct(x));
  const Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic> bytes = (255 * x).array().round().cast<std::uint8_t>();
  CHECK(detector.scores(bytes).isApprox(detector.scores(bytes.cast<double>() / 255), 1e-13));
}

TEST_CASE("anomaly detector: what does not fit is refused before anything is changed") {
  const MatrixXd x = samples<double>(1);
  ec::AnomalyDetector detector{golden_model<Plain<double>>()};
  auto workspace = detector.workspace();
  expect_error<ec::Error>([&] { detector.score(x.col(0), workspace); }, {"AnomalyDetector::score", "call fit"});
  expect_error<ec::Error>([&] { detector.scores(x); }, {"AnomalyDetector::scores", "call fit"});
  expect_error<ec::Error>([&] { detector.calibrate(x); }, {"call fit"});
  expect_error<ec::Error>([&] { detector.contributions(x.col(0)); }, {"call fit"});
  expect_error<ec::Error>([&] { detector.reconstruct(x); }, {"call fit"});
  expect_error<ec::Error>([&] { std::as_const(detector).fitted(); }, {"save", "call fit"});

  int trained = 0;
  const auto train = [&](const MatrixXd&) { ++trained; };
  expect_error<ec::ShapeError>([&] { detector.fit(x.topRows(6), train); }, {"normal: expected 7 rows"});
  expect_error<ec::ShapeError>([&] { detector.fit(x.leftCols(1), train); }, {"training and for calibration", "found 1 in all"});
  for (const double fraction : {0.0, 1.0, -1.0, std::nan("")}) {
    expect_error<ec::OptionError>([&] { detector.fit(x, train, {.calibration_fraction = fraction}); },
                                  {"calibration_fraction between 0 and 1"});
  }
  MatrixXd spoilt = x;
  spoilt(3, 11) = std::nan("");
  expect_error<ec::NonFiniteError>([&] { detector.fit(spoilt, train); },
                                   {"normal: expected finite values, found nan in row 3 of sample 11"});
  CHECK(trained == 0);
  CHECK(detector.scaler().features() == 0);
  CHECK_THROWS_AS(detector.fit(x, [](const MatrixXd&) { throw ec::Error("no"); }), ec::Error);
  CHECK(detector.scaler().features() == 0);

  detector.fit(x, train);
  CHECK(trained == 1);
  expect_error<ec::NonFiniteError>([&] { detector.score(spoilt.col(11), workspace); },
                                   {"score: expected finite values", "row 3"});
  expect_error<ec::NonFiniteError>([&] { detector.scores(spoilt); }, {"row 3 of sample 11"});
  expect_error<ec::NonFiniteError>([&] { detector.scores(1e300 * x); }, {"the score of sample 0 is", "too far"});
  expect_error<ec::ShapeError>([&] { detector.score(x, workspace); }, {"expected one sample of 7 rows", "7 × 40"});
  expect_error<ec::ShapeError>([&] { detector.contributions(x); }, {"expected one sample, found 40"});
  expect_error<ec::NonFiniteError>([&] { detector.is_anomaly(std::nan("")); }, {"found nan"});
  expect_error<ec::NonFiniteError>([&] { detector.set_threshold(std::nan("")); }, {"found nan"});

  expect_error<ec::ShapeError>(
      [&] { ec::AnomalyDetector(Plain<double>{}, ec::MeanSquaredError{}, ec::Standardizer<double>(x.topRows(5))); },
      {"a scaler of 7 features", "one of 5"});
  expect_error<ec::OptionError>([&] { ec::AnomalyDetector(Variational{}, ec::Elbo{ec::Gaussian{-1}}); }, {"variance"});
  expect_error<ec::OptionError>([&] { ec::AnomalyDetector(Plain<double>{}, ec::CodeDistance{2}); },
                                {"shrinkage from 0 to 1, found 2"});
}
