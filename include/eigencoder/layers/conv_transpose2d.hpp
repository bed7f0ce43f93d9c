// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/layers/convolution.hpp"

namespace eigencoder {

/// Transposed convolution ("deconvolution"): every input pixel adds a kernel, scaled, to the output,
///   y(f, q) = b(f) + Σ over all p, t with p · stride + t − before = q of Σ_c W(f, (c, t)) · x(c, p).
/// It is the input's gradient of a convolution with that stride. The output is as large as Keras's: extent · stride with
/// Padding::same, (extent − 1) · stride + max(kernel, stride) with valid; before = ⌊max(kernel − stride, 0) / 2⌋ and 0.
/// x: (height, width, channels)   W: Filters × (channels · kernel width · kernel height), ordered as in Conv2D
/// dW(f, (c, t)) += Σ_p dy(f, p · stride + t − before) x(c, p)   db += Σ_q dy(:, q)   dx(c, p) = Σ_{f, t} W(f, (c, t)) dy(f, …)
/// Options in any order: Padding::same (default) or valid; Bias::added (default) or none; an Init for W.
template <Index Filters, Extent Kernel, Extent Stride = 1, auto... Options>
struct ConvTranspose2D {
  using Tangent = ConvTranspose2D<Filters, Kernel, Stride, Options..., Bias::none>;
  static_assert(Filters > 0, "ConvTranspose2D<Filters, Kernel>: Filters must be positive");
  static_assert(((OptionOf<Options, Padding> || OptionOf<Options, Bias> || OptionOf<Options, Init>)&&...),
                "ConvTranspose2D<Filters, Kernel, Stride, Options...>: an option is a Padding, a Bias or an Init");
  static constexpr bool biased = option_or<Bias, Options...>(Bias::added) == Bias::added;

  /// The convolution that this one transposes: from the output's pixels to the input's.
  static constexpr kernels::Correlation correlation(Shape in) {
    constexpr Padding padding = option_or<Padding, Options...>(Padding::same);
    const auto extent = [](Index length, Index kernel, Index stride) {
      return padding == Padding::same ? length * stride : (length - 1) * stride + std::max(kernel, stride);
    };
    const Windows windows({.channels = Filters,
                           .height = extent(in.height, Kernel.height, Stride.height),
                           .width = extent(in.width, Kernel.width, Stride.width)},
                          Kernel, Stride, padding);
    return {windows.vertical, windows.horizontal, Filters, in.channels};
  }

  /// Whether the output is one pixel, so that of a kernel of several taps only one is ever used.
  static constexpr bool to_one_pixel(Shape in) {
    return Kernel.size() > 1 && correlation(in).vertical.pixels * correlation(in).horizontal.pixels == 1;
  }

  static constexpr bool accepts(Shape in) { return !to_one_pixel(in); }
  template <Shape In>
  struct Refusal {
    static_assert(
        !to_one_pixel(In),
        "a kernel of several pixels that makes an image of one of features(n): begin with image(...), or put a Reshape "
        "before it, or give it a stride");
  };
  static constexpr Shape output(Shape in) {
    return {.channels = Filters, .height = correlation(in).vertical.pixels, .width = correlation(in).horizontal.pixels};
  }
  static constexpr Index steps(Shape, Index n) {
    constexpr bool same = option_or<Padding, Options...>(Padding::same) == Padding::same;
    return same ? n * Stride.width : (n - 1) * Stride.width + std::max(Kernel.width, Stride.width);
  }
  static constexpr Needs needs(Shape in) {
    return detail::transpose_needs(correlation(in), kernels::correlate_transpose_gradient_scratch(correlation(in)));
  }
  static constexpr auto parameters(Shape in) {
    return detail::convolution_blocks<Options...>(Filters, in.channels, Kernel);
  }

  template <class S>
  void prepare(Prepare<S> pass) const {
    detail::prepare_transpose(correlation(S::in), pass, detail::weights_to_pixels(std::get<0>(pass.theta), S::in.channels));
  }
  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    const typename S::Scalar* bias = nullptr;
    if constexpr (biased) bias = std::get<1>(pass.theta).data();
    detail::forward_transpose(correlation(S::in), pass, bias);
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    constexpr kernels::Correlation g = correlation(S::in);
    const Index count = pass.dy.cols();
    kernels::add_correlate_transpose_gradient(pass.precision, g, count, pass.dy.data(), pass.x.data(), std::get<0>(pass.dtheta).data(),
                                              pass.scratch.data());
    if constexpr (biased)
      kernels::add_bias_gradient(Filters, count * g.pixels() / Filters, pass.dy.data(), std::get<1>(pass.dtheta).data());
    if constexpr (InputGradient) input_gradient(pass);
  }
  template <class S>
  void input_gradient(Backward<S, true> pass) const {
    detail::input_gradient_transpose(correlation(S::in), pass);
  }
};

/// ConvTranspose2D for sequences.   x: (t, c)   y: (t · Stride, Filters) with Padding::same
template <Index Filters, Index Kernel, Index Stride = 1, auto... Options>
struct ConvTranspose1D : ConvTranspose2D<Filters, Extent{1, Kernel}, Extent{1, Stride}, Options...> {
  using Convolution = ConvTranspose2D<Filters, Extent{1, Kernel}, Extent{1, Stride}, Options...>;
  static constexpr bool accepts(Shape in) { return in.height == 1 && Convolution::accepts(in); }
  template <Shape In>
  struct Refusal : Convolution::template Refusal<In> {
    static_assert(In.height == 1, "this convolution takes sequences: for images there is ConvTranspose2D");
  };
};

}  // namespace eigencoder
