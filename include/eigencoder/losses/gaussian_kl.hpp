// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "eigencoder/kernels/math.hpp"
#include "eigencoder/losses/pointwise.hpp"

// How far a variational encoder's distribution N(μ, e^s) is from the prior N(0, 1), as penalties on (μ, s): 2Z × B. Of one
// value,
//   KL = ½ (μ² + e^s − 1 − s)   ∂/∂μ = μ   ∂/∂s = ½ (e^s − 1).
namespace eigencoder {

/// How a term's weight grows during training: its factor in every step. Evaluations take the whole weight.
struct Annealing {
  std::uint64_t period = 0;  ///< steps
  double rising = 1;         ///< share of the period in which the factor rises from 0 to 1
  bool again = false;        ///< begin anew after each period

  constexpr std::array<Setting, 3> settings() const {
    return {{{"period", static_cast<double>(period)}, {"rising", rising}, {"again", static_cast<double>(again)}}};
  }
  constexpr double operator()(std::uint64_t step) const {
    if (period == 0 || (!again && step >= period)) return 1;
    return std::min(1.0, static_cast<double>(step % period) / (rising * static_cast<double>(period)));
  }
};

/// From 0 to 1 in so many steps.
constexpr Annealing linear_annealing(std::uint64_t steps) { return {steps}; }

/// Again and again: from 0 to 1 in the given share of so many steps, and 1 for the rest of them. The share must be in (0, 1].
/// Throws OptionError. Fu et al., "Cyclical annealing schedule", 2019.
constexpr Annealing cyclic_annealing(std::uint64_t steps, double rising = 0.5) {
  if (!(rising > 0 && rising <= 1)) throw OptionError(message("cyclic_annealing: rising must be in (0, 1], found ", rising));
  return {steps, rising, true};
}

namespace detail {

/// Fails to compile unless the network draws its code from a normal distribution.
template <class Chain>
struct SamplesGaussian {
  static constexpr bool found = [] {
    bool any = false;
    Chain::for_each_layer([&]<std::size_t I>() {
      any = any || requires { Chain::template layer<I>::gaussian; };
    });
    return any;
  }();
  static_assert(found, "this penalty needs a network that draws its code from a normal distribution: a VariationalAutoencoder");
};

/// What a mean adds to KL: ½ μ²
struct DivergenceOfMean {
  using InComponent = DivergenceOfMean;
  template <class V>
  kernels::Pointwise<V> operator()(V mean) const {
    return {V(0.5) * mean * mean, mean};
  }
};
/// What the logarithm of a variance adds: ½ (e^s − 1 − s)
struct DivergenceOfLogVariance {
  using InComponent = DivergenceOfLogVariance;
  template <class V>
  kernels::Pointwise<V> operator()(V s) const {
    const V excess = kernels::exp_minus_one(s);
    return {V(0.5) * (excess - s), V(0.5) * excess};
  }
};

/// Σ KL of one column, and its gradient times `scale` added.
template <bool Gradient, class T>
double gaussian_kl(Index latent, const T* y, T* dy, double scale) {
  const T* const s = y + latent;
  T* const ds = Gradient ? dy + latent : nullptr;
  return kernels::sum_pointwise<Gradient, true>(latent, y, y, dy, scale, OfValue<DivergenceOfMean>{}) +
         kernels::sum_pointwise<Gradient, true>(latent, s, s, ds, scale, OfValue<DivergenceOfLogVariance>{});
}

/// The same of all columns.
template <bool Gradient, class T>
double gaussian_kl(const MatrixView<const T>& y, T* dy, double scale) {
  double sum = 0;
  for (Index j = 0; j < y.cols(); ++j) {
    sum += gaussian_kl<Gradient>(y.rows() / 2, y.col(j).data(), Gradient ? dy + j * y.rows() : nullptr, scale);
  }
  return sum;
}

}  // namespace detail

/// KL(N(μ, e^s) ‖ N(0, I)), summed over the latent dimensions, averaged over the batch: the second term of an ELBO. Its weight
/// is β. Kingma and Welling, 2013; β: Higgins et al., 2017.
struct GaussianKL {
  Annealing annealing{};
  constexpr auto settings() const { return annealing.settings(); }

  static constexpr TermNeeds needs{.site = Site::latent, .factor = true, .warning = true, .demands = true};
  template <class Chain>
  using Demands = detail::SamplesGaussian<Chain>;

  double factor(std::uint64_t step) const { return annealing(step); }

  /// What to say of an epoch's value: nothing, unless the code carries nothing.
  static std::string warning(double value) {
    if (!(value < 0.01)) return {};
    return message(value,
                   " nats. The decoder ignores the code (posterior collapse). A smaller beta, linear_annealing, FreeBits, ",
                   "a likelihood that weighs the reconstruction more, or a weaker decoder may help.");
  }

  template <class S, bool Gradient>
  double operator()(PenaltyPass<S, Gradient> pass) const {
    const double share = 1 / static_cast<double>(pass.batch);
    return share * detail::gaussian_kl<Gradient, typename S::Scalar>(pass.y, pass.dy.data(), share * pass.weight);
  }
};

/// Σ_i max(λ, KL_i) with KL_i that of latent dimension i, averaged over the whole batch: up to λ nats a dimension
/// there is no gradient, so that none is given up early. λ must be finite and not negative. Throws OptionError.
/// Kingma et al., "Improved variational inference with inverse autoregressive flow", 2016.
struct FreeBits {
  double nats = 0.1;
  Annealing annealing{};
  constexpr std::array<Setting, 4> settings() const {
    const auto [period, rising, again] = annealing.settings();
    return {{{"nats", nats}, period, rising, again}};
  }

  static constexpr TermNeeds needs{.site = Site::latent,
                                   .sums = [](Shape latent) { return latent.size() / 2; },
                                   .factor = true,
                                   .check = true,
                                   .demands = true};
  template <class Chain>
  using Demands = detail::SamplesGaussian<Chain>;

  void check() const {
    if (!(nats >= 0 && std::isfinite(nats)))
      throw OptionError(message("FreeBits: nats must be finite and not negative, found ", nats));
  }
  double factor(std::uint64_t step) const { return annealing(step); }

  template <class S>
  void gather(PenaltyGather<S> pass) const {
    const Index latent = pass.y.rows() / 2;
    Eigen::Map<Eigen::ArrayXd> sums(pass.sums.data(), latent);
    for (Index j = 0; j < pass.y.cols(); ++j) {
      const auto mean = pass.y.col(j).head(latent).array().template cast<double>();
      const auto log_variance = pass.y.col(j).tail(latent).array().template cast<double>();
      sums += 0.5 * (mean.square() + log_variance.expm1() - log_variance);
    }
  }

  template <class S, bool Gradient>
  double operator()(PenaltyPass<S, Gradient> pass) const {
    using T = typename S::Scalar;
    const Index latent = pass.y.rows() / 2;
    const double batch = static_cast<double>(pass.batch);
    double value = 0;
    for (Index i = 0; i < latent; ++i) {
      const double divergence = pass.sums[static_cast<std::size_t>(i)] / batch;
      value += std::max(nats, divergence);
      if (!Gradient || divergence <= nats) continue;
      const auto scale = static_cast<T>(pass.weight / batch);
      pass.dy.row(i) += scale * pass.y.row(i);
      pass.dy.row(latent + i).array() += T(0.5) * scale * pass.y.row(latent + i).array().expm1();
    }
    return value * static_cast<double>(pass.y.cols()) / batch;  // every shard reports its share
  }
};

/// |KL − C| with KL that of GaussianKL over the whole batch, and C rising from 0 to `nats` in so many steps: what the code may
/// carry grows with training. Its weight is γ, usually large. C must be finite and not negative. Throws OptionError.
/// Burgess et al., "Understanding disentangling in β-VAE", 2018.
struct Capacity {
  double nats = 25;
  std::uint64_t steps = 10000;
  constexpr std::array<Setting, 2> settings() const { return {{{"nats", nats}, {"steps", static_cast<double>(steps)}}}; }

  static constexpr TermNeeds needs{.site = Site::latent, .sums = 1, .check = true, .demands = true};
  template <class Chain>
  using Demands = detail::SamplesGaussian<Chain>;

  void check() const {
    if (!(nats >= 0 && std::isfinite(nats)))
      throw OptionError(message("Capacity: nats must be finite and not negative, found ", nats));
  }

  template <class S>
  void gather(PenaltyGather<S> pass) const {
    pass.sums[0] += detail::gaussian_kl<false, typename S::Scalar>(pass.y, nullptr, 0);
  }

  template <class S, bool Gradient>
  double operator()(PenaltyPass<S, Gradient> pass) const {
    const double batch = static_cast<double>(pass.batch);
    const double excess = pass.sums[0] / batch - nats * linear_annealing(steps)(pass.step);
    if constexpr (Gradient) {
      detail::gaussian_kl<true, typename S::Scalar>(pass.y, pass.dy.data(), (excess < 0 ? -1 : 1) * pass.weight / batch);
    }
    return std::abs(excess) * static_cast<double>(pass.y.cols()) / batch;  // every shard reports its share
  }
};

}  // namespace eigencoder
