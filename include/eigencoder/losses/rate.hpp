// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>

#include "eigencoder/core/objective.hpp"
#include "eigencoder/kernels/channels.hpp"
#include "eigencoder/kernels/math.hpp"

namespace eigencoder {

/// The bits that a sample's code takes, averaged over the batch: Σ_i −log₂ p(y_i), with p the probability of the whole number y
/// under a logistic distribution around 0, integrated over the unit around y:
///   p(y) = σ((y + ½) d) − σ((y − ½) d)   d = 1 / (1/32 + e^r)   −ln p = ln(1 + e^a) + ln(1 + e^b) − ln(1 − e⁻ᵈ)
///   a = −(y + ½) d, b = (y − ½) d   ∂(−ln p)/∂y = d (σ(b) − σ(a))   ∂(−ln p)/∂r = e^r d (d/(eᵈ − 1) − a σ(a) − b σ(b))
/// y: F × B, what an EntropyBottleneck of step 1 makes as the last layer of the encoder (evaluated with another step, y is no
/// whole number, and the value no count of bits); r is its `log_scale`, one value a channel. In
/// training y is not whole, and p is a density, so that it has a gradient. The weight λ chooses between few bits and small
/// errors: MeanSquaredError{Reduction::sum} + 0.1 * Rate{}. A coder that knows how often each value comes takes fewer bits
/// still. CompressAI: the sum of −log₂ of the likelihoods. Ballé, Laparra and Simoncelli, "End-to-end optimized image
/// compression", 2017; the logistic distribution over steps: Salimans, Karpathy, Chen and Kingma, "PixelCNN++", 2017.
struct Rate {
  template <class S, bool Gradient>
  double operator()(PenaltyPass<S, Gradient> pass) const {
    static_assert(
        requires { requires S::Layer::rounds; },
        "Rate needs codes that are whole numbers: put an EntropyBottleneck last in the encoder");
    using T = typename S::Scalar;
    constexpr double bits = 1.4426950408889634074;  // in a nat
    const auto& r = std::get<0>(pass.theta);
    const Index channels = r.size(), size = pass.y.size();
    const double share = 1 / static_cast<double>(pass.batch), factor = bits * pass.weight * share;
    double value = 0;
    kernels::sum_channels(
        channels, size,
        [&](Index c, double nats, double slope) {
          value += bits * share * nats;
          if constexpr (Gradient) {
            const double scale = std::exp(static_cast<double>(r[c]));
            std::get<0>(pass.dtheta)[c] += static_cast<T>(factor * slope * scale / (least + scale));
          }
        },
        Nats<Gradient>{}, std::array<const T*, 1>{r.data()}, pass.y.data());
    if constexpr (Gradient) {
      const T* const dy = pass.dy.data();
      kernels::transform_channels(channels, size, pass.dy.data(), AddGradient{factor}, std::array<const T*, 1>{r.data()},
                                  pass.y.data(), dy);
    }
    return value;
  }

  /// −ln p of one value, and what its derivative by r is, but for a factor of the channel.
  template <bool Gradient>
  struct Nats {
    using InComponent = Nats;
    template <class V>
    std::array<V, 2> operator()(V log_scale, V y) const {
      const auto [d, a, b] = logits(log_scale, y);
      const V nats = kernels::softplus(a) + kernels::softplus(b) - kernels::log(-kernels::exp_minus_one(-d));
      if constexpr (!Gradient) return {nats, V(0)};
      return {nats, d / kernels::exp_minus_one(d) - a * kernels::sigmoid(a) - b * kernels::sigmoid(b)};
    }
  };
  /// sum + factor · ∂(−ln p)/∂y
  struct AddGradient {
    using InComponent = AddGradient;
    double factor;
    template <class V>
    V operator()(V log_scale, V y, V sum) const {
      const auto [d, a, b] = logits(log_scale, y);
      return kernels::multiply_add(V(factor) * d, kernels::sigmoid(b) - kernels::sigmoid(a), sum);
    }
  };

 private:
  static constexpr double least = 1.0 / 32;  ///< of the scale: keeps all finite where a channel is always 0

  template <class V>
  static std::array<V, 3> logits(V log_scale, V y) {
    const V d = V(1) / (V(least) + kernels::exp(log_scale));
    return {d, -(y + V(0.5)) * d, (y - V(0.5)) * d};
  }
};

}  // namespace eigencoder
