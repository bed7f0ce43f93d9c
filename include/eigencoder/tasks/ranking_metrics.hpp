// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "eigencoder/tasks/label_vector.hpp"

namespace eigencoder {

/// How a threshold on scores separates two classes: samples whose score reaches it are called positive. Point 0 is above all
/// scores, (0, 0) at ∞; then comes one for each distinct score, falling, up to (1, 1).
struct RocCurve {
  Eigen::VectorXd false_positive_rate, true_positive_rate, thresholds;
};

/// The same by precision, TP / (TP + FP), and recall, TP / P: one point for each distinct score, rising, then precision 1 at
/// recall 0 without a threshold, so that there is one fewer of these. scikit-learn's order.
struct PrecisionRecallCurve {
  Eigen::VectorXd precision, recall, thresholds;
};

namespace detail {

/// What a threshold, one for each distinct score and falling, calls positive: how many samples, rightly and wrongly.
struct Ranking {
  std::vector<double> thresholds, true_positives, false_positives;

  double positives() const { return true_positives.back(); }
  double negatives() const { return false_positives.back(); }
};

template <class Truth, class Scores>
Ranking rank(const char* what, const Truth& labels, const Scores& scores) {
  static_assert(Labels<Truth>, "labels are a vector of whole numbers, 0 and 1, and come before the scores");
  static_assert(DenseExpression<Scores> && std::floating_point<typename Scores::Scalar>,
                "scores are a vector of float or double, behind the labels");
  check_vector(what, "labels", labels);
  check_vector(what, "scores", scores);
  check_count(what, "scores", labels.size(), scores.size());
  if (labels.size() == 0) throw ShapeError(message(what, ": expected at least one sample, found none"));

  std::vector<std::pair<double, bool>> samples;
  samples.reserve(static_cast<std::size_t>(scores.size()));
  const auto truth = labels.eval();
  const auto values = scores.eval();
  for (Index i = 0; i < values.size(); ++i) {
    const auto label = +truth.coeff(i);  // of an integer that is no bool
    const double score = static_cast<double>(values.coeff(i));
    if (label != 0 && label != 1) {
      throw OptionError(message(what, ": expected labels 0 and 1, found ", label, " for sample ", i));
    }
    if (!std::isfinite(score)) {
      throw NonFiniteError(message(what, ": expected finite scores, found ", score, " for sample ", i));
    }
    samples.emplace_back(score, label == 1);
  }
  std::sort(samples.begin(), samples.end(), [](const auto& a, const auto& b) { return a.first > b.first; });

  Ranking ranking;
  double right = 0, wrong = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    (samples[i].second ? right : wrong) += 1;
    if (i + 1 < samples.size() && samples[i + 1].first == samples[i].first) continue;
    ranking.thresholds.push_back(samples[i].first);
    ranking.true_positives.push_back(right);
    ranking.false_positives.push_back(wrong);
  }
  return ranking;
}

inline void require_class(const char* what, int label, double count, Index samples) {
  if (count == 0) {
    throw Error(message(what, ": expected samples of both classes, found none labelled ", label, " among ", samples,
                        "; the value is not defined without them"));
  }
}

template <class Truth, class Scores>
Ranking rank_both(const char* what, const Truth& labels, const Scores& scores) {
  Ranking ranking = rank(what, labels, scores);
  require_class(what, 1, ranking.positives(), labels.size());
  require_class(what, 0, ranking.negatives(), labels.size());
  return ranking;
}

template <class Truth, class Scores>
Ranking rank_positives(const char* what, const Truth& labels, const Scores& scores) {
  Ranking ranking = rank(what, labels, scores);
  if (ranking.positives() == 0) {
    throw Error(message(what, ": expected at least one sample labelled 1, found none among ", labels.size(),
                        "; recall is not defined without one"));
  }
  return ranking;
}

}  // namespace detail

// Labels and scores are vectors, one value a sample: labels 1 (positive) and 0, scores float or double, larger for what is
// thought positive; a reconstruction's error is a score for anomalies. Samples with equal scores are told apart by no
// threshold, and count together. O(n log n) for n samples. All throw ShapeError for other sizes, OptionError for other labels
// and NonFiniteError for scores that are not finite, both with the sample's number, Error where a class that is needed has no
// sample.

/// scikit-learn: roc_curve with drop_intermediate=False.
template <class Truth, class Scores>
RocCurve roc_curve(const Truth& labels, const Scores& scores) {
  const detail::Ranking ranking = detail::rank_both("roc_curve", labels, scores);
  const auto count = static_cast<Index>(ranking.thresholds.size());
  RocCurve curve{Eigen::VectorXd::Zero(count + 1), Eigen::VectorXd::Zero(count + 1), Eigen::VectorXd(count + 1)};
  curve.thresholds[0] = std::numeric_limits<double>::infinity();
  for (Index i = 0; i < count; ++i) {
    const auto k = static_cast<std::size_t>(i);
    curve.false_positive_rate[i + 1] = ranking.false_positives[k] / ranking.negatives();
    curve.true_positive_rate[i + 1] = ranking.true_positives[k] / ranking.positives();
    curve.thresholds[i + 1] = ranking.thresholds[k];
  }
  return curve;
}

/// The area under that curve, by trapezoids between its points: the probability that a positive sample has a larger score than
/// a negative one, of equal scores a half. scikit-learn: roc_auc_score.
template <class Truth, class Scores>
double roc_auc_score(const Truth& labels, const Scores& scores) {
  const detail::Ranking ranking = detail::rank_both("roc_auc_score", labels, scores);
  double twice = 0, right = 0, wrong = 0;  // whole numbers, exact up to 2⁵³
  for (std::size_t i = 0; i < ranking.thresholds.size(); ++i) {
    twice += (ranking.false_positives[i] - wrong) * (ranking.true_positives[i] + right);
    right = ranking.true_positives[i];
    wrong = ranking.false_positives[i];
  }
  return twice / (2 * ranking.positives() * ranking.negatives());
}

/// scikit-learn: precision_recall_curve. Needs a positive sample, but no negative one.
template <class Truth, class Scores>
PrecisionRecallCurve precision_recall_curve(const Truth& labels, const Scores& scores) {
  const detail::Ranking ranking = detail::rank_positives("precision_recall_curve", labels, scores);
  const auto count = static_cast<Index>(ranking.thresholds.size());
  PrecisionRecallCurve curve{Eigen::VectorXd::Ones(count + 1), Eigen::VectorXd::Zero(count + 1), Eigen::VectorXd(count)};
  for (Index i = 0; i < count; ++i) {
    const auto k = static_cast<std::size_t>(count - 1 - i);
    curve.precision[i] = ranking.true_positives[k] / (ranking.true_positives[k] + ranking.false_positives[k]);
    curve.recall[i] = ranking.true_positives[k] / ranking.positives();
    curve.thresholds[i] = ranking.thresholds[k];
  }
  return curve;
}

/// The mean of the precision over the recall, in steps: Σ_k (recall_k − recall_(k−1)) · precision_k over the thresholds,
/// falling. Not the area by trapezoids, which flatters. scikit-learn: average_precision_score. Needs a positive sample, but no
/// negative one.
template <class Truth, class Scores>
double average_precision_score(const Truth& labels, const Scores& scores) {
  const detail::Ranking ranking = detail::rank_positives("average_precision_score", labels, scores);
  double sum = 0, right = 0;
  for (std::size_t i = 0; i < ranking.thresholds.size(); ++i) {
    const double now = ranking.true_positives[i];
    sum += (now - std::exchange(right, now)) * (now / (now + ranking.false_positives[i]));
  }
  return sum / ranking.positives();
}

}  // namespace eigencoder
