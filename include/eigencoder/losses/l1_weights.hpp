// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/losses/pointwise.hpp"

namespace eigencoder {

/// Σ |w| over all weights of the network, biases and whatever else does not decay spared.   ∂/∂w = sign(w), 0 at 0
struct L1Weights {
  template <class T, bool Gradient>
  double operator()(const WeightPass<T, Gradient>& pass) const {
    return pointwise_penalty(pass, detail::absolute);
  }
};

}  // namespace eigencoder
