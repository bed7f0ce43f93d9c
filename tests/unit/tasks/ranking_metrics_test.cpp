// SPDX-License-Identifier: MIT
#include <cstdint>
#include <limits>

#include "golden/golden.hpp"
#include "support/throws.hpp"
#include <eigencoder/tasks/ranking_metrics.hpp>

namespace ec = eigencoder;

namespace {

void check_near(const Eigen::VectorXd& found, const nlohmann::json& expected) {
  REQUIRE(static_cast<std::size_t>(found.size()) == expected.size());
  for (ec::Index i = 0; i < found.size(); ++i) {
    CHECK(std::abs(found[i] - expected[static_cast<std::size_t>(i)].get<double>()) <= 1e-14);
  }
}

/// The share of pairs in which the positive sample has the larger score; equal ones are half a pair.
double pairs(const Eigen::VectorXi& labels, const Eigen::VectorXd& scores) {
  double right = 0, all = 0;
  for (ec::Index i = 0; i < labels.size(); ++i)
    for (ec::Index j = 0; j < labels.size(); ++j)
      if (labels[i] == 1 && labels[j] == 0) {
        all += 1;
        right += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
      }
  return right / all;
}

}  // namespace

TEST_CASE("metrics: curves and areas equal scikit-learn's") {
  const nlohmann::json cases = golden::load("metrics.json")["rankings"];
  REQUIRE(cases.size() >= 3);
  for (const auto& [name, expected] : cases.items()) {
    INFO(name);
    Eigen::VectorXd u(expected["samples"].get<ec::Index>()), second = u;
    golden::fill(1, 1, 0, u);
    golden::fill(2, 1, 0, second);
    const Eigen::VectorXi labels = ((second + 0.5 * u).array() > 0.8).cast<int>();
    const double different = expected["different"];
    const Eigen::VectorXd scores = different > 0 ? Eigen::VectorXd((different * u).array().floor()) : u;

    CHECK(std::abs(ec::roc_auc_score(labels, scores) - expected["roc_auc"].get<double>()) < 1e-14);
    CHECK(std::abs(ec::average_precision_score(labels, scores) - expected["average_precision"].get<double>()) < 1e-14);
    const ec::RocCurve roc = ec::roc_curve(labels, scores);
    check_near(roc.false_positive_rate, expected["false_positive_rate"]);
    check_near(roc.true_positive_rate, expected["true_positive_rate"]);
    CHECK(roc.thresholds[0] == std::numeric_limits<double>::infinity());
    check_near(roc.thresholds.tail(roc.thresholds.size() - 1), expected["thresholds"]);
    const ec::PrecisionRecallCurve curve = ec::precision_recall_curve(labels, scores);
    check_near(curve.precision, expected["precision"]);
    check_near(curve.recall, expected["recall"]);
    CHECK(curve.thresholds == roc.thresholds.tail(roc.thresholds.size() - 1).reverse());
    CHECK(std::abs(ec::roc_auc_score(labels, scores) - pairs(labels, scores)) < 1e-14);
  }
}

TEST_CASE("metrics: areas worked by hand") {
  const Eigen::VectorXi labels{{0, 0, 1, 1}};
  const Eigen::VectorXf scores{{0.1F, 0.4F, 0.35F, 0.8F}};
  CHECK(ec::roc_auc_score(labels, scores) == 0.75);
  CHECK(ec::average_precision_score(labels, scores) == Approx(0.5 * 1 + 0.5 * 2 / 3));
  CHECK(ec::roc_auc_score(labels, -scores) == 0.25);
  CHECK(ec::roc_auc_score(labels, labels.cast<double>()) == 1);
  CHECK(ec::average_precision_score(labels, labels.cast<double>()) == 1);
  // Scores that say nothing: one point, and the share of the positive.
  CHECK(ec::roc_auc_score(labels, Eigen::VectorXf::Constant(4, 3)) == 0.5);
  CHECK(ec::average_precision_score(labels, Eigen::VectorXf::Zero(4)) == 0.5);
  CHECK(ec::roc_curve(labels, Eigen::VectorXf::Zero(4)).thresholds.size() == 2);
  // Recall is defined without negative samples.
  CHECK(ec::average_precision_score(Eigen::VectorXi::Ones(4), scores) == 1);

  // Any monotone map of the scores leaves the area.
  CHECK(ec::roc_auc_score(labels, scores.array().exp() * 1e30F) == 0.75);
  SECTION("labels of any integer, comparisons, rows") {
    CHECK(ec::roc_auc_score(labels.cast<std::uint8_t>().eval(), scores.transpose()) == 0.75);
    const Eigen::VectorXi digits{{3, 5, 7, 7}};
    CHECK(ec::roc_auc_score(digits.array() == 7, scores) == 0.75);
    CHECK(ec::average_precision_score((digits.array() == 7).transpose(), scores.transpose()) == Approx(5 / 6.0));
  }
}

TEST_CASE("metrics of scores: bad input is refused") {
  Eigen::VectorXi labels{{0, 1, 1, 0}};
  Eigen::VectorXf scores{{1, 2, 3, 4}};
  expect_error<ec::ShapeError>([&] { ec::roc_auc_score(labels, scores.head(3)); }, {"roc_auc_score", "expected 4", "found 3"});
  expect_error<ec::ShapeError>([&] { ec::roc_curve(labels, Eigen::MatrixXf::Zero(2, 2)); }, {"vector of scores", "2 × 2"});
  expect_error<ec::ShapeError>([&] { ec::average_precision_score(labels.head(0), scores.head(0)); }, {"at least one sample"});
  expect_error<ec::Error>([&] { ec::roc_auc_score(Eigen::VectorXi::Ones(4), scores); },
                          {"both classes", "none labelled 0 among 4"});
  expect_error<ec::Error>([&] { ec::roc_curve(Eigen::VectorXi::Zero(4), scores); }, {"none labelled 1"});
  expect_error<ec::Error>([&] { ec::average_precision_score(Eigen::VectorXi::Zero(4), scores); },
                          {"at least one sample labelled 1"});
  labels[2] = -1;
  expect_error<ec::OptionError>([&] { ec::roc_auc_score(labels, scores); }, {"labels 0 and 1", "found -1 for sample 2"});
  labels[2] = 1;
  scores[3] = std::numeric_limits<float>::quiet_NaN();
  expect_error<ec::NonFiniteError>([&] { ec::precision_recall_curve(labels, scores); }, {"found nan for sample 3"});
}
