// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

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
  static void check(const char* owner, Index patience, double min_delta);
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

  operator Callback() const;
};

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/training/early_stopping_impl.hpp"
#endif
