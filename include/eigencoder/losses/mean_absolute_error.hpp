// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/losses/pointwise.hpp"

namespace eigencoder {

/// |y − t|, averaged over features and batch: the L1 loss.   ∂/∂y = sign(y − t), 0 at 0
struct MeanAbsoluteError {
  Reduction reduction = Reduction::mean;

  template <class T, bool Gradient, bool Accumulate>
  double operator()(const LossPass<T, Gradient, Accumulate>& pass) const {
    return pointwise_loss(pass, reduction, []<class V>(V y, V t) { return detail::absolute(y - t); });
  }
};

}  // namespace eigencoder
