// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/objective.hpp"
#include "eigencoder/kernels/elementwise.hpp"

namespace eigencoder {

/// A loss that is a sum over values: f(y, t) gives value and derivative at one. Reduced over features as `reduction` says, over
/// the batch always by the mean: 1/batch is applied here and nowhere else.
template <class T, bool Gradient, bool Accumulate, class F>
double pointwise_loss(const LossPass<T, Gradient, Accumulate>& pass, Reduction reduction, F f) {
  const double features = reduction == Reduction::mean ? static_cast<double>(pass.y.rows()) : 1.0;
  const double share = 1.0 / (static_cast<double>(pass.batch) * features);
  return share * kernels::sum_pointwise<Gradient, Accumulate>(pass.y.size(), pass.y.data(), pass.target.data(),
                                                              const_cast<T*>(pass.dy.data()), pass.weight * share, f);
}

}  // namespace eigencoder
