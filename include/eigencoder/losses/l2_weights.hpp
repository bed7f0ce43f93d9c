// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/losses/pointwise.hpp"

namespace eigencoder {

/// Σ w² over all blocks w of the network that decay: weights, but no biases.   ∂/∂w = 2 w   w: of any shape
/// There is no ½ in front, as in Keras. Under SGD the weight λ shrinks weights by 2 η λ a step; under Adam, which divides
/// gradients by their size, AdamW is what decays weights alike.
struct L2Weights {
  template <class T, bool Gradient>
  double operator()(WeightPass<T, Gradient> pass) const {
    return pointwise_penalty(pass, detail::square);
  }
};

}  // namespace eigencoder
