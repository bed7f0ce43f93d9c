// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <memory>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/training/stop_on_signal.hpp"

namespace eigencoder {

EIGENCODER_INLINE StopOnSignal::operator Callback() const& {
  const auto trainer = std::make_shared<AnyTrainer*>(nullptr);
  const auto look = [trainer] {
    if (const int signal = received; signal != 0 && there_is_one) {
      (*trainer)->stop(message(signal == SIGINT ? "SIGINT (Ctrl-C)" : "SIGTERM", " after step ", (*trainer)->updates()));
    }
  };
  return {.before_fit =
              [trainer, look](AnyTrainer& any, const FitPlan&) {
                *trainer = &any;
                look();
              },
          .after_batch = [look](const BatchReport&) { look(); },
          .after_epoch =
              [look](const EpochReport&) {
                look();  // it may have come during validation
                return Training::go_on;
              }};
}

}  // namespace eigencoder
