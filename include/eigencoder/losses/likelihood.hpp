// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "eigencoder/core/type_name.hpp"
#include "eigencoder/losses/binary_cross_entropy.hpp"
#include "eigencoder/losses/pointwise.hpp"

// What a decoder's output says of the sample, as −log p(t | y) in nats: summed over features, averaged over the batch. The
// first term of an ELBO, and losses of their own.
namespace eigencoder {

namespace detail {

/// Throws OptionError unless the value is finite and positive.
inline void check_positive(const char* term, const char* option, double value) {
  if (!(value > 0 && std::isfinite(value))) {
    throw OptionError(message(term, ": ", option, " must be finite and positive, found ", value));
  }
}

}  // namespace detail

/// Every value is 1 with probability y, or a grey value t in [0, 1] taken for one: −t log y − (1 − t) log(1 − y).
/// The decoder must end in probabilities, such as those of a Sigmoid, whose logits it then works on.
struct Bernoulli {
  static constexpr TermNeeds needs{
      .targets = {0, 1}, .sample_weights = true, .element_weights = true, .on_logits = Logits::logistic, .demands = true};

  template <class Chain>
  struct Demands {
    static_assert(
        detail::gives_probabilities<Chain>(),
        "Bernoulli needs a decoder whose values are probabilities: end it with a Sigmoid, or take Gaussian or Laplace");
  };

  constexpr BinaryCrossEntropyOnLogits on_logits() const { return {Reduction::sum}; }

  template <class S, bool Gradient, bool Accumulate>
  double operator()(LossPass<S, Gradient, Accumulate> pass) const {
    return BinaryCrossEntropy{Reduction::sum}(pass);
  }
};

/// Every value is normal with mean y and the given variance v: (y − t)² / (2 v) + ½ log(2π v).   ∂/∂y = (y − t) / v
/// Throws OptionError unless v is finite and positive.
struct Gaussian {
  double variance = 1;
  constexpr std::array<Setting, 1> settings() const { return {{{"variance", variance}}}; }
  static constexpr TermNeeds needs{.sample_weights = true, .element_weights = true, .check = true};

  void check() const { detail::check_positive("Gaussian", "variance", variance); }

  /// At one value: precision / 2 (y − t)² + constant
  struct At {
    using InComponent = At;
    double precision, constant;
    template <class V>
    kernels::Pointwise<V> operator()(V y, V t) const {
      const V scaled = (y - t) * V(precision);
      return {kernels::multiply_add(V(0.5) * scaled, y - t, V(constant)), scaled};
    }
  };

  template <class S, bool Gradient, bool Accumulate>
  double operator()(LossPass<S, Gradient, Accumulate> pass) const {
    constexpr double two_pi = 6.283185307179586476925;
    return pointwise_loss(pass, Reduction::sum, At{1 / variance, 0.5 * std::log(two_pi * variance)});
  }
};

/// The same with the variance that fits best: v̂, the mean of (y − t)² over the features and the whole batch, so that
///   D/2 (log(2π v̂) + 1)   ∂/∂y = (y − t) / v̂      D: features
/// and the balance with the other terms needs no choice. Below 10⁻⁸, v̂ stays there.
/// Rybkin, Daniilidis and Levine, "Simple and effective VAE training with calibrated decoders", 2021.
struct CalibratedGaussian {
  static constexpr TermNeeds needs{.sums = 1};

  template <class S>
  void gather(LossGather<S> pass) const {
    using T = typename S::Scalar;
    pass.sums[0] += kernels::sum_pointwise<false, false>(pass.y.size(), pass.y.data(), pass.target.data(),
                                                         static_cast<T*>(nullptr), 1.0, detail::OfDifference<detail::Square>{});
  }

  template <class S, bool Gradient, bool Accumulate>
  double operator()(LossPass<S, Gradient, Accumulate> pass) const {
    constexpr double two_pi = 6.283185307179586476925, least = 1e-8;
    const auto features = static_cast<double>(pass.y.rows()), batch = static_cast<double>(pass.batch);
    const double fitted = pass.sums[0] / (features * batch), variance = std::max(fitted, least);
    if constexpr (Gradient) Gaussian{variance}(pass);
    const double value = 0.5 * features * (std::log(two_pi * variance) + fitted / variance);
    return value * static_cast<double>(pass.y.cols()) / batch;  // every shard reports its share
  }
};

/// Every value is Laplace with mean y and the given scale b: |y − t| / b + log(2 b).   ∂/∂y = sign(y − t) / b, 0 at 0
/// Throws OptionError unless b is finite and positive.
struct Laplace {
  double scale = 1;
  constexpr std::array<Setting, 1> settings() const { return {{{"scale", scale}}}; }
  static constexpr TermNeeds needs{.sample_weights = true, .element_weights = true, .check = true};

  void check() const { detail::check_positive("Laplace", "scale", scale); }

  /// At one value: factor |y − t| + constant
  struct At {
    using InComponent = At;
    double factor, constant;
    template <class V>
    kernels::Pointwise<V> operator()(V y, V t) const {
      const auto [value, sign] = detail::absolute(y - t);
      return {kernels::multiply_add(V(factor), value, V(constant)), V(factor) * sign};
    }
  };

  template <class S, bool Gradient, bool Accumulate>
  double operator()(LossPass<S, Gradient, Accumulate> pass) const {
    return pointwise_loss(pass, Reduction::sum, At{1 / scale, std::log(2 * scale)});
  }
};

}  // namespace eigencoder
