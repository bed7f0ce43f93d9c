// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <limits>
#include <type_traits>
#include <vector>

#include "eigencoder/training/trainer_of.hpp"

namespace eigencoder {

struct FindLearningRateOptions {
  double lowest = 1e-7, highest = 10;
  Index steps = 100;  ///< from the lowest rate to the highest, each a constant factor above the last
  Index batch_size = 32;
  double smoothing = 0.9;  ///< β of the running mean of losses, in [0, 1)
  double divergence = 4;   ///< stop where the smoothed loss is above so many times its smallest value
};

/// The loss of a batch before the step of each learning rate.
struct LearningRateCurve {
  std::vector<double> rates{}, losses{};
  std::vector<double> smoothed{};  ///< Σ βᵏ losses[i − k] / Σ βᵏ
  /// A tenth of the rate at which the smoothed loss is smallest, an order of magnitude below the one at which training begins
  /// to diverge; NaN if the loss has not fallen. Gugger, "How do you find a good learning rate", 2018; fastai: `minimum`.
  double suggestion = std::numeric_limits<double>::quiet_NaN();

  /// A picture of the curve, over a logarithmic axis of rates. Throws FileError.
  void write_svg(const std::filesystem::path& path) const;
};

/// Trains for some steps, each with a larger learning rate than the last, and looks how the loss takes it; it ends where the
/// loss diverges. Model, optimizer, counters and learning rate are afterwards what they were, whether it returns or throws.
///   const LearningRateCurve curve = find_learning_rate(trainer, x, {.batch_size = 128});
///   trainer.set_learning_rate(curve.suggestion);
///   curve.write_svg("rates.svg");
/// Batches are drawn by the trainer's seed. Throws OptionError, ShapeError, and NonFiniteError where already the first loss is
/// not finite. Smith, 2017 (the learning rate range test).
template <class T>
LearningRateCurve find_learning_rate(TrainerOf<T>& trainer, const Samples<std::type_identity_t<T>>& inputs,
                                     const Samples<std::type_identity_t<T>>& targets, const FindLearningRateOptions& options = {});

/// The same for a model that restores its inputs.
template <class T>
LearningRateCurve find_learning_rate(TrainerOf<T>& trainer, const Samples<std::type_identity_t<T>>& inputs,
                                     const FindLearningRateOptions& options = {}) {
  return find_learning_rate(trainer, inputs, inputs, options);
}

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/training/find_learning_rate_impl.hpp"
#endif
