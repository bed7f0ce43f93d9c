// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/kernels/channels.hpp"
#include "eigencoder/layers/normalisation.hpp"

namespace eigencoder {

namespace detail {

/// The moments of every channel's values: their number n, their mean, kept as one of the values (`origin`) and the difference
/// from it (`offset`), and Σ (x − mean)². In one number, a mean that is large beside the differences between shards would round
/// them.
template <class Value>
struct BatchMoments {
  using Array = Eigen::Map<std::conditional_t<std::is_const_v<Value>, const Eigen::ArrayXd, Eigen::ArrayXd>>;
  Value& n;
  Array origin, offset, squares;

  explicit BatchMoments(std::span<Value> sums)
      : n(sums.front()),
        origin(sums.data() + 1, static_cast<Index>(sums.size() / 3)),
        offset(origin.data() + origin.size(), origin.size()),
        squares(offset.data() + origin.size(), origin.size()) {}
  auto mean() const { return origin + offset; }
  auto variance() const { return squares / n; }
};

/// (a dy + b x + c) f′, where f′ follows from x
template <class F>
struct NormalisedGradient {
  using InComponent = kernels::InComponentWith<F, NormalisedGradient>;
  [[no_unique_address]] F f;
  template <class V>
  V operator()(V a, V b, V c, V dy, V x) const {
    return kernels::multiply_add(a, dy, kernels::multiply_add(b, x, c)) * f.derivative(x);
  }
};
/// x − K, (x − K)²
struct DifferencesFrom {
  using InComponent = DifferencesFrom;
  template <class V>
  std::array<V, 2> operator()(V origin, V x) const {
    return {x - origin, (x - origin) * (x - origin)};
  }
};
/// dy, dy (x − K)
struct ProductsFrom {
  using InComponent = ProductsFrom;
  template <class V>
  std::array<V, 2> operator()(V origin, V dy, V x) const {
    return {dy, dy * (x - origin)};
  }
};

}  // namespace detail

/// y = γ x̂ + β, x̂ = (x − μ) / √(σ² + ε), channel by channel; a vector's features are channels of one pixel.
///   in training    μ and σ² are mean and (biased) variance of the channel over all pixels of the whole batch, n values
///   in inference   their running averages, μ̄ ← m μ̄ + (1 − m) μ once a step, σ̄² likewise
/// Of sequences with padding, n counts the steps that are the samples' own.
/// dγ += Σ dy ∘ x̂   dβ += Σ dy   dx = γ / √(σ² + ε) · (dy − (Σ dy) / n − x̂ (Σ dy ∘ x̂) / n)
/// The defaults m = 0.99, ε = 10⁻³ and the biased variance in the average are Keras's. PyTorch's momentum is 1 − m, 0.1, its ε
/// is 10⁻⁵, and its average is of the unbiased variance. Throws OptionError.   Ioffe and Szegedy, 2015.
struct BatchNorm {
  struct Momentum {
    double value;
    constexpr Momentum(double given) : value(given) {
      if (!(value >= 0 && value < 1)) raise<OptionError>("BatchNorm: momentum must be in [0, 1), found ", value);
    }
  };

  Momentum momentum = 0.99;
  detail::Epsilon<BatchNorm> epsilon = 1e-3;

  constexpr std::array<Setting, 2> settings() const { return {{{"momentum", momentum.value}, {"epsilon", epsilon.value}}}; }

  static constexpr Mirroring mirroring = Mirroring::follows;
  static constexpr bool stepwise = true;
  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) { return in; }
  static constexpr Needs needs(Shape in) {
    return {.scratch = 3 * in.channels,
            .sums = 1 + 3 * in.channels,
            .dsums = 2 * in.channels,
            .backward_x = true,
            .in_place = true,
            .derivative = true,
            .epilogue = true,
            .lengths = true};
  }
  static constexpr auto parameters(Shape in) {
    return std::array{Block{.name = "gamma", .rows = in.channels, .init = Init::ones, .decay = false},
                      Block{.name = "beta", .rows = in.channels, .decay = false},
                      Block{.name = "moving_mean", .rows = in.channels, .trainable = false},
                      Block{.name = "moving_variance", .rows = in.channels, .init = Init::ones, .trainable = false}};
  }

  /// The shard's moments. Summed in T are the differences from its first pixel: a variance that is small beside the squares of
  /// the values would be lost in their rounding.
  template <class S>
  void gather(Gather<S> pass) const {
    const auto* const first = pass.x.data();
    detail::BatchMoments moments(pass.sums);
    const auto add = [&](const auto* x, Index values) {
      kernels::sum_channels(
          S::in.channels, values,
          [&](Index c, double sum, double squares) {
            moments.offset[c] += sum;
            moments.squares[c] += squares;
          },
          detail::DifferencesFrom{}, std::array{first}, x);
      moments.n += static_cast<double>(values / S::in.channels);
    };
    if (pass.lengths) {
      for (Index j = 0; j < pass.x.cols(); ++j) add(pass.x.col(j).data(), pass.lengths.values(j));
    } else {
      add(first, pass.x.size());
    }
    moments.origin = in_double(VectorView<const typename S::Scalar>(first, S::in.channels));
    moments.squares = (moments.squares - moments.offset.square() / moments.n).max(0.0);
    moments.offset /= moments.n;
  }

  /// The moments of two sets of values → those of both.   Chan, Golub and LeVeque, 1979.
  static void merge(std::span<double> total, std::span<const double> part) {
    detail::BatchMoments all(total);
    const detail::BatchMoments more(part);
    if (all.n == 0) {
      std::copy(part.begin(), part.end(), total.begin());
      return;
    }
    const double n = all.n + more.n;
    for (Index c = 0; c < all.offset.size(); ++c) {  // an expression would be compiled in every program
      const double apart = more.origin[c] - all.origin[c] + more.offset[c] - all.offset[c];
      all.squares[c] += more.squares[c] + apart * apart * (all.n * more.n / n);
      all.offset[c] += apart * (more.n / n);
    }
    all.n = n;
  }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    if constexpr (M == Mode::train) {
      const detail::BatchMoments moments(pass.sums);
      normalise<S>(pass, moments.mean(), moments.variance());
    } else {
      const auto& [mean, variance] = pass.state;
      normalise<S>(pass, in_double(mean), in_double(variance));
    }
  }

  /// Σ dy, Σ dy ∘ (x − μ): with K the shard's first pixel, Σ dy ∘ (x − K) in T, and (K − μ) Σ dy added in double.
  template <class S>
  void gather_backward(GatherBackward<S> pass) const {
    const auto* const first = pass.x.data();
    const detail::BatchMoments moments(pass.sums);
    const auto sums = pass.dsums.first(S::in.channels), products = pass.dsums.last(S::in.channels);
    kernels::sum_channels(
        S::in.channels, pass.x.size(),
        [&](Index c, double sum, double product) {
          const auto channel = static_cast<std::size_t>(c);
          sums[channel] += sum;
          products[channel] += product + (static_cast<double>(first[c]) - moments.origin[c] - moments.offset[c]) * sum;
        },
        detail::ProductsFrom{}, std::array{first}, pass.dy.data(), first);
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    using T = typename S::Scalar;
    const detail::BatchMoments moments(pass.sums);
    const Eigen::Map<const Eigen::ArrayXd> sums(pass.dsums.data(), S::in.channels),
        products(sums.data() + sums.size(), sums.size());
    const auto inverse = (moments.variance() + epsilon.value).sqrt().inverse();
    const auto dot = inverse * products;  // Σ dy ∘ x̂

    // The totals are the whole batch's: each shard adds its part of them.
    const double part = static_cast<double>(pass.dy.cols()) / static_cast<double>(pass.batch);
    const auto add = [part](auto& gradient, const auto& total) { gradient.array() += (part * total).template cast<T>(); };
    auto& [dgamma, dbeta] = pass.dtheta;
    add(dgamma, dot);
    add(dbeta, sums);

    if constexpr (InputGradient) {  // dx = a dy + b x + c
      constexpr Index channels = S::in.channels;
      auto a = pass.scratch.array().head(channels), b = pass.scratch.array().segment(channels, channels),
           c = pass.scratch.array().tail(channels);
      a = (in_double(std::get<0>(pass.theta)) * inverse).template cast<T>();
      b = (-in_double(a) * inverse * dot / moments.n).template cast<T>();
      c = (-in_double(a) * sums / moments.n - in_double(b) * moments.mean()).template cast<T>();
      kernels::transform_channels(channels, pass.dy.size(), pass.dx.data(),
                                  detail::NormalisedGradient<typename S::Previous>{pass.previous},
                                  std::array<const T*, 3>{a.data(), b.data(), c.data()}, pass.dy.data(), pass.x.data());
    }
  }

  template <class S>
  void settle(Settle<S> pass) const {
    using T = typename S::Scalar;
    const detail::BatchMoments moments(pass.sums);
    const auto average = [m = momentum.value](auto& running, const auto& now) {
      running.array() = (m * in_double(running) + (1 - m) * now).template cast<T>();
    };
    auto& [mean, variance] = pass.state;
    average(mean, moments.mean());
    average(variance, moments.variance());
  }

 private:
  template <class Vector>
  static auto in_double(const Vector& vector) {
    return vector.array().template cast<double>();
  }
  template <class S, class Pass, class Mean, class Variance>
  void normalise(Pass& pass, const Mean& mean, const Variance& variance) const {
    using T = typename S::Scalar;
    constexpr Index channels = S::in.channels;
    const auto& [gamma, beta] = pass.theta;
    auto scale = pass.scratch.array().head(channels), shift = pass.scratch.array().tail(channels);
    scale = (in_double(gamma) / (variance + epsilon.value).sqrt()).template cast<T>();
    shift = (in_double(beta) - in_double(scale) * mean).template cast<T>();
    kernels::transform_channels(channels, pass.x.size(), pass.y.data(), kernels::Affine<typename S::Epilogue>{pass.epilogue},
                                std::array<const T*, 2>{scale.data(), shift.data()}, pass.x.data());
  }
};

}  // namespace eigencoder
