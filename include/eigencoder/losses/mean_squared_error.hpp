// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/losses/pointwise.hpp"

namespace eigencoder {

/// (y − t)², averaged over features and batch.   ∂/∂y = 2 (y − t)   y, t: F × B
/// With Reduction::sum it is the squared Euclidean distance, averaged over the batch.
struct MeanSquaredError {
  Reduction reduction = Reduction::mean;
  constexpr std::array<Setting, 1> settings() const { return {{{"reduction", static_cast<double>(reduction)}}}; }
  static constexpr TermNeeds needs{.sample_weights = true, .element_weights = true};

  template <class S, bool Gradient, bool Accumulate>
  double operator()(LossPass<S, Gradient, Accumulate> pass) const {
    return pointwise_loss(pass, reduction, detail::OfDifference<detail::Square>{});
  }
};

}  // namespace eigencoder
