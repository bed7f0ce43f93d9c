// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/losses/pointwise.hpp"

namespace eigencoder {

/// |y − t|, averaged over features and batch: the L1 loss.   ∂/∂y = sign(y − t), 0 at 0   y, t: F × B
struct MeanAbsoluteError {
  Reduction reduction = Reduction::mean;
  constexpr std::array<Setting, 1> settings() const { return {{{"reduction", static_cast<double>(reduction)}}}; }
  static constexpr TermNeeds needs{.sample_weights = true, .element_weights = true};

  template <class S, bool Gradient, bool Accumulate>
  double operator()(LossPass<S, Gradient, Accumulate> pass) const {
    return pointwise_loss(pass, reduction, detail::OfDifference<detail::Absolute>{});
  }
};

}  // namespace eigencoder
