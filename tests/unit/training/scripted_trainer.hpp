// SPDX-License-Identifier: MIT
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include <eigencoder/files/atomic_file.hpp>
#include <eigencoder/training/callbacks.hpp>

/// A trainer that trains nothing: its epochs come from a script, and it writes down what callbacks ask of it.
class ScriptedTrainer : public eigencoder::AnyTrainer {
 public:
  double rate = 0.1;
  std::uint64_t step = 0, epoch = 0;
  eigencoder::Index steps_per_epoch = 4;
  int restored = 0;
  std::vector<double> rates{};  ///< of the steps

  double learning_rate() const override { return rate; }
  void set_learning_rate(double wanted) override {
    if (!(wanted > 0)) throw eigencoder::OptionError("rate");
    rate = wanted;
  }
  std::uint64_t updates() const override { return step; }
  std::uint64_t epochs() const override { return epoch; }
  double best_loss() const override { return best_; }
  eigencoder::Index best_epoch() const override { return best_epoch_; }
  void restore_best() override {
    ++restored;
    step -= static_cast<std::uint64_t>(in_fit_ - best_epoch_ * steps_per_epoch);
  }
  void save(const std::filesystem::path& path) const override { eigencoder::write_file(path, "step " + std::to_string(step)); }

  /// Runs the epochs of the script, whose numbers and learning rates it sets. Stopped as a fit is: after the step, or the
  /// epoch.
  eigencoder::History fit(const std::vector<eigencoder::Callback>& callbacks, std::vector<eigencoder::EpochReport> script,
                          std::vector<std::string> terms = {}, std::vector<std::string> metrics = {}) {
    using eigencoder::Training;
    const bool validates = !script.empty() && script[0].validated;
    eigencoder::History history{.terms = terms};
    best_ = std::numeric_limits<double>::infinity();
    best_epoch_ = in_fit_ = 0;
    stop_.clear();
    const eigencoder::FitPlan plan{.epochs = std::ssize(script),
                                   .steps_per_epoch = steps_per_epoch,
                                   .first_update = step,
                                   .terms = terms,
                                   .metrics = metrics,
                                   .validates = validates};
    for (const auto& callback : callbacks)
      if (callback.before_fit) callback.before_fit(*this, plan);
    if (!stop_.empty()) return finish(callbacks, history);
    for (eigencoder::EpochReport report : script) {
      report.epoch = std::ssize(history.epochs) + 1;
      for (eigencoder::Index k = 1; k <= steps_per_epoch; ++k) {
        rates.push_back(rate);
        report.learning_rate = rate;
        ++step;
        ++in_fit_;
        const eigencoder::BatchReport batch{.epoch = report.epoch, .samples = k, .total = steps_per_epoch};
        for (const auto& callback : callbacks)
          if (callback.after_batch) callback.after_batch(batch);
        if (!stop_.empty() && k < steps_per_epoch) return finish(callbacks, history);
      }
      ++epoch;
      const double loss = validates ? report.validation.loss : report.train.loss;
      if (loss < best_) {
        best_ = loss;
        best_epoch_ = validates ? report.epoch : report.epoch - 1;
      }
      history.epochs.push_back(report);
      for (const auto& callback : callbacks) {
        if (callback.after_epoch && callback.after_epoch(report) == Training::stop && stop_.empty()) stop("a callback");
      }
      if (!stop_.empty()) break;
    }
    return finish(callbacks, history);
  }
  /// Epochs of these training losses, or validation losses.
  static std::vector<eigencoder::EpochReport> losses(const std::vector<double>& values, bool validated = false) {
    std::vector<eigencoder::EpochReport> script;
    for (const double value : values) {
      eigencoder::EpochReport report{.validated = validated};
      report.train.loss = validated ? 7 : value;
      if (validated) report.validation.loss = value;
      script.push_back(report);
    }
    return script;
  }

 private:
  eigencoder::History finish(const std::vector<eigencoder::Callback>& callbacks, eigencoder::History& history) {
    history.stopped = stop_;
    for (const auto& callback : callbacks)
      if (callback.after_fit) callback.after_fit(history);
    return history;
  }
  double best_ = 0;
  eigencoder::Index best_epoch_ = 0, in_fit_ = 0;
};

/// What is in a file.
inline std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
