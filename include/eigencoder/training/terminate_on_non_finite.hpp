// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "eigencoder/training/callbacks.hpp"

namespace eigencoder {

/// Ends a fit after an epoch whose validation loss, or the value of one of whose terms, in training or validation, is not
/// finite; History::stopped names it. A fit looks at the loss and the gradient of every step by itself, and throws
/// NonFiniteError before that step is taken: that needs no callback, and this one adds what no step looks at. The model stays
/// as it is; add EarlyStopping{.restore_best = true} to go back to the best. Keras: TerminateOnNaN.
struct TerminateOnNonFinite {
  operator Callback() const {
    struct State {
      AnyTrainer* trainer = nullptr;
      std::vector<std::string> terms{};
    };
    const auto state = std::make_shared<State>();
    return {.before_fit =
                [state](AnyTrainer& trainer, const FitPlan& plan) {
                  *state = {&trainer, plan.terms};
                },
            .after_epoch =
                [state](const EpochReport& report) {
                  const auto look = [&](const char* kind, const std::string& what, double value) {
                    if (std::isfinite(value)) return Training::go_on;
                    state->trainer->stop(
                        message("TerminateOnNonFinite: the ", kind, what, " of epoch ", report.epoch, " is ", value));
                    return Training::stop;
                  };
                  const auto look_all = [&](const char* kind, const Evaluation& found) {
                    Training next = look(kind, "loss", found.loss);
                    for (std::size_t k = 0; next == Training::go_on && k < found.terms.size(); ++k)
                      next = look(kind, state->terms[k], found.terms[k]);
                    return next;
                  };
                  Training next = look_all("training ", report.train);
                  if (next == Training::go_on && report.validated) next = look_all("validation ", report.validation);
                  return next;
                }};
  }
};

}  // namespace eigencoder
