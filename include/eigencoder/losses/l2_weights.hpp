// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/losses/pointwise.hpp"

namespace eigencoder {

/// Σ w² over all weights of the network, biases and whatever else does not decay spared.   ∂/∂w = 2 w
/// There is no ½ in front, as in Keras. Under SGD the weight λ shrinks weights by 2 η λ a step; under Adam, which divides
/// gradients by their size, AdamW is what decays weights alike.
struct L2Weights {
  template <class T, bool Gradient>
  double operator()(const WeightPass<T, Gradient>& pass) const {
    return pointwise_penalty(pass, detail::square);
  }
};

}  // namespace eigencoder
