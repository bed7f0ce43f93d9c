// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <limits>
#include <memory>
#include <string>

#include "eigencoder/training/callbacks.hpp"

namespace eigencoder {

namespace detail {

/// The loss that says how good an epoch was: that of validation, or without validation that of training.
inline double watched_loss(const EpochReport& report) { return report.validated ? report.validation.loss : report.train.loss; }

/// Counts epochs without an improvement: a loss that is below the last one that counted by more than min_delta.
struct Patience {
  double least = std::numeric_limits<double>::infinity();
  Index epochs = 0;  ///< since then

  void see(double loss, double min_delta) {
    if (loss < least - min_delta) {
      least = loss;
      epochs = 0;
    } else {  // also where it is NaN
      ++epochs;
    }
  }
  /// Throws OptionError.
  static void check(const char* owner, Index patience, double min_delta) {
    if (patience < 1) throw OptionError(message(owner, ": patience must be at least 1, found ", patience));
    if (!(min_delta >= 0 && std::isfinite(min_delta))) {
      throw OptionError(message(owner, ": min_delta must be finite and not negative, found ", min_delta));
    }
  }
};

}  // namespace detail

/// Ends a fit once the loss has not improved for some epochs: that of validation, or without validation that of training.
///   trainer.fit(x, {.epochs = 1000, .validation = y, .callbacks = {EarlyStopping{.patience = 5, .restore_best = true}}});
/// History::stopped tells after which epoch, and what the model is then. Throws OptionError where it becomes a Callback.
/// Prechelt, 1998. Keras: EarlyStopping, whose patience of 0 is 1 here.
struct EarlyStopping {
  Index patience = 1;    ///< stop after so many epochs in a row without an improvement
  double min_delta = 0;  ///< an improvement is a loss below the last improvement's by more than this
  /// At the end of the fit, however it ends, goes back to the best moment (Best: the smallest loss, whatever min_delta is) with
  /// parameters, running state, the optimizer's vectors and all counters. A training loss speaks for the beginning of its
  /// epoch, so without validation that is the beginning of the best epoch; but if that is the last epoch that there was, the
  /// model stays as its last step left it, since nothing seen since has been worse. Without a finished epoch all stays.
  bool restore_best = false;

  operator Callback() const {
    detail::Patience::check("EarlyStopping", patience, min_delta);
    struct State {
      AnyTrainer* trainer = nullptr;
      detail::Patience waited{};
      Index epochs = 0;
      bool validates = false;

      /// Whether the model is to go back, and to which epoch's end.
      bool back() const { return std::isfinite(trainer->best_loss()) && (validates || trainer->best_epoch() + 1 < epochs); }
      std::string outcome(bool restore) const {
        if (!std::isfinite(trainer->best_loss())) return "no loss was finite";
        const std::string best = message("the best ", trainer->best_loss(), " in epoch ", best_epoch());
        if (!restore) return best + "; the model is as the last step left it";
        return best +
               (back() ? message("; the model is what it was ", moment()) : "; the model stays as the last step left it");
      }
      Index best_epoch() const { return validates ? trainer->best_epoch() : trainer->best_epoch() + 1; }
      std::string moment() const {
        return trainer->best_epoch() == 0 ? "before the first epoch" : message("after epoch ", trainer->best_epoch());
      }
    };
    const auto state = std::make_shared<State>();
    return {.before_fit = [state](AnyTrainer& trainer,
                                  const FitPlan& plan) { *state = {.trainer = &trainer, .validates = plan.validates}; },
            .after_epoch =
                [state, options = *this](const EpochReport& report) {
                  state->epochs = report.epoch;
                  state->waited.see(detail::watched_loss(report), options.min_delta);
                  if (state->waited.epochs < options.patience) return Training::go_on;
                  state->trainer->stop(message("EarlyStopping after epoch ", report.epoch, ": the ",
                                               report.validated ? "validation" : "training", " loss has not improved",
                                               options.min_delta > 0 ? message(" by more than ", options.min_delta) : "",
                                               " for ", options.patience, options.patience == 1 ? " epoch (" : " epochs (",
                                               state->outcome(options.restore_best), ')'));
                  return Training::stop;
                },
            .after_fit =
                [state, restore = restore_best](const History&) {
                  if (restore && state->back()) state->trainer->restore_best();
                }};
  }
};

}  // namespace eigencoder
