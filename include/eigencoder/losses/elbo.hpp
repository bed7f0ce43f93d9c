// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/losses/gaussian_kl.hpp"
#include "eigencoder/losses/likelihood.hpp"

namespace eigencoder {

struct ElboOptions {
  double beta = 1;        ///< the divergence's weight
  Annealing annealing{};  ///< how that weight grows
};

/// The negative evidence lower bound, in nats a sample: Likelihood + β · GaussianKL, each reported apart.
///   Elbo{Bernoulli{}}   Elbo{Gaussian{.variance = 0.01}, {.beta = 4, .annealing = linear_annealing(2000)}}
/// Both are sums, over the features and over the latent dimensions: with β = 1 the value bounds −log p(sample) from above, and
/// compares with what is published. β must be finite and not negative. Throws OptionError.
/// Other divergences are summands of their own: Bernoulli{} + FreeBits{.nats = 0.1}, Bernoulli{} + 100 * Capacity{.nats = 20}.
/// Kingma and Welling, "Auto-encoding variational Bayes", 2013; Higgins et al., "β-VAE", 2017.
template <Loss Likelihood>
struct Elbo {
  Likelihood likelihood;
  ElboOptions options;

  constexpr explicit Elbo(Likelihood term = {}, ElboOptions given = {}) : likelihood(term), options(given) {
    if (!(options.beta >= 0 && options.beta <= std::numeric_limits<double>::max())) {
      throw OptionError(message("Elbo: beta must be finite and not negative, found ", options.beta));
    }
  }
};

template <Loss Likelihood>
constexpr Objective<Likelihood, GaussianKL> as_objective(Elbo<Likelihood> elbo) {
  return as_objective(elbo.likelihood) + elbo.options.beta * GaussianKL{elbo.options.annealing};
}

}  // namespace eigencoder
