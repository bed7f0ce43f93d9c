// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/kernels/softmax.hpp"

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
    kernels::launch(kernels::SoftmaxChannels<typename S::Scalar>{S::in.channels, pass.x.size() / S::in.channels, pass.x.data(),
                                                                 pass.y.data()});
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      kernels::launch(kernels::SoftmaxGradient<typename S::Scalar>{S::in.channels, pass.dy.size() / S::in.channels,
                                                                   pass.y.data(), pass.dy.data(), pass.dx.data()});
    }
  }
};

}  // namespace eigencoder
