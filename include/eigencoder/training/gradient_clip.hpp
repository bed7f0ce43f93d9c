// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <limits>

#include "eigencoder/core/error.hpp"

namespace eigencoder {

/// A bound on the gradient of a step, applied before the optimizer sees it. With g the gradient of the whole batch:
///   value        every entry:       g_i ← min(max(g_i, −value), value)
///   norm         every block b:     g_b ← g_b · min(1, norm / ‖g_b‖₂)
///   global_norm  all of it as one:  g ← g · min(1, global_norm / ‖g‖₂)
/// At most one of them; infinity is no bound. Frozen parameters do not count. These are Keras's clipvalue, clipnorm and
/// global_clipnorm, and PyTorch's clip_grad_value_ and clip_grad_norm_ (which adds 10⁻⁶ to the norm that it divides by).
/// Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", 2013.
struct GradientClip {
  static constexpr double none = std::numeric_limits<double>::infinity();
  double value = none;
  double norm = none;
  double global_norm = none;

  /// Throws OptionError unless all are positive and at most one is a bound.
  void check() const {
    const auto positive = [](const char* name, double bound) {
      if (!(bound > 0)) throw OptionError(message("GradientClip: ", name, " must be positive, found ", bound));
    };
    positive("value", value);
    positive("norm", norm);
    positive("global_norm", global_norm);
    if ((value < none) + (norm < none) + (global_norm < none) > 1) {
      throw OptionError(message("GradientClip: value, norm and global_norm exclude each other, give one of them; found ", value,
                                ", ", norm, " and ", global_norm));
    }
  }
  /// The norm must be known before the update.
  bool by_norm() const { return norm < none || global_norm < none; }
};

}  // namespace eigencoder
