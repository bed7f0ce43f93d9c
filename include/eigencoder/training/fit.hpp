// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <numeric>

#include "eigencoder/training/sets.hpp"
#include "eigencoder/training/trainer_of.hpp"

namespace eigencoder::detail {

/// One fit of a trainer, which is its friend: the epochs, and what lives as long as they do.
template <class T>
class Fit {
  using Trainer = TrainerOf<T>;

 public:
  /// Checks everything, and takes the memory. Options must outlive the fit.
  Fit(Trainer& trainer, const Samples<T>& inputs, const Samples<T>& targets, const FitOptions<T>& options)
      : trainer_(trainer),
        options_(options),
        sets_(checked_sets(trainer.rules_, inputs, targets, options, trainer.seed_)),
        batch_size_(std::min(options.batch_size, train_.size())),
        history_{.terms = trainer.terms(), .metrics = names_of(options.metrics)},
        display_(options.progress, options.epochs, history_.terms, history_.metrics),
        order_(options.shuffle ? static_cast<std::size_t>(train_.size()) : 0) {
    trainer_.stepper_->reserve_training(batch_size_);
    trainer_.best_ = {.snapshot = trainer_.snapshot(), .begun = validates_ ? Snapshot<T>{} : trainer_.snapshot()};
    trainer_.stop_.clear();
  }

  History run() {
    const FitPlan plan{.epochs = options_.epochs,
                       .steps_per_epoch = (train_.size() + batch_size_ - 1) / batch_size_,
                       .first_update = trainer_.updates(),
                       .terms = history_.terms,
                       .metrics = history_.metrics,
                       .validates = validates_};
    for (const Callback& callback : options_.callbacks) {
      if (callback.before_fit) callback.before_fit(trainer_, plan);
    }
    for (Index epoch = 1; epoch <= options_.epochs && trainer_.stop_.empty(); ++epoch) {
      if (!run_epoch(epoch)) break;
    }
    display_.close();
    trainer_.best_.begun = {};
    history_.stopped = trainer_.stop_;
    for (const Callback& callback : options_.callbacks) {
      if (callback.after_fit) callback.after_fit(history_);
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
      if (callback.after_epoch && callback.after_epoch(report) == Training::stop && trainer_.stop_.empty()) {
        trainer_.stop(message("a callback stopped it after epoch ", epoch));
      }
    }
    return true;
  }

  bool train(EpochReport& report) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    const Index total = train_.size();
    const Index* const order = next_order();
    for (Index first = 0; first < total; first += batch_size_) {
      const Batch<T> batch = train_.batch(order, first, std::min(batch_size_, total - first));
      const auto values = trainer_.train_step(batch);
      const double loss = trainer_.weighted(values, true);
      if (!trainer_.stepper_->taken()) {
        const Index number = first / batch_size_ + 1;
        go_back([&] { return message("batch ", number, ": ", trainer_.why_not_taken(loss, batch, first)); }, report.epoch);
      }
      Trainer::add(report.train, loss, values, static_cast<double>(batch.size) / static_cast<double>(total));
      const double norm = trainer_.gradient_norm();
      report.gradient_norm += norm / static_cast<double>((total + batch_size_ - 1) / batch_size_);
      report.learning_rate = trainer_.learning_rate();
      report.seconds = std::chrono::duration<double>(Clock::now() - start).count();
      const Index samples = first + batch.size;
      const double seen = static_cast<double>(samples) / static_cast<double>(total);
      const BatchReport progress{report.epoch, options_.epochs, samples, total, report.train.loss / seen, report.seconds, norm,
                                 loss};
      display_.batch(progress);
      for (const Callback& callback : options_.callbacks) {
        if (callback.after_batch) callback.after_batch(progress);
      }
      if (!trainer_.stop_.empty() && samples < total) return false;
    }
    report.samples_per_second = static_cast<double>(total) / std::max(report.seconds, 1e-9);
    const Parameters<T> now = trainer_.contents();
    const auto finite = [](const T* values, Index count) { return VectorView<const T>(values, count).allFinite(); };
    if (!finite(now.theta, trainer_.layout_.parameters) || !finite(now.state, trainer_.layout_.state)) {
      const Samples<T> any = train_.inputs.columns(0, 1);
      const std::string advice = Trainer::after_divergence(trainer_.learning_rate());
      go_back([&] { return message("after its last step: ", trainer_.diagnosis(any, {}, 0), advice); }, report.epoch);
    }
    return true;
  }

  /// The order of an epoch's samples, null: as they stand.
  const Index* next_order() {
    if (!options_.shuffle) return train_.order();
    if (train_.chosen.empty()) {
      std::iota(order_.begin(), order_.end(), Index{0});
    } else {
      order_ = train_.chosen;
    }
    shuffle(order_, Random(trainer_.seed_, trainer_.shuffles_++, stream(RandomStream::shuffles)));
    return order_.data();
  }

  void validate(EpochReport& report) {
    const T* const theta = trainer_.weights_to_predict();
    trainer_.evaluate_batches(sets_.validation, batch_size_, theta, report.validation);
    if (options_.metrics.empty()) return;
    const NetworkLayout& layout = trainer_.layout_;
    report.metrics = evaluate_metrics(
        options_.metrics, sets_.validation, layout.output, 2.0 * static_cast<double>(layout.multiplications), trainer_.threads(),
        [&](Index first, Index end, T* outputs) { trainer_.predict(theta, sets_.validation, first, end, outputs); });
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
    throw NonFiniteError(message(text, " The model and the optimizer are what they were ", best.moment(), '.'));
  }

  Trainer& trainer_;
  const FitOptions<T>& options_;
  Sets<T> sets_;
  const SampleSet<T>& train_ = sets_.train;
  const bool validates_ = sets_.validation.size() > 0;
  Index batch_size_;
  History history_;
  ProgressDisplay display_;
  std::vector<Index> order_;  ///< of an epoch, if it is shuffled
};

}  // namespace eigencoder::detail
