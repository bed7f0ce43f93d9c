// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/core/pass.hpp"

namespace eigencoder {

/// A sequence from its end to its beginning: y_t = x_(n − 1 − t) for the n steps that the sample has; its padding stays behind
/// them.   x, y: (t, c)   dx: dy from its end to its beginning
struct ReverseSteps {
  static constexpr Mirroring mirroring = Mirroring::shape;
  template <Shape>
  using Mirror = ReverseSteps;

  static constexpr bool keeps_range = true;
  static constexpr bool accepts(Shape in) { return in.height == 1; }
  template <Shape In>
  struct Refusal {
    static_assert(accepts(In), "ReverseSteps takes sequences: put a Reshape before it");
  };
  static constexpr Shape output(Shape in) { return in; }
  static constexpr Needs needs(Shape) { return {.lengths = true}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    reverse<S>(pass.lengths, pass.x, pass.y);
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) reverse<S>(pass.lengths, pass.dy, pass.dx);
  }

 private:
  template <class S, class From, class To>
  static void reverse(const Lengths& lengths, const From& from, To& to) {
    constexpr Index channels = S::in.channels;
    for (Index j = 0; j < from.cols(); ++j) {
      const Index values = lengths ? lengths.values(j) : from.rows();
      const auto* const begin = from.col(j).data();
      auto* y = to.col(j).data();
      for (const auto* x = begin + values; x != begin;) y = std::copy_n(x -= channels, channels, y);
    }
  }
};

}  // namespace eigencoder
