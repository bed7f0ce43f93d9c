// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/core/objective.hpp"
#include "eigencoder/kernels/draw.hpp"

namespace eigencoder {

/// A draw from the distribution that x describes, written as a function of x so that it can be differentiated.
///   x = (μ, s): 2Z × B, means above logarithms of variances      z = μ + e^(s/2) ε, ε ~ N(0, 1): Z × B
/// dμ = dz   ds = dz · ½ e^(s/2) ε, with ε drawn again
/// In training, and where an objective is evaluated. Predictions take the mean: z = μ.
/// Kingma and Welling, "Auto-encoding variational Bayes", 2013.
struct GaussianSample {
  static constexpr bool gaussian = true;  ///< GaussianKL and the terms like it need a layer that says so

  /// The objective must have a penalty on the distribution or the code: under a loss alone the variances go to 0.
  template <class Objective>
  struct Demands {
    template <class Term>
    static constexpr bool looks = [] {
      if constexpr (Penalty<Term>) return needs_of<Term>.site != Site::tangent;
      return false;
    }();
    static constexpr bool held = []<std::size_t... K>(std::index_sequence<K...>) {
      return (looks<typename Objective::template term<K>> || ...);
    }
    (std::make_index_sequence<Objective::size>{});
    static_assert(
        held,
        "a network that draws its code from a normal distribution needs a divergence that holds it near the prior, or the "
        "variances go to 0: train it with an Elbo, or add GaussianKL to the loss");
  };

  static constexpr bool accepts(Shape in) { return in.size() % 2 == 0; }
  static constexpr Shape output(Shape in) { return features(in.size() / 2); }
  static constexpr Needs needs(Shape) { return {.backward_x = true, .samples = true}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  /// μ + e^(s/2) ε
  struct Sample {
    using InComponent = Sample;
    template <class V>
    V operator()(V epsilon, V mu, V s) const {
      return kernels::multiply_add(kernels::exp(V(0.5) * s), epsilon, mu);
    }
  };
  /// dz · ½ e^(s/2) ε
  struct LogVarianceGradient {
    using InComponent = LogVarianceGradient;
    template <class V>
    V operator()(V epsilon, V dz, V s) const {
      return dz * V(0.5) * kernels::exp(V(0.5) * s) * epsilon;
    }
  };

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    constexpr Index latent = S::out.size();
    for (Index j = 0; j < pass.x.cols(); ++j) {
      const auto* const mean = pass.x.col(j).data();
      if constexpr (M != Mode::predict) {
        kernels::transform_draws<kernels::Normal>(pass.random, j, latent, pass.y.col(j).data(), Sample{}, mean, mean + latent);
      } else {
        std::copy_n(mean, latent, pass.y.col(j).data());
      }
    }
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      constexpr Index latent = S::out.size();
      for (Index j = 0; j < pass.dy.cols(); ++j) {
        const auto* const dz = pass.dy.col(j).data();
        auto* const dmean = pass.dx.col(j).data();
        std::copy_n(dz, latent, dmean);
        kernels::transform_draws<kernels::Normal>(pass.random, j, latent, dmean + latent, LogVarianceGradient{}, dz,
                                                  pass.x.col(j).data() + latent);
      }
    }
  }
};

}  // namespace eigencoder
