// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/math.hpp"
#include "eigencoder/losses/pointwise.hpp"

namespace eigencoder {

/// Binary cross-entropy of the logits z of a probability: max(z, 0) − z t + log(1 + e^(−|z|)) for a target t in [0, 1].
/// ∂/∂z = σ(z) − t. Nothing in it overflows or cancels.
struct BinaryCrossEntropyOnLogits {
  static constexpr Range targets{0, 1};
  Reduction reduction = Reduction::mean;

  template <class T, bool Gradient, bool Accumulate>
  double operator()(const LossPass<T, Gradient, Accumulate>& pass) const {
    return pointwise_loss(pass, reduction, []<class V>(V z, V t) {
      const V small = kernels::exp(-kernels::abs(z));  // serves the logarithm and the sigmoid
      const V sigmoid = kernels::where(z < V(0), small, V(1)) / (V(1) + small);
      return kernels::Pointwise<V>{kernels::max(z, V(0)) - z * t + kernels::log_one_plus(small), sigmoid - t};
    });
  }
};

/// −t log y − (1 − t) log(1 − y) for a probability y and any target t in [0, 1], averaged over features and batch.
/// ∂/∂y = (y − t) / (y (1 − y))
/// Behind a final Sigmoid the network trains on its logits, through BinaryCrossEntropyOnLogits. Elsewhere y is clamped to
/// [10⁻⁷, 1 − 10⁻⁷] as in Keras, with a derivative of 0 outside.
struct BinaryCrossEntropy {
  static constexpr Range targets{0, 1};
  Reduction reduction = Reduction::mean;

  constexpr BinaryCrossEntropyOnLogits on_logits() const { return {reduction}; }

  template <class T, bool Gradient, bool Accumulate>
  double operator()(const LossPass<T, Gradient, Accumulate>& pass) const {
    return pointwise_loss(pass, reduction, []<class V>(V y, V t) {
      const V least(1e-7), most(1 - 1e-7);
      const V p = kernels::min(kernels::max(y, least), most), q = V(1) - p;
      const V derivative = (p - t) / (p * q);
      return kernels::Pointwise<V>{-(t * kernels::log(p) + (V(1) - t) * kernels::log(q)),
                                   kernels::where(y < least, V(0), kernels::where(y > most, V(0), derivative))};
    });
  }
};

}  // namespace eigencoder
