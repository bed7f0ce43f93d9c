// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/math.hpp"
#include "eigencoder/losses/pointwise.hpp"

namespace eigencoder {

namespace detail {

/// Whether the first `Layers` layers of a network end in values from 0 to 1: of a Sigmoid or a Softmax, or such values
/// rearranged.
template <class Chain, std::size_t Layers = Chain::size>
constexpr bool gives_probabilities() {
  if constexpr (Layers > 0) {
    using Last = typename Chain::template layer<Layers - 1>;
    if constexpr (requires { Last::range; }) return Last::range.low >= 0 && Last::range.high <= 1;
    if constexpr (requires { requires Last::keeps_range; }) return gives_probabilities<Chain, Layers - 1>();
  }
  return false;
}

}  // namespace detail

/// Binary cross-entropy of the logits z of a probability: max(z, 0) − z t + log(1 + e^(−|z|)) for a target t in [0, 1].
/// ∂/∂z = σ(z) − t   z, t: F × B. Nothing in it overflows or cancels.
struct BinaryCrossEntropyOnLogits {
  static constexpr TermNeeds needs{.targets = {0, 1}, .sample_weights = true, .element_weights = true};
  Reduction reduction = Reduction::mean;
  constexpr std::array<Setting, 1> settings() const { return {{{"reduction", static_cast<double>(reduction)}}}; }

  /// At one value.
  struct At {
    using InComponent = At;
    template <class V>
    kernels::Pointwise<V> operator()(V z, V t) const {
      const V small = kernels::exp(-kernels::abs(z));  // serves the logarithm and the sigmoid
      const V sigmoid = kernels::where(z < V(0), small, V(1)) / (V(1) + small);
      return {kernels::max(z, V(0)) - z * t + kernels::log_one_plus(small), sigmoid - t};
    }
  };

  template <class S, bool Gradient, bool Accumulate>
  double operator()(LossPass<S, Gradient, Accumulate> pass) const {
    return pointwise_loss(pass, reduction, At{});
  }
};

/// −t log y − (1 − t) log(1 − y) for a probability y and any target t in [0, 1], averaged over features and batch.
/// ∂/∂y = (y − t) / (y (1 − y))   y, t: F × B
/// After a final Sigmoid the network trains on its logits, through BinaryCrossEntropyOnLogits. Elsewhere y is clamped to
/// [10⁻⁷, 1 − 10⁻⁷] as in Keras, with a derivative of 0 outside. A network whose last values may lie anywhere does not compile.
struct BinaryCrossEntropy {
  static constexpr TermNeeds needs{
      .targets = {0, 1}, .sample_weights = true, .element_weights = true, .on_logits = Logits::logistic, .demands = true};
  Reduction reduction = Reduction::mean;
  constexpr std::array<Setting, 1> settings() const { return {{{"reduction", static_cast<double>(reduction)}}}; }

  template <class Chain>
  struct Demands {
    static_assert(detail::gives_probabilities<Chain>(),
                  "BinaryCrossEntropy needs a network whose values are probabilities: end it with a Sigmoid, or take "
                  "BinaryCrossEntropyOnLogits, or MeanSquaredError");
  };

  constexpr BinaryCrossEntropyOnLogits on_logits() const { return {reduction}; }

  /// At one value.
  struct At {
    using InComponent = At;
    template <class V>
    kernels::Pointwise<V> operator()(V y, V t) const {
      const V least(1e-7), most(1 - 1e-7);
      const V p = kernels::min(kernels::max(y, least), most), q = V(1) - p;
      const V derivative = (p - t) / (p * q);
      return {-(t * kernels::log(p) + (V(1) - t) * kernels::log(q)),
              kernels::where(y < least, V(0), kernels::where(y > most, V(0), derivative))};
    }
  };

  template <class S, bool Gradient, bool Accumulate>
  double operator()(LossPass<S, Gradient, Accumulate> pass) const {
    return pointwise_loss(pass, reduction, At{});
  }
};

}  // namespace eigencoder
