// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"

namespace eigencoder {

/// A value of the objective and of each of its terms.
struct Evaluation {
  double loss = std::numeric_limits<double>::quiet_NaN();  ///< Σ weight · term
  std::vector<double> terms{};                             ///< unweighted, in the objective's order
};

/// The results of one epoch. The training loss is the mean over the epoch's samples, each taken before the step that it led to.
struct EpochReport {
  Index epoch = 0;  ///< 1, 2, 3, …
  Evaluation train{}, validation{};
  bool validated = false;
  std::vector<double> metrics{};  ///< of FitOptions::metrics, on what is validated on
  double gradient_norm = 0;       ///< mean over the steps of ‖gradient‖₂, of the whole batch and before clipping
  double learning_rate = 0;       ///< of the epoch's last step
  double seconds = 0;             ///< training alone, without validation
  double samples_per_second = 0;  ///< of training
};

/// The results of a fit, epoch by epoch.
struct History {
  std::vector<std::string> terms{};    ///< names of the objective's terms
  std::vector<std::string> metrics{};  ///< names of the metrics
  std::vector<EpochReport> epochs{};
  std::vector<std::string> warnings{};  ///< of terms whose value is a sign of trouble, one each at most
  std::string stopped{};                ///< why the fit ended before its last epoch, or empty

  /// Throws Error if no epoch was finished: a callback may stop a fit within its first.
  const EpochReport& last() const {
    if (epochs.empty()) throw Error("this fit has ended within its first epoch, which has no report");
    return epochs.back();
  }
};

}  // namespace eigencoder
