// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/losses/pointwise.hpp"

namespace eigencoder {

/// Σ_i y_i² of a sample's code, averaged over the batch.   ∂/∂y = 2 y   y: code × B
/// Keeps activations small without making them 0. On another layer than the code: on_layer<1>(L2Activity{}).
struct L2Activity {
  template <class S, bool Gradient>
  double operator()(PenaltyPass<S, Gradient> pass) const {
    return pointwise_penalty(pass, detail::square);
  }
};

}  // namespace eigencoder
