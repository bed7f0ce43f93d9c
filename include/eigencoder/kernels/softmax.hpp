// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/cross_entropy.hpp"

// Sums are taken in one order wherever the values lie in memory, so that a result has the same bits in place and apart.
namespace eigencoder::kernels {

/// y_c = e^(x_c) / Σ_k e^(x_k) over the channels of each place. `y` may be x.
template <class T>
struct SoftmaxChannels {
  static constexpr bool compiled = CompiledScalar<T>;
  Index channels, places;
  const T* x;
  T* y;
  void run() const {
    using P = Packet<T>;
    for (Index at = 0; at < places * channels; at += channels) {
      const T* const written = y + at;
      const P most(detail::largest_of(channels, x + at));  // subtracted, so that no exponential overflows
      detail::transform_here(
          channels, y + at, [=](P v) { return exp(v - most); }, x + at);
      const P share(T(1) / detail::sum_of<T>(
                               channels, [](P v) { return v; }, written));
      detail::transform_here(
          channels, y + at, [=](P v) { return v * share; }, written);
    }
  }
};

/// dx = y ∘ (dy − Σ_k dy_k y_k). `dx` may be dy.
template <class T>
struct SoftmaxGradient {
  static constexpr bool compiled = CompiledScalar<T>;
  Index channels, places;
  const T *y, *dy;
  T* dx;
  void run() const {
    using P = Packet<T>;
    for (Index at = 0; at < places * channels; at += channels) {
      const P dot(detail::sum_of<T>(
          channels, [](P p, P d) { return p * d; }, y + at, dy + at));
      detail::transform_here(
          channels, dx + at, [=](P p, P d) { return p * (d - dot); }, y + at, dy + at);
    }
  }
};

}  // namespace eigencoder::kernels
