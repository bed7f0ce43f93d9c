// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <limits>

#include "eigencoder/losses/gaussian_kl.hpp"
#include "eigencoder/losses/likelihood.hpp"

namespace eigencoder {

/// The negative importance-weighted bound of Draws codes a sample, in nats, averaged over the batch:
///   −log 1/K Σ_k w_k,   log w_k = log p(x | z_k) + log p(z_k) − log q(z_k | x),   z_k drawn from N(μ, e^s)
/// For K = 1 it is a negative ELBO, whose divergence is that of the draw in place of the exact one; it falls to −log p(x) as K
/// grows, so that with many draws an evaluation estimates the likelihood of a set. With weights of the samples, each bound
/// counts by its weight. Throws what the likelihood throws.
///   Trainer{model, ImportanceWeighted<5, Bernoulli>{}, Adam{}}
/// The gradient is −Σ_k w̃_k ∂ log w_k with w̃ = softmax of log w. Every sample runs K times through the whole network.
/// Burda, Grosse and Salakhutdinov, "Importance weighted autoencoders", 2015.
template <Index Draws, Loss Likelihood = Bernoulli>
struct ImportanceWeighted {
  static_assert(Draws > 0, "ImportanceWeighted<Draws, Likelihood>: Draws must be positive");
  Likelihood likelihood{};
  constexpr auto settings() const requires requires { likelihood.settings(); } { return likelihood.settings(); }

  /// The cache holds the column's share of the gradient, w̃ / B, with the sample's weight.
  static constexpr TermNeeds needs{.site = Site::latent,
                                   .cache = 1,
                                   .draws = Draws,
                                   .targets = needs_of<Likelihood>.targets,
                                   .code = true,
                                   .sample_weights = true,
                                   .check = needs_of<Likelihood>.check,
                                   .on_logits = needs_of<Likelihood>.on_logits,
                                   .demands = true};

  template <class Chain>
  struct Demands : detail::SamplesGaussian<Chain> {
    static constexpr bool likelihood_fits = [] {
      if constexpr (needs_of<Likelihood>.demands) return sizeof(typename Likelihood::template Demands<Chain>) > 0;
      return true;
    }();
    static_assert(likelihood_fits);
    static_assert(!needs_of<Likelihood>.sums.asked(), "ImportanceWeighted needs a likelihood of a sample by itself");
    static_assert(!needs_of<Likelihood>.class_numbers, "ImportanceWeighted needs a likelihood of values: class numbers are none");
  };

  void check() const requires HasCheck<Likelihood> { likelihood.check(); }
  constexpr auto on_logits() const requires HasLogitsForm<Likelihood> {
    return ImportanceWeighted<Draws, decltype(likelihood.on_logits())>{likelihood.on_logits()};
  }

  template <class S, bool Gradient, bool Accumulate>
  double operator()(LossPass<S, Gradient, Accumulate> pass) const {
    const double samples = static_cast<double>(pass.batch / Draws);
    std::array<double, static_cast<std::size_t>(Draws)> log_weights;
    double value = 0;
    for (Index sample = 0; sample < pass.y.cols(); sample += Draws) {
      const double weight = pass.weights != nullptr ? static_cast<double>(pass.weights[sample]) : 1.0;
      double greatest = -std::numeric_limits<double>::infinity(), sum = 0;
      for (Index k = 0; k < Draws; ++k) {
        double& log_weight = log_weights[static_cast<std::size_t>(k)];
        log_weight = log_ratio(pass, sample + k) - likelihood(column<false, false>(pass, sample + k, 0));
        greatest = std::max(greatest, log_weight);
      }
      for (const double log_weight : log_weights) sum += std::exp(log_weight - greatest);
      value -= weight * (greatest + std::log(sum / static_cast<double>(Draws)));
      if constexpr (Gradient) {
        for (Index k = 0; k < Draws; ++k) {
          const double share = weight * (std::exp(log_weights[static_cast<std::size_t>(k)] - greatest) / (sum * samples));
          pass.cache(0, sample + k) = static_cast<typename S::Scalar>(share);
          likelihood(column<true, Accumulate>(pass, sample + k, pass.weight * share));
        }
      }
    }
    return value / samples;
  }

  /// log p(z) − log q(z | x) depends on (μ, s) through z as well: ∂/∂μ = −z, ∂/∂s = ½ (1 − z (z − μ)).
  template <class S, bool Gradient>
  double operator()(PenaltyPass<S, Gradient> pass) const {
    if constexpr (Gradient) {
      using T = typename S::Scalar;
      const Index latent = pass.code.rows();
      for (Index j = 0; j < pass.dy.cols(); ++j) {
        const T scale = static_cast<T>(pass.weight) * pass.cache(0, j);
        const auto z = pass.code.col(j).array();
        const auto mean = pass.y.col(j).head(latent).array();
        pass.dy.col(j).head(latent).array() += scale * z;
        pass.dy.col(j).tail(latent).array() += T(0.5) * scale * (z * (z - mean) - T(1));
      }
    }
    return 0;
  }

 private:
  /// log p(z) − log q(z | x), in which the constants cancel: ½ Σ ((z − μ)² e^(−s) + s − z²)
  template <class Pass>
  static double log_ratio(const Pass& pass, Index j) {
    const Index latent = pass.code.rows();
    const auto z = pass.code.col(j).array().template cast<double>();
    const auto mean = pass.latent.col(j).head(latent).array().template cast<double>();
    const auto log_variance = pass.latent.col(j).tail(latent).array().template cast<double>();
    return 0.5 * ((z - mean).square() * (-log_variance).exp() + log_variance - z.square()).sum();
  }

  /// Column j as a batch of its own, for the likelihood.
  template <bool Gradient, bool Accumulate, class S, bool G, bool A>
  static auto column(LossPass<S, G, A>& pass, Index j, double weight) {
    const Index rows = pass.y.rows();
    return LossPass<LossStage<Likelihood, typename S::Scalar>, Gradient, Accumulate>{
        .y = {pass.y.col(j).data(), rows, 1},
        .target = {pass.target.col(j).data(), rows, 1},
        .dy = {pass.dy.col(j).data(), rows, 1},
        .batch = 1,
        .weight = weight,
        .channels = pass.channels};
  }
};

}  // namespace eigencoder
