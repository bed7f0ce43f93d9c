// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/stage.hpp"
#include "eigencoder/kernels/elementwise.hpp"
#include "eigencoder/kernels/math.hpp"

namespace eigencoder::kernels {

/// y_c = e^(x_c) / Σ_k e^(x_k) over the channels of each place. `y` may be x.
template <class T>
struct SoftmaxChannels {
  static constexpr bool compiled = CompiledScalar<T>;
  Index channels, places;
  const T* x;
  T* y;
  void run() const {
    for (Index at = 0; at < places * channels; at += channels) {
      const Packet<T> most(VectorView<const T>(x + at, channels).maxCoeff());  // subtracted, so that no exponential overflows
      detail::transform_here(
          channels, y + at, [=](Packet<T> v) { return exp(v - most); }, x + at);
      VectorView<T> exponentials(y + at, channels);
      exponentials *= T(1) / exponentials.sum();
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
    for (Index at = 0; at < places * channels; at += channels) {
      const VectorView<const T> p(y + at, channels), d(dy + at, channels);
      VectorView<T>(dx + at, channels).array() = p.array() * (d.array() - d.dot(p));
    }
  }
};

}  // namespace eigencoder::kernels
