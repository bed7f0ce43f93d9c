// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/kernels/frame.hpp"

// Layers that move values and change none.
namespace eigencoder {

/// Rows and columns of pixels around an image; one number stands for all four. None may be negative.
struct Border {
  Index top = 0, bottom = 0, left = 0, right = 0;

  constexpr Border(Index all) : Border(all, all, all, all) {}
  constexpr Border(Index above, Index below, Index at_left, Index at_right)
      : top(counted(above)), bottom(counted(below)), left(counted(at_left)), right(counted(at_right)) {}

 private:
  static constexpr Index counted(Index pixels) {
    if (pixels < 0) raise<ShapeError>("a border has no fewer than 0 pixels, found ", pixels);
    return pixels;
  }
};

namespace detail {
constexpr kernels::Frame framed(Shape inner, Border border) {
  kernels::Frame frame(inner);
  frame.top = border.top, frame.left = border.left;
  frame.rows = border.top + inner.height + border.bottom;
  frame.columns = border.left + inner.width + border.right;
  return frame;
}
}  // namespace detail

template <Border Cut>
struct Crop2D;

/// The image with zeros around it.   x: (h, w, c)   y: (top + h + bottom, left + w + right, c)   dx: dy without the border
template <Border Zeros>
struct ZeroPad2D {
  using Tangent = ZeroPad2D;
  static constexpr Mirroring mirroring = Mirroring::shape;
  template <Shape>
  using Mirror = Crop2D<Zeros>;

  static constexpr bool keeps_range = true;  ///< y lies in the range of x, if that holds 0: probabilities stay probabilities
  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) {
    return {
        .channels = in.channels, .height = Zeros.top + in.height + Zeros.bottom, .width = Zeros.left + in.width + Zeros.right};
  }
  static constexpr Index steps(Shape, Index n) { return Zeros.left + n + Zeros.right; }
  static constexpr Needs needs(Shape) { return {}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    detail::framed(S::in, Zeros).put(pass.x.data(), pass.x.cols(), pass.y.data());
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      detail::framed(S::in, Zeros).take(pass.dy.data(), pass.dy.cols(), pass.dx.data());
    }
  }
};

/// The image without a border.   x: (h, w, c)   y: (h − top − bottom, w − left − right, c)   dx: dy with zeros around it
template <Border Cut>
struct Crop2D {
  using Tangent = Crop2D;
  static constexpr Mirroring mirroring = Mirroring::shape;
  template <Shape>
  using Mirror = ZeroPad2D<Cut>;

  static constexpr bool keeps_range = true;
  static constexpr bool accepts(Shape in) { return in.height > Cut.top + Cut.bottom && in.width > Cut.left + Cut.right; }
  template <Shape In>
  struct Refusal {
    static_assert(accepts(In), "Crop2D leaves nothing of this image");
  };
  static constexpr Shape output(Shape in) {
    return {.channels = in.channels, .height = in.height - Cut.top - Cut.bottom, .width = in.width - Cut.left - Cut.right};
  }
  /// What is left of the first n steps. The border is that of the shape: a sequence that ends before it loses nothing there.
  static constexpr Index steps(Shape in, Index n) { return std::min(n, in.width - Cut.right) - Cut.left; }
  static constexpr Needs needs(Shape) { return {}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    detail::framed(S::out, Cut).take(pass.x.data(), pass.x.cols(), pass.y.data());
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      detail::framed(S::out, Cut).put(pass.dy.data(), pass.dy.cols(), pass.dx.data());
    }
  }
};

/// The same values as a sample of another shape, Target, of the same size: Reshape<image(7, 7, 32)> after Dense<1568>.
template <Shape Target>
struct Reshape {
  using Tangent = Reshape;
  static constexpr Mirroring mirroring = Mirroring::shape;
  template <Shape In>
  using Mirror = Reshape<In>;

  static constexpr bool keeps_range = true;
  static constexpr bool accepts(Shape in) { return in.size() == Target.size(); }
  template <Shape In>
  struct Refusal {
    static_assert(accepts(In), "Reshape keeps all values: its shape must have as many as its input");
  };
  static constexpr Shape output(Shape) { return Target; }
  static constexpr Needs needs(Shape) { return {.in_place = true}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    if (pass.x.data() != pass.y.data()) pass.y = pass.x;
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      if (pass.dx.data() != pass.dy.data()) pass.dx = pass.dy;
    }
  }
};

}  // namespace eigencoder
