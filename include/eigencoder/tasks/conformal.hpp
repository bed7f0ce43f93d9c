// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include "eigencoder/core/eigen.hpp"
#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"

namespace eigencoder {

/// Scores c_1 … c_n of samples that are known to be normal and that no fit has seen, larger for what is thought unusual, and
/// what the score s of a further sample means beside them. Its conformal p-value is
///   p(s) = (1 + #{i: c_i ≥ s}) / (n + 1)
/// If the sample is a normal one, drawn as the n were, then p ≤ α with a probability of at most α, for any α and any kind of
/// score: of n + 1 scores in random order the last is among the k largest with a probability of k / (n + 1). The probability is
/// over samples and calibration scores; that of one given set of n scores deviates by about √(α (1 − α) / n).
/// Vovk, Gammerman and Shafer 2005; Laxhammar and Falkman 2010. MAPIE and nonconformist have the same.
class ConformalCalibration {
 public:
  /// Without scores: all members but size() and scores() throw Error.
  ConformalCalibration() = default;
  /// From the scores in any order. Throws ShapeError if there are none, NonFiniteError with the place.
  template <class Scores>
  explicit ConformalCalibration(const Eigen::DenseBase<Scores>& scores)
      : scores_(scores.derived().reshaped().template cast<double>()) {
    if (scores_.size() == 0) throw ShapeError("ConformalCalibration: expected at least one score, found none");
    check_finite();
    std::sort(scores_.begin(), scores_.end());
  }

  Index size() const { return scores_.size(); }
  /// n, rising
  const Eigen::VectorXd& scores() const { return scores_; }

  /// p(s), from 1 / (n + 1) to 1. O(log n). Throws NonFiniteError if s is NaN.
  double p_value(double score) const {
    require("p_value");
    if (std::isnan(score)) throw NonFiniteError("ConformalCalibration::p_value: expected a score, found nan");
    const auto reach = scores_.end() - std::lower_bound(scores_.begin(), scores_.end(), score);
    return static_cast<double>(1 + reach) / (n() + 1);
  }

  /// The threshold t with s > t exactly where p(s) ≤ rate: the ⌊rate (n + 1)⌋-th largest score. Throws OptionError unless the
  /// rate is between 0 and 1 and samples_for(rate) scores are there.
  double threshold(double rate) const {
    require("threshold");
    const Index needed = samples_for(rate);
    if (size() < needed) {
      throw OptionError(
          message("a false-alarm rate of ", rate, " takes ", needed, " calibration samples or more, found ", size()));
    }
    auto alarms = static_cast<Index>(rate * (n() + 1));  // the most with alarms / (n + 1) ≤ rate, in the arithmetic of p_value
    if (static_cast<double>(alarms + 1) / (n() + 1) <= rate) ++alarms;
    if (static_cast<double>(alarms) / (n() + 1) > rate) --alarms;
    return scores_[size() - alarms];
  }

  /// How many scores a rate takes: ⌈1 / rate⌉ − 1, as no p-value is below 1 / (n + 1). Throws OptionError unless it is between
  /// 0 and 1.
  static Index samples_for(double rate) {
    if (!(rate > 0 && rate < 1)) {
      throw OptionError(message("expected a false-alarm rate between 0 and 1, found ", rate));
    }
    if (rate < 1e-15) throw OptionError(message("a false-alarm rate of ", rate, " takes more samples than can be counted"));
    // The least n with 1 / (n + 1) ≤ rate, in the arithmetic of p_value: the quotient may be off by its rounding.
    auto needed = std::max(static_cast<Index>(std::ceil(1 / rate)) - 1, Index{1});
    if (needed > 1 && 1 / static_cast<double>(needed) <= rate) --needed;
    if (1 / static_cast<double>(needed + 1) > rate) ++needed;
    return needed;
  }

  /// The part of the scores that is q, from 0 to 1, with interpolation between neighbours. numpy: quantile. Throws OptionError.
  double quantile(double q) const {
    require("quantile");
    if (!(q >= 0 && q <= 1)) throw OptionError(message("expected a quantile from 0 to 1, found ", q));
    const double place = q * (n() - 1);
    const auto below = static_cast<Index>(place);
    const double low = scores_[below], high = scores_[std::min(below + 1, size() - 1)];
    return low + (place - static_cast<double>(below)) * (high - low);
  }

  /// Throws ShapeError or NonFiniteError where scores that were loaded cannot be those of a calibration.
  void check_parts() const {
    check_finite();
    if (!std::is_sorted(scores_.begin(), scores_.end())) {
      throw ShapeError("ConformalCalibration: expected scores in rising order, found others");
    }
  }
  template <class F>
  void for_each_part(F f) {
    f("scores", scores_);
  }
  template <class F>
  void for_each_part(F f) const {
    f("scores", scores_);
  }

 private:
  double n() const { return static_cast<double>(size()); }
  void require(const char* call) const {
    if (size() > 0) return;
    throw Error(message(call, ": there are no calibration scores yet: fit or calibrate first"));
  }
  void check_finite() const {
    for (Index i = 0; i < size(); ++i) {
      if (std::isfinite(scores_[i])) continue;
      throw NonFiniteError(message("ConformalCalibration: expected finite scores, found ", scores_[i], " at place ", i));
    }
  }

  Eigen::VectorXd scores_;
};

}  // namespace eigencoder
