// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/error.hpp"

namespace eigencoder {

/// An exponential moving average of the parameters, kept beside them: after every update
///   θ̄ ← d θ̄ + (1 − d) θ     d: decay
/// and θ̄ = θ after the first. About the last 1 / (1 − d) updates count. Training does not look at it; validation and
/// Trainer::averaged() do. With a decay of 0, the default, θ̄ is θ itself and nothing is kept.
/// Keras: use_ema and ema_momentum of an optimizer. PyTorch: AveragedModel with get_ema_multi_avg_fn.
/// Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992.
struct WeightAverage {
  double decay = 0;

  bool on() const { return decay > 0; }
  /// Throws OptionError.
  void check() const {
    if (!(decay >= 0 && decay < 1)) throw OptionError(message("WeightAverage: decay must be in [0, 1), found ", decay));
  }
};

}  // namespace eigencoder
