// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "eigencoder/kernels/channels.hpp"

// Pixels of `channels` values each, normalised one by one: x̂ = (x − mean) · inverse, inverse = 1 / √(variance + ε).
namespace eigencoder::kernels {

/// y = f(γ ∘ x̂ + β), f an activation. `y` may be x.
template <class T, class F>
struct NormalisePixels {
  static constexpr bool compiled = CompiledScalar<T> && CompiledFunction<F>;
  Index channels, pixels;
  const T *x, *gamma, *beta;
  double epsilon;
  T* y;
  T* kept;  ///< mean and inverse of each pixel; or null
  [[no_unique_address]] F f;

  void run() const {
    for (Index pixel = 0; pixel < pixels; ++pixel) normalise(pixel);
  }

 private:
  void normalise(Index pixel) const {
    using V = Packet<T>;
    const T* const from = x + pixel * channels;
    const auto [mean, variance] = moments(channels, from);
    const T inverse = 1 / std::sqrt(variance + static_cast<T>(epsilon));
    if (kept) {
      kept[2 * pixel] = mean;
      kept[2 * pixel + 1] = inverse;
    }
    detail::transform_here(
        channels, y + pixel * channels,
        [m = V(mean), factor = V(inverse), then = f](V v, V g, V b) {
          return then.apply(multiply_add((v - m) * factor, g, b));
        },
        from, gamma, beta);
  }
};

/// dγ += Σ dy ∘ x̂   dβ += Σ dy   dx = (g − mean of g − x̂ · mean of g ∘ x̂) · inverse · f′, g = γ ∘ dy, where f′
/// follows from x. `dx` may be dy.
template <class T, class F>
struct NormalisedPixelsGradient {
  static constexpr bool compiled = CompiledScalar<T> && CompiledFunction<F>;
  static constexpr Index stretch = 128;  ///< pixels whose gradients are summed apart, so that a long sum rounds less
  Index channels, pixels;
  const T *x, *dy, *gamma;
  const T* kept;
  T *dgamma, *dbeta;
  T* sums;  ///< 2 · channels, to work in
  T* dx;    ///< or null
  [[no_unique_address]] F f;

  void run() const {
    for (Index begin = 0; begin < pixels; begin += stretch) {
      const Index end = std::min(begin + stretch, pixels);
      std::fill_n(sums, 2 * channels, T(0));
      for (Index pixel = begin; pixel < end; ++pixel) differentiate(pixel);
      add_values(channels, dgamma, sums);
      add_values(channels, dbeta, sums + channels);
    }
  }

 private:
  void differentiate(Index pixel) const {
    using V = Packet<T>;
    const T* const from = x + pixel * channels;
    const T* const d = dy + pixel * channels;
    const V mean(kept[2 * pixel]), inverse(kept[2 * pixel + 1]);
    V sum(0), dot(0);  // of g, of g ∘ x̂
    for (Index i = 0; i < channels; i += V::size) {
      const Index count = std::min(V::size, channels - i);
      const auto load = [=](const T* values) { return V::load_first(values + i, count); };
      const V slope = load(d), product = slope * (load(from) - mean) * inverse;
      (load(sums) + product).store_first(sums + i, count);
      (load(sums + channels) + slope).store_first(sums + channels + i, count);
      sum = multiply_add(load(gamma), slope, sum);
      dot = multiply_add(load(gamma), product, dot);
    }
    if (!dx) return;
    const V average(sum.sum() / T(channels)), pull(dot.sum() / T(channels));
    detail::transform_here(
        channels, dx + pixel * channels,
        [=, previous = f](V slope, V v, V g) {
          return (g * slope - average - (v - mean) * inverse * pull) * inverse * previous.derivative(v);
        },
        d, from, gamma);
  }
};

}  // namespace eigencoder::kernels
