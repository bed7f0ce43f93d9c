// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/kernels/channels.hpp"
#include "eigencoder/layers/normalisation.hpp"

namespace eigencoder {

/// y = γ ∘ x̂ + β, x̂ = (x − μ) / √(σ² + ε), with mean and (biased) variance over the channels of each pixel; a vector is one
/// pixel.   γ, β: one value a channel
/// dγ += Σ dy ∘ x̂   dβ += Σ dy   dx = (g − mean of g − x̂ · mean of g ∘ x̂) / √(σ² + ε), g = γ ∘ dy
/// ε = 10⁻³ is Keras's default; PyTorch's is 10⁻⁵. Throws OptionError.   Ba, Kiros and Hinton, 2016.
struct LayerNorm {
  detail::Epsilon<LayerNorm> epsilon = 1e-3;

  constexpr std::array<Setting, 1> settings() const { return {{{"epsilon", epsilon.value}}}; }

  static constexpr Mirroring mirroring = Mirroring::follows;
  static constexpr bool stepwise = true;
  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) { return in; }
  static constexpr Needs needs(Shape in) {
    return {.cache = 2 * in.height * in.width,
            .scratch = 2 * in.channels,
            .backward_x = true,
            .in_place = true,
            .derivative = true,
            .epilogue = true};
  }
  static constexpr auto parameters(Shape in) {
    return std::array{Block{.name = "gamma", .rows = in.channels, .init = Init::ones, .decay = false},
                      Block{.name = "beta", .rows = in.channels, .decay = false}};
  }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    using T = typename S::Scalar;
    using V = kernels::Packet<T>;
    const auto& [gamma, beta] = pass.theta;
    constexpr Index n = S::in.channels;
    for (Index pixel = 0; pixel < pass.x.size() / n; ++pixel) {
      const T* const x = pass.x.data() + pixel * n;
      const auto [mean, variance] = kernels::moments(n, x);
      const T inverse = 1 / std::sqrt(variance + static_cast<T>(epsilon.value));
      if constexpr (Forward<S, M>::keeps_cache) {
        pass.cache.data()[2 * pixel] = mean;
        pass.cache.data()[2 * pixel + 1] = inverse;
      }
      kernels::transform(
          n, pass.y.data() + pixel * n,
          [&, m = V(mean), factor = V(inverse)](V v, V g, V b) {
            return pass.epilogue.apply(multiply_add((v - m) * factor, g, b));
          },
          x, gamma.data(), beta.data());
    }
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    using T = typename S::Scalar;
    using V = kernels::Packet<T>;
    const T* const gamma = std::get<0>(pass.theta).data();
    constexpr Index n = S::in.channels;
    constexpr Index stretch = 128;  // pixels whose gradients are summed apart, so that a long sum rounds less
    const Index pixels = pass.dy.size() / n;
    auto dgamma = pass.scratch.head(n), dbeta = pass.scratch.tail(n);
    for (Index begin = 0; begin < pixels; begin += stretch) {
      pass.scratch.setZero();
      for (Index pixel = begin; pixel < std::min(begin + stretch, pixels); ++pixel) {
        const T* const x = pass.x.data() + pixel * n;
        const T* const dy = pass.dy.data() + pixel * n;
        const V mean(pass.cache.data()[2 * pixel]), inverse(pass.cache.data()[2 * pixel + 1]);
        V sum(0), dot(0);  // of g, of g ∘ x̂
        for (Index i = 0; i < n; i += V::size) {
          const Index count = std::min(V::size, n - i);
          const auto load = [=](const T* from) { return V::load_first(from + i, count); };
          const V d = load(dy), product = d * (load(x) - mean) * inverse;
          (load(dgamma.data()) + product).store_first(dgamma.data() + i, count);
          (load(dbeta.data()) + d).store_first(dbeta.data() + i, count);
          sum = multiply_add(load(gamma), d, sum);
          dot = multiply_add(load(gamma), product, dot);
        }
        if constexpr (InputGradient) {
          const V average(sum.sum() / T(n)), pull(dot.sum() / T(n));
          kernels::transform(
              n, pass.dx.data() + pixel * n,
              [&](V d, V v, V g) {
                return (g * d - average - (v - mean) * inverse * pull) * inverse * pass.previous.derivative(v);
              },
              dy, x, gamma);
        }
      }
      std::get<0>(pass.dtheta) += dgamma;
      std::get<1>(pass.dtheta) += dbeta;
    }
  }
};

}  // namespace eigencoder
