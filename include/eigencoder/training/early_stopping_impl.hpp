// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <memory>
#include <string>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/training/early_stopping.hpp"

namespace eigencoder {

EIGENCODER_INLINE void detail::Patience::check(const char* owner, Index patience, double min_delta) {
  if (patience < 1) throw OptionError(message(owner, ": patience must be at least 1, found ", patience));
  if (!(min_delta >= 0 && std::isfinite(min_delta))) {
    throw OptionError(message(owner, ": min_delta must be finite and not negative, found ", min_delta));
  }
}

EIGENCODER_INLINE EarlyStopping::operator Callback() const {
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
      return best + (back() ? message("; the model is what it was ", moment()) : "; the model stays as the last step left it");
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
                                             options.min_delta > 0 ? message(" by more than ", options.min_delta) : "", " for ",
                                             options.patience, options.patience == 1 ? " epoch (" : " epochs (",
                                             state->outcome(options.restore_best), ')'));
                return Training::stop;
              },
          .after_fit =
              [state, restore = restore_best](const History&) {
                if (restore && state->back()) state->trainer->restore_best();
              }};
}

}  // namespace eigencoder
