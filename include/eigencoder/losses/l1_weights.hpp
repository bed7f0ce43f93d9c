// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/losses/pointwise.hpp"

namespace eigencoder {

/// Σ |w| over all blocks w of the network that decay: weights, but no biases.   ∂/∂w = sign(w), 0 at 0   w: of any shape
struct L1Weights {
  template <class T, bool Gradient>
  double operator()(WeightPass<T, Gradient> pass) const {
    return pointwise_penalty(pass, detail::absolute);
  }
};

}  // namespace eigencoder
