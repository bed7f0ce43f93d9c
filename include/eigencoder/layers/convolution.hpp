// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/core/window.hpp"
#include "eigencoder/kernels/bfloat16_convolution.hpp"

// What the layers of convolutions share.
namespace eigencoder::detail {

/// A weight for every filter, channel and tap, and a bias for every filter. The filter runs fastest, then the channel, then the
/// kernel's column, then its row.
template <auto... Options>
constexpr auto convolution_blocks(Index filters, Index channels, Extent kernel) {
  const Index taps = kernel.size();
  const Block weight{.name = "weight",
                     .rows = filters,
                     .cols = channels * taps,
                     .init = option_or<Init, Options...>(Init::glorot_uniform),
                     .fan_in = channels * taps,
                     .fan_out = filters * taps,
                     .axes = {{{BlockAxis::out, filters},
                               {BlockAxis::in, channels},
                               {BlockAxis::kernel_width, kernel.width},
                               {BlockAxis::kernel_height, kernel.height}}}};
  if constexpr (option_or<Bias, Options...>(Bias::added) == Bias::added) {
    return std::array{weight, Block{.name = "bias", .rows = filters, .decay = false}};
  } else {
    return std::array{weight};
  }
}

/// Fails to compile, and says why, where a convolution's kernel does not suit its image.
template <Windows Over>
struct KernelSuits {
  static_assert(
      !Over.on_one_pixel(),
      "a kernel of several pixels on an image of one, as features(n) is: begin with image(...) or sequence(...), or put a "
      "Reshape before it");
  static_assert(Over.fit() || Over.on_one_pixel(),
                "this convolution's kernel is larger than its unpadded image: see Layer and Input above");
};

/// Multiplies dx, where it is stored, with the derivative of the previous elementwise layer if this layer applies it.
template <class S>
auto derivative_of_previous(const Backward<S, true>& pass) {
  return kernels::times_derivative<typename S::Scalar>(pass.previous, pass.x.data());
}

/// Where a convolution's weights lie, Filters × (taps · channels), if its filters are channels of the windows, or of the pixels.
template <class Matrix>
auto weights_to_windows(const Matrix& W, Index channels) {
  return kernels::Weights<typename Matrix::Scalar>{W.data(), 1, W.rows(), channels * W.rows()};
}
template <class Matrix>
auto weights_to_pixels(const Matrix& W, Index channels) {
  return kernels::Weights<typename Matrix::Scalar>{W.data(), W.rows(), 1, channels * W.rows()};
}

/// What convolutions ask for: scratch and packed weights for forward and backward, and scratch for the weights' gradient.
constexpr Needs convolution_needs(const kernels::Correlation& g, Index forward_scratch, Index backward_packed,
                                  Index gradient_scratch) {
  return {
      .scratch = std::max<Index>(1, forward_scratch),
      .backward_scratch = std::max({kernels::correlate_scratch(g), kernels::correlate_transpose_scratch(g), gradient_scratch}),
      .packed = kernels::correlate_packed(g) + kernels::correlate_transpose_packed(g),
      .backward_packed = backward_packed,
      .backward_x = true,
      .derivative = true,
      .epilogue = true};
}

/// Where the packed weights begin that backward alone reads.
template <class S>
inline constexpr Index for_backward = S::needs.packed - S::needs.backward_packed;

// A layer that goes from windows to pixels: a transposed convolution, or an upsampling together with the convolution after it.

constexpr Needs transpose_needs(const kernels::Correlation& g, Index gradient_scratch) {
  return convolution_needs(g, kernels::correlate_transpose_scratch(g), kernels::correlate_packed(g), gradient_scratch);
}

template <class S>
void prepare_transpose(const kernels::Correlation& g, Prepare<S>& pass, const kernels::Weights<typename S::Scalar>& weights) {
  kernels::pack_correlate_transpose(g, weights, pass.packed.data());
  if (pass.packed.size() == S::needs.packed) kernels::pack_correlate(g, weights, pass.packed.data() + for_backward<S>);
}

template <class S, Mode M>
void forward_transpose(const kernels::Correlation& g, Forward<S, M>& pass, const typename S::Scalar* bias) {
  kernels::correlate_transpose(pass.precision, g, pass.x.cols(), pass.x.data(), pass.packed.data(), bias, pass.y.data(), pass.scratch.data(),
                               kernels::apply<typename S::Scalar>(pass.epilogue));
}

template <class S>
void input_gradient_transpose(const kernels::Correlation& g, Backward<S, true>& pass) {
  kernels::correlate(pass.precision, g, pass.dy.cols(), pass.dy.data(), pass.packed.data() + for_backward<S>, nullptr, pass.dx.data(),
                     pass.scratch.data(), derivative_of_previous(pass));
}

}  // namespace eigencoder::detail
