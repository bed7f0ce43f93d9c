// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/kernels/pooling.hpp"
#include "eigencoder/kernels/resampling.hpp"

namespace eigencoder {

/// nearest: each pixel is repeated. bilinear: linear from one pixel's centre to the next and constant beyond the outermost, as
/// in Keras, and in PyTorch with align_corners=False.
enum class Interpolation { nearest, bilinear };

namespace detail {
/// Says that every pixel is repeated, so that a convolution that follows can read the small image instead.
template <Extent Factor, Interpolation Between>
struct Repeats {};
template <Extent Factor>
struct Repeats<Factor, Interpolation::nearest> {
  static constexpr Extent repeats = Factor;
};
}  // namespace detail

/// An image that is Factor times as high and as wide.   x: (h, w, c)   y: (f h, f w, c)
/// dx: every pixel's share in each value of y, times dy there.
template <Extent Factor, Interpolation Between = Interpolation::nearest>
struct UpSample2D : detail::Repeats<Factor, Between> {
  using Tangent = UpSample2D;
  static constexpr bool keeps_range = true;
  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) {
    return {.channels = in.channels, .height = in.height * Factor.height, .width = in.width * Factor.width};
  }
  static constexpr Index steps(Shape, Index n) { return n * Factor.width; }
  static constexpr Needs needs(Shape) { return {.lengths = Between == Interpolation::bilinear}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    if constexpr (Between == Interpolation::nearest) {
      kernels::spread_windows(copies(S::in), pass.x.cols(), pass.x.data(), pass.y.data());
    } else {
      kernels::enlarge_bilinear(S::in, Factor, pass.x.cols(), pass.x.data(), pass.y.data());
      if constexpr (S::out.height == 1) repeat_last<S>(pass);
    }
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient && Between == Interpolation::nearest) {
      kernels::sum_windows(copies(S::in), pass.dy.cols(), pass.dy.data(), pass.dx.data());
    } else if constexpr (InputGradient) {
      kernels::reduce_bilinear(S::in, Factor, pass.dy.cols(), pass.dy.data(), pass.dx.data());
      if constexpr (S::out.height == 1) add_to_last<S>(pass);
    }
  }

 private:
  static constexpr kernels::Grid copies(Shape in) { return {Windows(output(in), Factor, Factor, Padding::valid), in.channels}; }

  // Of a sequence with padding, the new steps beyond the centre of its last step would be made of the padding too: they are the
  // last step again, however many of them the sample has.
  template <class S, Mode M>
  static void repeat_last(Forward<S, M>& pass) {
    constexpr Index channels = S::in.channels, beyond = Factor.width - Factor.width / 2;
    for (Index j = 0; pass.lengths && j < pass.x.cols(); ++j) {
      const Index n = pass.lengths[j];
      const auto* const last = pass.x.col(j).data() + (n - 1) * channels;
      auto* const end = pass.y.col(j).data() + S::out.size();
      for (auto* y = pass.y.col(j).data() + (n * Factor.width - beyond) * channels; y != end; y += channels) std::copy_n(last, channels, y);
    }
  }
  /// What these gave to steps of padding is the last step's.
  template <class S>
  static void add_to_last(Backward<S, true>& pass) {
    constexpr Index channels = S::in.channels;
    for (Index j = 0; pass.lengths && j < pass.dx.cols(); ++j) {
      const Index n = pass.lengths[j];
      auto steps = pass.dx.col(j).reshaped(channels, S::in.width);
      for (Index t = n; t < S::in.width; ++t) steps.col(n - 1) += steps.col(t);
    }
  }
};

/// The same for sequences, which get Factor times as many steps.   x: (t, c)   y: (f t, c)
template <Index Factor, Interpolation Between = Interpolation::nearest>
struct UpSample1D : UpSample2D<Extent{1, Factor}, Between> {
  static constexpr bool accepts(Shape in) { return in.height == 1; }
  template <Shape In>
  struct Refusal {
    static_assert(In.height == 1, "UpSample1D takes sequences: for images there is UpSample2D");
  };
};

}  // namespace eigencoder
