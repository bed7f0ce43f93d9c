// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/kernels/elementwise.hpp"
#include "eigencoder/kernels/math.hpp"

namespace eigencoder {

/// y_c = e^(x_c) / Σ_k e^(x_k) over the channels: over all features of a vector, over the channels of every pixel of an image.
/// dx = y ∘ (dy − Σ_k dy_k y_k)
struct Softmax {
  static constexpr Mirroring mirroring = Mirroring::follows;
  static constexpr bool stepwise = true;
  static constexpr Logits logits = Logits::softmax;
  static constexpr Range range{0, 1};
  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) { return in; }
  static constexpr Needs needs(Shape) { return {.backward_y = true, .in_place = true}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    using T = typename S::Scalar;
    using V = kernels::Packet<T>;
    for_each_pixel<S>(pass.x.cols(), [&](Index at, Index channels) {
      const VectorView<const T> x(pass.x.data() + at, channels);
      VectorView<T> y(pass.y.data() + at, channels);
      const V most(x.maxCoeff());  // subtracted, so that no exponential overflows
      kernels::transform(channels, y.data(), [=](V v) { return kernels::exp(v - most); }, x.data());
      y *= T(1) / y.sum();
    });
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      using T = typename S::Scalar;
      for_each_pixel<S>(pass.dy.cols(), [&](Index at, Index channels) {
        const VectorView<const T> y(pass.y.data() + at, channels), dy(pass.dy.data() + at, channels);
        VectorView<T>(pass.dx.data() + at, channels).array() = y.array() * (dy.array() - dy.dot(y));
      });
    }
  }

 private:
  template <class S, class F>
  static void for_each_pixel(Index columns, F f) {
    constexpr Index channels = S::in.channels;
    for (Index at = 0; at < columns * S::in.size(); at += channels) f(at, channels);
  }
};

}  // namespace eigencoder
