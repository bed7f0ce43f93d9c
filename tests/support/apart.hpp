// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>

#include <eigencoder/core/pass.hpp>

/// Hands values on as they are, and keeps its neighbours from running as one.
struct Apart {
  static constexpr bool accepts(eigencoder::Shape) { return true; }
  static constexpr eigencoder::Shape output(eigencoder::Shape in) { return in; }
  static constexpr eigencoder::Needs needs(eigencoder::Shape) { return {}; }
  static constexpr std::array<eigencoder::Block, 0> parameters(eigencoder::Shape) { return {}; }

  template <class S, eigencoder::Mode M>
  void forward(eigencoder::Forward<S, M> pass) const {
    pass.y = pass.x;
  }
  template <class S, bool InputGradient>
  void backward(eigencoder::Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) pass.dx = pass.dy;
  }
};
