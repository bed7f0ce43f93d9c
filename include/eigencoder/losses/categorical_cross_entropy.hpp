// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/cross_entropy.hpp"
#include "eigencoder/losses/pointwise.hpp"

namespace eigencoder {

namespace detail {

/// Whether a network's last layer makes probabilities of its channels.
template <class Chain>
constexpr bool ends_in_softmax() {
  return Chain::size > 0 && Chain::logits[Chain::size - 1] == Logits::softmax;
}

/// A loss that is a sum over the places of y, where `of(j, places, scale)` gives that of so many places from column j on, and
/// multiplies their gradient by `scale`. Reduced over places as `reduction` says, over the batch by the mean, with the weights
/// of the samples. Of a sequence with fewer steps, these are its places, and the rest is not looked at.
template <class S, bool Gradient, bool Accumulate, class F>
double loss_of_places(LossPass<S, Gradient, Accumulate> pass, Reduction reduction, F of) {
  const Index rows = pass.y.rows(), places = rows / pass.channels;
  const auto share = [&](Index own) {
    return 1.0 / (static_cast<double>(pass.batch) * (reduction == Reduction::mean ? static_cast<double>(own) : 1.0));
  };
  bool alike = pass.weights == nullptr;
  if constexpr (S::needs.element_weights) alike = alike && !pass.element_weights && !pass.lengths;
  if (alike) return share(places) * of(0, pass.y.cols() * places, pass.weight * share(places));

  double total = 0;
  for (Index j = 0; j < pass.y.cols(); ++j) {
    Index own = places;
    if constexpr (S::needs.element_weights) {
      if (pass.lengths) own = pass.lengths[j];
    }
    if constexpr (Gradient && !Accumulate) {
      std::fill(pass.dy.col(j).data() + own * pass.channels, pass.dy.col(j).data() + rows, typename S::Scalar(0));
    }
    const double factor = share(own) * (pass.weights ? static_cast<double>(pass.weights[j]) : 1.0);
    total += factor * of(j, own, pass.weight * factor);
  }
  return total;
}

}  // namespace detail

/// Cross-entropy of the softmax of logits z over the channels of a place, for targets t ≥ 0 of the same shape:
/// Σ_c t_c (log Σ_k e^(z_k) − z_c)   ∂/∂z_c = p_c Σ_k t_k − t_c, with p the softmax of z   z, t: F × B.
/// Reduced over places by `reduction`, over the batch the mean. Nothing in it overflows.
struct CategoricalCrossEntropyOnLogits {
  static constexpr TermNeeds needs{.targets = {0, unbounded.high}, .sample_weights = true, .demands = true};
  Reduction reduction = Reduction::mean;
  constexpr std::array<Setting, 1> settings() const { return {{{"reduction", static_cast<double>(reduction)}}}; }

  template <class Chain>
  struct Demands {
    static_assert(
        !detail::ends_in_softmax<Chain>(),
        "CategoricalCrossEntropyOnLogits takes logits, and this network's Softmax has made probabilities of them: take "
        "CategoricalCrossEntropy, which works on the Softmax's input by itself");
  };

  template <class S, bool Gradient, bool Accumulate>
  double operator()(LossPass<S, Gradient, Accumulate> pass) const {
    using T = typename S::Scalar;
    return detail::loss_of_places(pass, reduction, [&](Index j, Index places, double scale) {
      const Index at = j * pass.y.rows();
      return kernels::softmax_cross_entropy<Gradient, Accumulate>(pass.channels, places, pass.y.data() + at,
                                                                  pass.dy.data() + at, scale,
                                                                  kernels::ChannelTargets<T>{pass.target.data() + at});
    });
  }
};

/// −Σ_c t_c log y_c over the channels of a place, for probabilities y and targets t ≥ 0 of the same shape: one-hot, a
/// distribution, or counts, of which it is the multinomial log-likelihood but for a constant.   ∂/∂y_c = −t_c / y_c   y, t: F ×
/// B. Summed over channels, reduced over places by `reduction`, over the batch the mean. The network must end in a Softmax, and
/// trains on its logits, through CategoricalCrossEntropyOnLogits. Where a second loss or a penalty looks at the Softmax's
/// output, y is clamped to [10⁻⁷, 1 − 10⁻⁷] as in Keras, with a derivative of 0 outside.
struct CategoricalCrossEntropy {
  static constexpr TermNeeds needs{
      .targets = {0, unbounded.high}, .sample_weights = true, .on_logits = Logits::softmax, .demands = true};
  Reduction reduction = Reduction::mean;
  constexpr std::array<Setting, 1> settings() const { return {{{"reduction", static_cast<double>(reduction)}}}; }

  template <class Chain>
  struct Demands {
    static_assert(detail::ends_in_softmax<Chain>(),
                  "CategoricalCrossEntropy needs a network whose channels are probabilities that add up to 1: end it with a "
                  "Softmax, or take CategoricalCrossEntropyOnLogits");
  };

  constexpr CategoricalCrossEntropyOnLogits on_logits() const { return {reduction}; }

  /// At one value, times `factor`.
  struct At {
    using InComponent = At;
    double factor;
    template <class V>
    kernels::Pointwise<V> operator()(V y, V t) const {
      const V least(1e-7), most(1 - 1e-7), count = V(factor) * t;
      const V p = kernels::min(kernels::max(y, least), most);
      return {-count * kernels::log(p), kernels::where(y < least, V(0), kernels::where(y > most, V(0), -count / p))};
    }
  };

  template <class S, bool Gradient, bool Accumulate>
  double operator()(LossPass<S, Gradient, Accumulate> pass) const {
    const double channels =
        reduction == Reduction::mean ? static_cast<double>(pass.channels) : 1.0;  // a mean over places alone
    return pointwise_loss(pass, reduction, At{channels});
  }
};

}  // namespace eigencoder
