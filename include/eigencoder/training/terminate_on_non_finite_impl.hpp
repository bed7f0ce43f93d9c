// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/training/terminate_on_non_finite.hpp"

namespace eigencoder {

EIGENCODER_INLINE TerminateOnNonFinite::operator Callback() const {
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

}  // namespace eigencoder
