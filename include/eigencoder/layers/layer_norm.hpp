// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/kernels/layer_norm.hpp"
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
    const auto& [gamma, beta] = pass.theta;
    T* kept = nullptr;
    if constexpr (Forward<S, M>::keeps_cache) kept = pass.cache.data();
    kernels::launch(kernels::NormalisePixels<T, typename S::Epilogue>{.channels = S::in.channels,
                                                                      .pixels = pass.x.size() / S::in.channels,
                                                                      .x = pass.x.data(),
                                                                      .gamma = gamma.data(),
                                                                      .beta = beta.data(),
                                                                      .epsilon = epsilon.value,
                                                                      .y = pass.y.data(),
                                                                      .kept = kept,
                                                                      .f = pass.epilogue});
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    using T = typename S::Scalar;
    T* dx = nullptr;
    if constexpr (InputGradient) dx = pass.dx.data();
    kernels::launch(kernels::NormalisedPixelsGradient<T, typename S::Previous>{.channels = S::in.channels,
                                                                               .pixels = pass.dy.size() / S::in.channels,
                                                                               .x = pass.x.data(),
                                                                               .dy = pass.dy.data(),
                                                                               .gamma = std::get<0>(pass.theta).data(),
                                                                               .kept = pass.cache.data(),
                                                                               .dgamma = std::get<0>(pass.dtheta).data(),
                                                                               .dbeta = std::get<1>(pass.dtheta).data(),
                                                                               .sums = pass.scratch.data(),
                                                                               .dx = dx,
                                                                               .f = pass.previous});
  }
};

}  // namespace eigencoder
