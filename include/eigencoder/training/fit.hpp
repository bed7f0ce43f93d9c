// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

#include "eigencoder/training/feed.hpp"
#include "eigencoder/training/trainer_of.hpp"

namespace eigencoder::detail {

/// One fit of a trainer, which is its friend: the epochs, and what lives as long as they do.
template <class T>
class Fit {
  using Trainer = TrainerOf<T>;

 public:
  /// Takes the memory. What it is given has been checked, and must outlive the fit. An empty set: it does not validate.
  Fit(Trainer& trainer, Feed<T>& feed, const SampleSet<T>& validation, const FitOptions<T>& options)
      : trainer_(trainer),
        feed_(feed),
        validation_(validation),
        options_(options),
        history_{.terms = trainer.terms(), .metrics = names_of(options.metrics)},
        display_(trainer.ranks_.rank() == 0 ? options.progress : Progress::quiet, options.epochs, history_.terms, history_.metrics) {
    trainer_.stepper_->reserve_training(feed.most());
    trainer_.best_ = {.snapshot = trainer_.snapshot(), .begun = validates_ ? Snapshot<T>{} : trainer_.snapshot()};
    trainer_.stop_.clear();
  }

  History run() {
    const FitPlan plan{.epochs = options_.epochs,
                       .steps_per_epoch = feed_.steps(),
                       .first_update = trainer_.updates(),
                       .terms = history_.terms,
                       .metrics = history_.metrics,
                       .validates = validates_};
    for (const Callback& callback : options_.callbacks) {
      if (callback.before_fit && is_called(callback)) callback.before_fit(trainer_, plan);
    }
    agree_to_stop();
    for (Index epoch = 1; epoch <= options_.epochs && !stopped_; ++epoch) {
      if (!run_epoch(epoch)) break;
    }
    display_.close();
    trainer_.best_.begun = {};
    history_.stopped = trainer_.stop_;
    for (const Callback& callback : options_.callbacks) {
      if (callback.after_fit && is_called(callback)) callback.after_fit(history_);
    }
    return std::move(history_);
  }

 private:
  static std::vector<std::string> names_of(const std::vector<Metric<T>>& metrics) {
    std::vector<std::string> names;
    for (const Metric<T>& metric : metrics) names.push_back(metric.name);
    return names;
  }

  /// Returns whether it came to its end: false if it was stopped before.
  bool run_epoch(Index epoch) {
    const std::size_t terms = history_.terms.size();
    EpochReport report{.epoch = epoch,
                       .train = {.loss = 0, .terms = std::vector<double>(terms)},
                       .validation = {.terms = std::vector<double>(validates_ ? terms : 0)},
                       .validated = validates_};
    if (!validates_) trainer_.keep(trainer_.best_.begun);
    if (!train(report)) return false;
    ++trainer_.epochs_;
    if (validates_) validate(report);
    trainer_.best_.offer(report, [this](Snapshot<T>& moment) { trainer_.keep(moment); });
    display_.epoch(report);
    history_.epochs.push_back(report);
    for (std::size_t k = 0; k < terms; ++k) warn(report, k);
    for (const Callback& callback : options_.callbacks) {
      if (callback.after_epoch && is_called(callback) && callback.after_epoch(report) == Training::stop && trainer_.stop_.empty()) {
        trainer_.stop(message("a callback stopped it after epoch ", epoch));
      }
    }
    agree_to_stop();
    return true;
  }

  bool is_called(const Callback& callback) const { return trainer_.ranks_.rank() == 0 || !callback.first_rank_alone; }
  /// Where one rank stops, all do, and at the same time: what the loops look at is `stopped_`.
  void agree_to_stop() {
    stopped_ = !trainer_.ranks_.all(trainer_.stop_.empty());
    if (stopped_ && trainer_.stop_.empty()) trainer_.stop("another rank stopped it");
  }

  bool train(EpochReport& report) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    const Index total = feed_.size();
    const auto samples_planned = static_cast<double>(std::max<Index>(total, 1));
    const auto steps_planned = static_cast<double>(std::max<Index>(feed_.steps(), 1));
    Index samples = 0, number = 0;
    feed_.begin_epoch(feed_.shuffled() ? trainer_.shuffles_++ : 0);
    for (Batch<T> batch = feed_.next(); batch.samples() > 0; batch = feed_.next()) {
      ++number;
      samples += batch.samples();
      const auto values = trainer_.train_step(batch);
      const double loss = trainer_.weighted(values, true);
      if (!trainer_.stepper_->taken()) {
        const auto origin = feed_.origin();
        go_back([&] { return message("batch ", number, ": ", trainer_.why_not_taken(loss, origin.batch, origin.first)); }, report.epoch);
      }
      Trainer::add(report.train, loss, values, static_cast<double>(batch.samples()) / samples_planned);
      const double norm = trainer_.gradient_norm();
      report.gradient_norm += norm / steps_planned;
      report.learning_rate = trainer_.learning_rate();
      report.seconds = std::chrono::duration<double>(Clock::now() - start).count();
      const double seen = static_cast<double>(samples) / samples_planned;
      const BatchReport progress{report.epoch, options_.epochs, samples, total, report.train.loss / seen, report.seconds, norm,
                                 loss};
      display_.batch(progress);
      for (const Callback& callback : options_.callbacks) {
        if (callback.after_batch && is_called(callback)) callback.after_batch(progress);
      }
      // Ranks ask each other after a batch where something may have stopped one of them.
      if (trainer_.ranks_.alone() || !options_.callbacks.empty() || feed_.steps() == 0) agree_to_stop();
      if (stopped_ && samples != total) return false;
    }
    if (samples != total) {  // others than were planned, or none were
      const Evaluation sums = std::exchange(report.train, {.loss = 0, .terms = std::vector<double>(report.train.terms.size())});
      Trainer::add(report.train, sums.loss, sums.terms, samples_planned / static_cast<double>(samples));
    }
    if (number != feed_.steps()) report.gradient_norm *= steps_planned / static_cast<double>(number);
    report.samples_per_second = static_cast<double>(samples) / std::max(report.seconds, 1e-9);
    const Parameters<T> now = trainer_.contents();
    const auto finite = [](const T* values, Index count) { return VectorView<const T>(values, count).allFinite(); };
    if (!finite(now.theta, trainer_.layout_.parameters) || !finite(now.state, trainer_.layout_.state)) {
      const Samples<T> any = Eigen::Matrix<T, Eigen::Dynamic, 1>::Zero(trainer_.rules_.input.size());
      const std::string advice = Trainer::after_divergence(trainer_.learning_rate());
      go_back([&] { return message("after its last step: ", trainer_.diagnosis(any, {}, 0), advice); }, report.epoch);
    }
    return true;
  }

  void validate(EpochReport& report) {
    const T* const theta = trainer_.weights_to_predict();
    trainer_.evaluate_batches(validation_, feed_.most().all, theta, report.validation);
    if (options_.metrics.empty()) return;
    const NetworkLayout& layout = trainer_.layout_;
    report.metrics = evaluate_metrics(
        options_.metrics, validation_, layout.output, 2.0 * static_cast<double>(layout.multiplications), trainer_.threads(),
        trainer_.ranks_, [&](Index first, Index end, T* outputs) { trainer_.predict(theta, validation_, first, end, outputs); });
  }

  /// Shows and keeps the first warning of a term.
  void warn(const EpochReport& report, std::size_t k) {
    const std::string from = history_.terms[k] + ": ";
    const auto spoke = [&](const std::string& text) { return text.starts_with(from); };
    if (std::any_of(history_.warnings.begin(), history_.warnings.end(), spoke)) return;
    const std::string text = trainer_.warning(k, report.train.terms[k]);
    if (text.empty()) return;
    history_.warnings.push_back(from + text);
    display_.warning(history_.warnings.back());
  }

  /// Ends a fit that has diverged: goes back to the best so far, after what() has looked at the state that diverged.
  template <class What>
  [[noreturn]] void go_back(const What& what, Index epoch) {
    const auto& best = trainer_.best_;
    std::string text;
    try {
      text = message("epoch ", epoch, ", ", what());
    } catch (...) {
      trainer_.restore(best.snapshot);
      throw;
    }
    trainer_.restore(best.snapshot);
    trainer_.agreed_ = true;
    throw NonFiniteError(message(text, " The model and the optimizer are what they were ", best.moment(), '.'));
  }

  Trainer& trainer_;
  Feed<T>& feed_;
  const SampleSet<T>& validation_;
  const FitOptions<T>& options_;
  bool stopped_ = false;  ///< on all ranks
  const bool validates_ = validation_.strata.size() > 0;
  History history_;
  ProgressDisplay display_;
};

}  // namespace eigencoder::detail
