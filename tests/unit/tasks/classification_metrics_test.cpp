// SPDX-License-Identifier: MIT
#include <cstdint>
#include <limits>

#include "golden/golden.hpp"
#include "support/throws.hpp"
#include <eigencoder/tasks/classification_metrics.hpp>
#include <eigencoder/tasks/silhouette.hpp>

namespace ec = eigencoder;

TEST_CASE("metrics: confusion, accuracy and mean intersection over union equal scikit-learn's") {
  const nlohmann::json cases = golden::load("metrics.json")["classifications"];
  REQUIRE(cases.size() >= 3);
  for (const auto& [name, expected] : cases.items()) {
    INFO(name);
    const ec::Index count = expected["samples"], classes = expected["classes"];
    const auto draw = [&](std::uint64_t stream) {
      Eigen::VectorXd u(count);
      golden::fill(stream, 1, 0, u);
      return u;
    };
    const auto kinds = static_cast<double>(std::min<ec::Index>(classes, 6));
    const Eigen::VectorXi truth = (kinds * draw(1)).array().floor().cast<int>();
    const Eigen::VectorXi other = (kinds * draw(3)).array().floor().cast<int>();
    const Eigen::VectorXi predicted = (draw(2).array() < 0.6).select(truth, other);

    const ec::ConfusionMatrix confusion = ec::confusion_matrix(truth, predicted, classes);
    for (ec::Index i = 0; i < classes; ++i)
      for (ec::Index j = 0; j < classes; ++j)
        CHECK(confusion(i, j) ==
              expected["confusion"][static_cast<std::size_t>(i)][static_cast<std::size_t>(j)].get<ec::Index>());
    CHECK(std::abs(ec::accuracy_score(truth, predicted) - expected["accuracy"].get<double>()) < 1e-15);
    CHECK(std::abs(ec::mean_iou(truth, predicted, classes) - expected["mean_iou"].get<double>()) < 1e-14);
    CHECK(ec::mean_iou(confusion) == ec::mean_iou(truth, predicted, classes));
    CHECK(ec::mean_iou(truth, truth, classes) == 1);
  }
}

TEST_CASE("metrics: masks of bytes, comparisons and other integers") {
  Eigen::Matrix<std::uint8_t, -1, -1> truth(2, 2), predicted(2, 2);
  truth << 1, 0, 1, 0;
  predicted << 1, 1, 0, 0;
  CHECK(ec::accuracy_score(truth, predicted) == 0.5);
  CHECK(ec::mean_iou(truth, predicted, 2) == Approx(1 / 3.0));
  CHECK(ec::mean_iou(truth.array() == 1, predicted.array() == 1, 2) == Approx(1 / 3.0));
  CHECK(ec::mean_iou(truth, predicted.cast<int>() * 1, 250) == Approx(1 / 3.0));  // classes that occur nowhere do not count
  const Eigen::VectorXi negative{{-1, 5}};
  CHECK(ec::accuracy_score(negative, Eigen::Matrix<unsigned, 2, 1>{0xffffffffU, 5U}) == 0.5);
}

TEST_CASE("metrics of labels: bad input is refused") {
  const Eigen::VectorXi truth{{0, 1, 2}}, predicted{{0, 3, 2}};
  expect_error<ec::OptionError>([&] { ec::confusion_matrix(truth, predicted, 3); },
                                {"from 0 to 2", "found 3", "predicted", "row 1"});
  expect_error<ec::OptionError>([&] { ec::mean_iou(-truth, predicted, 4); }, {"found -1", "a true one", "row 1 of column 0"});
  expect_error<ec::OptionError>([&] { ec::confusion_matrix(truth, truth, 0); }, {"1 class or more", "found 0"});
  expect_error<ec::ShapeError>([&] { ec::accuracy_score(truth, predicted.transpose()); }, {"3 × 1", "1 × 3"});
  expect_error<ec::ShapeError>([&] { ec::accuracy_score(truth.head(0), truth.head(0)); }, {"at least one label"});
  expect_error<ec::ShapeError>([&] { ec::mean_iou(ec::ConfusionMatrix::Ones(2, 3)); }, {"square", "2 × 3"});
  expect_error<ec::ShapeError>([&] { ec::mean_iou(ec::ConfusionMatrix::Zero(2, 2)); }, {"at least one label"});
  expect_error<ec::OptionError>([&] { ec::mean_iou(-ec::ConfusionMatrix::Ones(2, 2)); }, {"found -1 in row 0"});
}

TEST_CASE("silhouette: scikit-learn's, of codes near the origin and far from it") {
  const nlohmann::json cases = golden::load("metrics.json")["clusters"];
  REQUIRE(cases.size() >= 3);
  for (const auto& [name, expected] : cases.items()) {
    INFO(name);
    const ec::Index count = expected["samples"];
    const int classes = expected["classes"];
    Eigen::VectorXi labels(count);
    for (ec::Index j = 0; j < count; ++j) labels[j] = static_cast<int>(j) % (classes > 2 ? classes - 1 : classes);
    if (classes > 2) labels[0] = classes - 1;
    Eigen::MatrixXd codes(expected["dimensions"].get<ec::Index>(), count);
    golden::fill(1, 2, -1, codes);
    codes.rowwise() += labels.cast<double>().transpose();

    const Eigen::VectorXd found = ec::silhouette_samples(codes, labels);
    for (ec::Index j = 0; j < count; ++j) {
      CHECK(std::abs(found[j] - expected["silhouettes"][static_cast<std::size_t>(j)].get<double>()) < 1e-13);
    }
    CHECK(std::abs(ec::silhouette_score(codes, labels) - expected["score"].get<double>()) < 1e-13);
    CHECK((ec::silhouette_samples((codes.array() + 1e6).matrix(), labels) - found).norm() < 1e-7);
    // Names of the classes mean nothing.
    CHECK(ec::silhouette_samples(codes, (-7 * labels).transpose()) == found);
    CHECK(std::abs(ec::silhouette_score(codes.cast<float>(), labels) - expected["score"].get<double>()) < 1e-6);
  }
}

TEST_CASE("silhouette: worked by hand") {
  // On a line: 0 and 1 against 4. Code 0: a = 1, b = 4; code 1: a = 1, b = 3; code 2 is alone.
  const Eigen::MatrixXf codes{{0, 1, 4}};
  const Eigen::VectorXi labels{{0, 0, 1}};
  CHECK(ec::silhouette_samples(codes, labels).isApprox(Eigen::VectorXd{{3 / 4.0, 2 / 3.0, 0}}));
  CHECK(ec::silhouette_samples(codes, labels.array() == 1).isApprox(Eigen::VectorXd{{3 / 4.0, 2 / 3.0, 0}}));
  CHECK(ec::silhouette_score(Eigen::MatrixXf::Zero(2, 4), Eigen::VectorXi{{0, 0, 1, 1}}) == 0);
}

TEST_CASE("silhouette: bad input is refused") {
  Eigen::MatrixXf codes = Eigen::MatrixXf::Random(2, 4);
  const Eigen::VectorXi labels{{0, 0, 1, 1}};
  expect_error<ec::ShapeError>([&] { ec::silhouette_score(codes, labels.head(3)); }, {"expected 4 labels", "found 3"});
  expect_error<ec::OptionError>([&] { ec::silhouette_score(codes, Eigen::VectorXi::Ones(4)); },
                                {"from 2 to 3", "found 1 of 4"});
  expect_error<ec::OptionError>([&] { ec::silhouette_score(codes, Eigen::VectorXi{{0, 1, 2, 3}}); }, {"found 4 of 4"});
  expect_error<ec::ShapeError>([&] { ec::silhouette_score(codes, Eigen::MatrixXi::Ones(2, 2)); },
                               {"vector of labels", "2 × 2"});
  codes(1, 3) = std::numeric_limits<float>::infinity();
  expect_error<ec::NonFiniteError>([&] { ec::silhouette_score(codes, labels); }, {"found inf in row 1 of code 3"});
}
