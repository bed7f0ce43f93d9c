// SPDX-License-Identifier: MIT
#include "eigencoder/tasks/class_map.hpp"

#include "support/catch.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
using ec::Index;

TEST_CASE("class_map: the channel of the largest value of every place") {
  const Eigen::MatrixXf y{{0.1F, 3}, {0.7F, 3}, {0.2F, -1}, {-5, 0}, {-6, 0}, {-4, 0.5F}};  // two places of three channels
  CHECK(ec::class_map(y, 3) == Eigen::MatrixXi{{1, 0}, {2, 2}});
  CHECK(ec::class_map(y.leftCols(1) * 2.0F, 6) == Eigen::MatrixXi{{1}});
  CHECK(ec::class_map(y.cast<double>(), 1) == Eigen::MatrixXi::Zero(6, 2));
  expect_error<ec::ShapeError>([&] { ec::class_map(y, 4); }, {"expected rows in multiples of 4 channels, found 6 × 2"});
  expect_error<ec::OptionError>([&] { ec::class_map(y, 0); }, {"expected 1 channel or more, found 0"});
  Eigen::MatrixXf spoilt = y;
  spoilt(4, 1) = std::numeric_limits<float>::quiet_NaN();
  expect_error<ec::NonFiniteError>([&] { ec::class_map(spoilt, 3); }, {"found nan in row 4 of sample 1"});
}

TEST_CASE("known_places and iou_by_class: of three classes, one of which occurs nowhere") {
  const Eigen::MatrixXi truth{{0, 1}, {-1, 1}, {0, -1}}, predicted{{0, 1}, {3, 0}, {0, 3}};
  const ec::KnownPlaces known = ec::known_places(truth, predicted);
  CHECK(known.truth == Eigen::VectorXi{{0, 0, 1, 1}});
  CHECK(known.predicted == Eigen::VectorXi{{0, 0, 1, 0}});
  const ec::ConfusionMatrix counts = ec::confusion_matrix(known.truth, known.predicted, 3);
  const Eigen::VectorXd iou = ec::iou_by_class(counts);
  CHECK(iou[0] == Approx(2.0 / 3));
  CHECK(iou[1] == Approx(1.0 / 2));
  CHECK(std::isnan(iou[2]));
  CHECK(ec::mean_iou(counts) == Approx((iou[0] + iou[1]) / 2));
  expect_error<ec::ShapeError>([&] { ec::known_places(truth, predicted.topRows(2)); }, {"known_places", "3 × 2 and 2 × 2"});
  expect_error<ec::ShapeError>([&] { ec::known_places(Eigen::MatrixXi::Constant(3, 2, -1), predicted); },
                               {"found none: all are negative"});
  expect_error<ec::ShapeError>([] { ec::iou_by_class(ec::ConfusionMatrix::Zero(2, 3)); }, {"iou_by_class", "2 × 3"});
}

TEST_CASE("balanced_class_weights: scikit-learn's, of the places that are known") {
  const Eigen::MatrixXi labels{{0, 0, 0}, {0, 2, -1}, {0, 2, -1}, {0, 0, 0}};  // eight of 0, two of 2, two unknown
  const std::array<double, 4> weights = ec::balanced_class_weights<4>(labels);
  CHECK(weights[0] == Approx(10.0 / (2 * 8)));
  CHECK(weights[2] == Approx(10.0 / (2 * 2)));
  CHECK(weights[1] == 1);
  CHECK(weights[3] == 1);
  expect_error<ec::OptionError>([&] { ec::balanced_class_weights<2>(labels); },
                                {"expected labels to 1, found 2 in row 1 of sample 1"});
  expect_error<ec::ShapeError>([] { ec::balanced_class_weights<2>(Eigen::MatrixXi::Constant(2, 2, -1)); }, {"found none"});
}

TEST_CASE("class_colours: a colour for each class, black where it is unknown") {
  const Eigen::MatrixXf colours = ec::class_colours(Eigen::MatrixXi{{0, 5}, {-1, 17}});
  CHECK(colours.rows() == 6);
  CHECK(colours(0, 0) == Approx(225 / 255.0));
  CHECK(colours.col(0).tail(3).isZero(0));
  CHECK(colours.col(1).head(3) == colours.col(1).tail(3));  // after twelve classes they begin again
  CHECK(colours.minCoeff() >= 0);
  CHECK(colours.maxCoeff() <= 1);
  Eigen::MatrixXi twelve(12, 1);
  for (int k = 0; k < 12; ++k) twelve(k, 0) = k;
  const Eigen::MatrixXf all = ec::class_colours(twelve);
  for (Index a = 0; a < 12; ++a) {
    for (Index b = 0; b < a; ++b) CHECK((all.middleRows(3 * a, 3) - all.middleRows(3 * b, 3)).norm() > 0.2F);
  }
}
