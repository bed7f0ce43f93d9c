// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/losses/pointwise.hpp"

namespace eigencoder {

/// Σ_i |y_i| of a sample's code, averaged over the batch.   ∂/∂y = sign(y), 0 at 0   y: code × B
/// Draws activations to 0 and leaves few: a sparse code. On another layer than the code: on_layer<1>(L1Activity{}).
struct L1Activity {
  template <class S, bool Gradient>
  double operator()(PenaltyPass<S, Gradient> pass) const {
    return pointwise_penalty(pass, detail::absolute);
  }
};

}  // namespace eigencoder
