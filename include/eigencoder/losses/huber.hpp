// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/losses/pointwise.hpp"

namespace eigencoder {

/// e² / 2 for |e| ≤ δ and δ (|e| − δ/2) beyond, e = y − t: squared for small errors, absolute for outliers.
/// ∂/∂y = e clipped to [−δ, δ]   y, t: F × B
/// Averaged over features and batch. δ must be finite and positive. Throws OptionError, when the trainer is made. Huber, 1964.
struct Huber {
  double delta = 1;
  Reduction reduction = Reduction::mean;
  constexpr std::array<Setting, 2> settings() const {
    return {{{"delta", delta}, {"reduction", static_cast<double>(reduction)}}};
  }
  static constexpr TermNeeds needs{.sample_weights = true, .element_weights = true, .check = true};

  void check() const {
    if (!(delta > 0 && std::isfinite(delta))) throw OptionError(message("Huber: delta must be finite and positive, found ", delta));
  }

  /// At one value.
  struct At {
    using InComponent = At;
    double delta;
    template <class V>
    kernels::Pointwise<V> operator()(V y, V t) const {
      const V error = y - t;
      const V clipped = kernels::max(kernels::min(error, V(delta)), V(-delta));
      return {clipped * (error - V(0.5) * clipped), clipped};
    }
  };

  template <class S, bool Gradient, bool Accumulate>
  double operator()(LossPass<S, Gradient, Accumulate> pass) const {
    return pointwise_loss(pass, reduction, At{delta});
  }
};

}  // namespace eigencoder
