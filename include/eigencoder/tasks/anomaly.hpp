// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "eigencoder/data/scaling.hpp"
#include "eigencoder/tasks/code_distance.hpp"
#include "eigencoder/tasks/conformal.hpp"
#include "eigencoder/tasks/sample_values.hpp"

namespace eigencoder {

/// In the place of a scaler: samples are scaled already, such as images.
template <class T = float>
struct Unscaled {
  static constexpr Index features() { return 0; }
  template <class X>
  void fit(const X&) const {}
  template <class X>
  void apply(const X&) const {}
  template <class X>
  void invert(const X&) const {}
  template <class F>
  void for_each_part(F) const {}
};

/// A threshold that this part of the calibration scores does not exceed: Quantile{0.99}. Of few scores a further one exceeds it
/// more often than 1 − value: FalseAlarmRate counts that in.
struct Quantile {
  double value;
};
/// A threshold that a normal sample exceeds with at most this probability: FalseAlarmRate{0.05}. Conformal: alarms are the
/// samples whose p-value is at most `value` (ConformalCalibration).
struct FalseAlarmRate {
  double value;
};

/// What one feature adds to a score.
struct Contribution {
  Index feature;  ///< its row
  double error;   ///< the loss at that value, not divided by the number of features
};

struct AnomalyFitOptions {
  double calibration_fraction = 0.2;  ///< of the samples, drawn at random: neither scaler nor model see them
  Seed seed{};                        ///< of that draw
};

/// Finds what is unlike the samples that it was fitted to, by a model that restores these: an autoencoder with the scaler of
/// its features, a score, the scores of normal samples that neither has seen, and a threshold.
///   ec::AnomalyDetector detector{Model{ec::Seed{42}}};
///   ec::Trainer trainer{detector.model(), ec::MeanSquaredError{}, ec::Adam{}};
///   detector.fit(normal, [&](const Eigen::MatrixXf& scaled) { trainer.fit(scaled, {.epochs = 20}); });
///   detector.set_threshold(ec::FalseAlarmRate{0.01});
///   auto workspace = detector.workspace();
///   if (detector.is_anomaly(x, workspace)) …                    // one sample, without touching the heap
///   ec::save(detector, "detector.safetensors");
/// Score, larger for what is unusual, is one of
///   a loss: MeanSquaredError, Bernoulli, …                      the error of the reconstruction
///   Elbo{Bernoulli{}}, ImportanceWeighted<16, Bernoulli>{}      of a variational model: −log p(x), bounded from above
///   CodeDistance{}                                              Mahalanobis distance of the code from those of training
/// Scaler is Standardizer, MinMaxScaler or Unscaled, feature by feature; all scores are of scaled samples. Samples are input ×
/// N in the units of `normal`. A loss of values in [0, 1] goes with Unscaled alone, since what is unusual leaves any scale.
/// What was not fitted or calibrated yet throws Error where it is needed. Const members are safe from many threads at once,
/// each with a workspace of its own. A trainer refers to model(), so the detector must stay where it is while one is in use.
template <class ModelType, class Score = MeanSquaredError, class Scaler = Standardizer<typename ModelType::Scalar>>
class AnomalyDetector {
  using Values = detail::ScoreValues<ModelType, Score>;
  using Learnt = typename Values::Learnt;
  static_assert(Values::any_values || std::same_as<Scaler, Unscaled<typename ModelType::Scalar>>,
                "AnomalyDetector: this score is of values in a range, which scaled ones leave where they are unusual: take "
                "Unscaled as the scaler, or MeanSquaredError as the score");

 public:
  using T = typename ModelType::Scalar;
  using Matrix = typename ModelType::Matrix;

  /// All that fit and calibrate find: what a file holds beside the model.
  struct Fitted {
    Scaler scaler{};
    [[no_unique_address]] Learnt learnt{};  ///< of codes, where the score is their distance
    ConformalCalibration calibration{};
    double threshold = std::numeric_limits<double>::quiet_NaN();

    template <class F>
    void for_each_part(F f) {
      parts(*this, f);
    }
    template <class F>
    void for_each_part(F f) const {
      parts(*this, f);
    }
    /// Throws ShapeError unless all belongs to this model.
    void check_parts() const {
      check_features(scaler);
      if (std::isinf(threshold)) throw ShapeError("AnomalyDetector: expected a finite threshold, found an infinite one");
      Values::check(learnt);
    }

   private:
    template <class Self, class F>
    static void parts(Self& self, F& f) {
      f("scaler", self.scaler);
      if constexpr (requires { self.learnt.mean(); }) f("codes", self.learnt);
      f(message("calibration.", type_name<Score>()), self.calibration);  // which are of no use to another score
      f("threshold", self.threshold);
    }
  };

  /// Memory for one sample at a time and for one thread.
  class Workspace {
   public:
    Workspace() : scaled_(ModelType::input.size(), 1) {}

   private:
    friend AnomalyDetector;
    Matrix scaled_;
    typename Values::Workspace values_;
  };

  /// With the scaler that the model was trained with, if it was. Throws OptionError where the score's options are out of range,
  /// ShapeError where the scaler is of other features.
  explicit AnomalyDetector(ModelType model, Score score = {}, Scaler scaler = {})
      : model_(std::move(model)), score_(score), fitted_{.scaler = std::move(scaler)} {
    static_cast<void>(values());
    if (fitted_.scaler.features() != 0) check_features(fitted_.scaler);
  }

  ModelType& model() { return model_; }
  const ModelType& model() const { return model_; }
  const Score& score_function() const { return score_; }
  const Scaler& scaler() const { return fitted_.scaler; }
  const ConformalCalibration& calibration() const { return fitted_.calibration; }
  /// For ec::load, which writes to it.
  Fitted& fitted() { return fitted_; }
  /// For ec::save. Throws Error before a fit.
  const Fitted& fitted() const {
    require_fit("save");
    return fitted_;
  }

  /// From normal samples, of which a part is put aside for calibration first. The scaler is fitted to the others, train(scaled)
  /// is called with them, as a Matrix, and has to train model(). A threshold that was there is forgotten. Throws ShapeError,
  /// OptionError, NonFiniteError, what `train` throws, and what the score finds unfit; of all but the model nothing has changed
  /// then.
  template <class Train>
  void fit(const Samples<T>& normal, Train&& train, const AnomalyFitOptions& options = {}) {
    static_assert(
        std::invocable<Train&, const Matrix&>,
        "fit needs a function that trains model() on scaled samples: [&](const auto& scaled) { trainer.fit(scaled); }");
    eigencoder::check_samples("normal", normal, ModelType::input);
    eigencoder::check_values("normal", normal);
    const double fraction = options.calibration_fraction;
    if (!(fraction > 0 && fraction < 1)) {
      throw OptionError(message("fit: expected a calibration_fraction between 0 and 1, found ", fraction));
    }
    const Index count = normal.cols(), held_out = static_cast<Index>(std::llround(fraction * static_cast<double>(count)));
    if (held_out < 1 || held_out >= count) {
      throw ShapeError(message("fit: expected samples for training and for calibration, found ", count,
                               " in all, and a calibration_fraction of ", fraction));
    }
    std::vector<Index> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), Index{0});
    const Random random(options.seed, 0, stream(RandomStream::splits));
    for (Index i = count - 1; i > 0; --i) {
      std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(random.below(i + 1, 0, i))]);
    }
    const auto take = [&](Index first, Index some) {
      Matrix taken(normal.rows(), some);
      for (Index j = 0; j < some; ++j) normal.copy_column(order[static_cast<std::size_t>(first + j)], taken.col(j).data());
      return taken;
    };
    const Matrix calibration = take(0, held_out);
    Matrix training = take(held_out, count - held_out);

    Fitted found;
    found.scaler.fit(training);
    found.scaler.apply(training);
    train(std::as_const(training));
    found.learnt = values().learn(training);
    found.calibration = ConformalCalibration(scores(found, calibration));
    fitted_ = std::move(found);
  }

  /// Finds the distribution of codes for CodeDistance, where the model was trained elsewhere, from normal samples. Throws as
  /// fit.
  void fit_codes(const Samples<T>& normal) requires(requires(Learnt learnt) { learnt.mean(); }) {
    eigencoder::check_samples("normal", normal, ModelType::input);
    eigencoder::check_values("normal", normal);
    require_scaler("fit_codes");
    fitted_.learnt = values().learn(scaled(fitted_, normal));
    fitted_.calibration = {};
    fitted_.threshold = std::numeric_limits<double>::quiet_NaN();
  }

  /// Takes the scores of other normal samples, which the model must not have seen. A threshold that was there is forgotten.
  /// Throws ShapeError, NonFiniteError, Error.
  void calibrate(const Samples<T>& held_out) {
    fitted_.calibration = ConformalCalibration(scores(held_out));
    fitted_.threshold = std::numeric_limits<double>::quiet_NaN();
  }

  /// What scores above which are anomalies. Throw Error before calibration, OptionError where a rate or part is out of range,
  /// or takes more calibration samples than there are: the message says how many.
  void set_threshold(FalseAlarmRate rate) { fitted_.threshold = fitted_.calibration.threshold(rate.value); }
  void set_threshold(Quantile quantile) { fitted_.threshold = fitted_.calibration.quantile(quantile.value); }
  /// A score itself. Throws NonFiniteError.
  void set_threshold(double score) {
    if (!std::isfinite(score)) throw NonFiniteError(message("set_threshold: expected a finite score, found ", score));
    fitted_.threshold = score;
  }
  double threshold() const {
    if (std::isnan(fitted_.threshold)) throw Error("AnomalyDetector: there is no threshold yet: call set_threshold");
    return fitted_.threshold;
  }

  Workspace workspace() const { return {}; }

  /// Of one sample, input × 1, without touching the heap. Throws Error before a fit, ShapeError, OptionError where a value is
  /// none that the loss is meant for, NonFiniteError with the place of a value that is NaN or infinite.
  double score(const SamplesInPlace<T>& x, Workspace& workspace) const {
    require_fit("score");
    if (x.rows() != ModelType::input.size() || x.cols() != 1) {
      throw ShapeError(message("score: expected one sample of ", ModelType::input.size(), " rows (shape ",
                               to_string(ModelType::input), "), found a matrix of ", x.rows(), " × ", x.cols()));
    }
    std::copy_n(x.column(0), x.rows(), workspace.scaled_.data());
    check_values("score", Samples<T>(workspace.scaled_));
    fitted_.scaler.apply(workspace.scaled_);
    return finite(values().value(fitted_.learnt, workspace.scaled_, workspace.values_), 0);
  }
  /// Of N samples, input × N → N, in parallel. One by one they have the same scores but for rounding. Throws as score() does.
  Eigen::VectorXd scores(const Samples<T>& x) const {
    require_fit("scores");
    eigencoder::check_samples("scores", x, ModelType::input);
    eigencoder::check_values("scores", x);
    return scores(fitted_, x);
  }

  /// How likely a normal sample has such a score or a larger one: ConformalCalibration::p_value. Throws Error before
  /// calibration.
  double p_value(double score) const { return fitted_.calibration.p_value(score); }

  /// Whether a score is above the threshold. Throws Error where there is none, NonFiniteError for NaN.
  bool is_anomaly(double score) const {
    if (std::isnan(score)) throw NonFiniteError("is_anomaly: expected a score, found nan");
    return score > threshold();
  }
  bool is_anomaly(const SamplesInPlace<T>& x, Workspace& workspace) const { return is_anomaly(score(x, workspace)); }

  /// Which features of one sample are restored badly: the loss at each of them, the largest first. For a score that is a
  /// loss, their mean, or with Reduction::sum their sum, is the score; for a bound on −log p(x) these are of its likelihood, at
  /// the mean of the code. Throws as score() does.
  std::vector<Contribution> contributions(const Samples<T>& x) const requires(Values::has_errors) {
    require_fit("contributions");
    eigencoder::check_samples("contributions", x, ModelType::input);
    if (x.cols() != 1) throw ShapeError(message("contributions: expected one sample, found ", x.cols()));
    eigencoder::check_values("contributions", x);
    const Eigen::VectorXd errors = values().errors(scaled(fitted_, x));
    std::vector<Contribution> found;
    for (Index i = 0; i < errors.size(); ++i) found.push_back({i, errors[i]});
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.error > b.error; });
    return found;
  }

  /// What the model makes of samples, in their own units: what normal ones like these would look like. Throws as scores() does.
  Matrix reconstruct(const Samples<T>& x) const requires(requires(const ModelType& m, Matrix s) { m.reconstruct(s); }) {
    require_fit("reconstruct");
    eigencoder::check_samples("reconstruct", x, ModelType::input);
    eigencoder::check_values("reconstruct", x);
    Matrix restored = model_.reconstruct(scaled(fitted_, x));
    fitted_.scaler.invert(restored);
    return restored;
  }

 private:
  Values values() const { return Values{model_, score_}; }

  static Matrix scaled(const Fitted& fitted, const Samples<T>& x) {
    Matrix copy = x.matrix();
    fitted.scaler.apply(copy);
    return copy;
  }
  Eigen::VectorXd scores(const Fitted& fitted, const Samples<T>& x) const {
    constexpr Index piece = 4096;  // so that a large set is not copied as a whole
    Eigen::VectorXd found(x.cols());
    for (Index first = 0; first < x.cols(); first += piece) {
      const Index some = std::min(piece, x.cols() - first);
      found.segment(first, some) = values().values(fitted.learnt, scaled(fitted, x.columns(first, some)));
    }
    for (Index j = 0; j < found.size(); ++j) finite(found[j], j);
    return found;
  }
  static double finite(double score, Index sample) {
    if (std::isfinite(score)) return score;
    throw NonFiniteError(message("AnomalyDetector: the score of sample ", sample, " is ", score,
                                 ": it is too far from what the model was trained on, or the model has diverged"));
  }

  void require_scaler(const char* call) const {
    if (fitted_.scaler.features() > 0 || std::same_as<Scaler, Unscaled<T>>) return;
    throw Error(message("AnomalyDetector::", call, ": it has no scale of the features yet: call fit, load it, or give it the ",
                        "scaler that its model was trained with"));
  }
  void require_fit(const char* call) const {
    require_scaler(call);
    if constexpr (requires { fitted_.learnt.mean(); }) {
      if (fitted_.learnt.size() > 0) return;
      throw Error(message("AnomalyDetector::", call, ": it knows no codes yet: call fit or fit_codes, or load it"));
    }
  }
  static void check_features(const Scaler& scaler) {
    if constexpr (!std::same_as<Scaler, Unscaled<T>>) {
      if (scaler.features() == ModelType::input.size()) return;
      throw ShapeError(message("AnomalyDetector: expected a scaler of ", ModelType::input.size(),
                               " features, as a sample has, found one of ", scaler.features()));
    }
  }

  ModelType model_;
  Score score_;
  Fitted fitted_;
};

}  // namespace eigencoder
