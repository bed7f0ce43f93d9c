// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/layers/conv_transpose2d.hpp"
#include "eigencoder/layers/repeated_conv2d.hpp"
#include "eigencoder/layers/tied_conv2d.hpp"

namespace eigencoder {

/// Convolution: y(f, p) = b(f) + Σ over taps t and channels c of W(f, (c, t)) · x(c, p · stride + t · dilation − before), with
/// zeros beyond the border.
/// x: (height, width, channels)   y: (windows down, windows across, Filters)
/// W: Filters × (channels · kernel width · kernel height), the channel fastest, then the kernel's column, then its row
/// dW(f, (c, t)) += Σ_p dy(f, p) x(c, …)   db += Σ_p dy(:, p)   dx(c, q) = Σ over p, t that meet q of Σ_f W(f, (c, t)) dy(f, p)
/// Options in any order: Padding::same (default) or valid; Dilation{n}; Bias::added (default) or none; an Init for W (default
/// Init::glorot_uniform). A kernel, or a stride, of unequal sides is an Extent{height, width}.
template <Index Filters, Extent Kernel, Extent Stride = 1, auto... Options>
struct Conv2D {
  using Tangent = Conv2D<Filters, Kernel, Stride, Options..., Bias::none>;
  static_assert(Filters > 0, "Conv2D<Filters, Kernel>: Filters must be positive");
  static_assert(((OptionOf<Options, Padding> || OptionOf<Options, Dilation> || OptionOf<Options, Bias> ||
                  OptionOf<Options, Init>)&&...),
                "Conv2D<Filters, Kernel, Stride, Options...>: an option is a Padding, a Dilation, a Bias or an Init");
  static constexpr Bias bias_option = option_or<Bias, Options...>(Bias::added);
  static constexpr bool biased = bias_option == Bias::added;
  static constexpr Padding padding = option_or<Padding, Options...>(Padding::same);
  static constexpr Dilation dilation = option_or<Dilation, Options...>(Dilation{1});

  static constexpr Windows windows(Shape in) { return Windows(in, Kernel, Stride, padding, dilation); }
  static constexpr kernels::Correlation correlation(Shape in) {
    return {windows(in).vertical, windows(in).horizontal, in.channels, Filters};
  }

  /// Every pixel has a window, with zeros beyond the border and no gaps: what RepeatedConv2D can compute from the image before an
  /// upsampling.
  static constexpr bool plain = Stride == Extent(1) && padding == Padding::same && dilation == Dilation{1};
  /// After an upsampling that repeats pixels: the two as one layer.
  template <RepeatsPixels Previous>
  requires plain
  using FusedWith = RepeatedConv2D<Previous::repeats, Filters, Kernel, Options...>;

  /// The layer with weights of its own that restores so many channels: a convolution where the image has kept its size, else a
  /// transposed one.
  template <Index Channels>
  static auto restoring() {
    if constexpr (Stride == Extent(1) && padding == Padding::same) {
      return Conv2D<Channels, Kernel, 1, Options...>{};
    } else {
      static_assert(dilation == Dilation{1}, "a dilated convolution has no mirror unless its stride is 1 and its padding same");
      return ConvTranspose2D<Channels, Kernel, Stride, padding, bias_option,
                             option_or<Init, Options...>(Init::glorot_uniform)>{};
    }
  }
  static constexpr Mirroring mirroring = Mirroring::weights;
  static constexpr bool stepwise = Kernel.width == 1 && Stride.width == 1;
  template <Shape In>
  using Mirror = decltype(restoring<In.channels>());
  template <Index Position, Shape In>
  using TiedMirror = TiedConv2D<Position, In, Kernel, Stride, padding, dilation, bias_option>;

  static constexpr bool accepts(Shape in) { return windows(in).fit() && !windows(in).on_one_pixel(); }
  template <Shape In>
  struct Refusal : detail::KernelSuits<windows(In)> {};
  static constexpr Shape output(Shape in) {
    return {.channels = Filters, .height = windows(in).vertical.windows, .width = windows(in).horizontal.windows};
  }
  /// Of windows that lie wholly within the first n steps, or, with Padding::same, ⌈n / stride⌉.
  static constexpr Index steps(Shape, Index n) {
    return Axis::count(n, (Kernel.width - 1) * dilation.width + 1, Stride.width, padding);
  }
  static constexpr Needs needs(Shape in) {
    const kernels::Correlation g = correlation(in);
    return detail::convolution_needs(g, kernels::correlate_scratch(g), kernels::correlate_transpose_packed(g),
                                     kernels::correlate_gradient_scratch(g));
  }
  static constexpr auto parameters(Shape in) { return detail::convolution_blocks<Options...>(Filters, in.channels, Kernel); }

  template <class S>
  void prepare(Prepare<S> pass) const {
    constexpr kernels::Correlation g = correlation(S::in);
    const auto weights = detail::weights_to_windows(std::get<0>(pass.theta), S::in.channels);
    kernels::pack_correlate(g, weights, pass.packed.data());
    if (pass.packed.size() == S::needs.packed)
      kernels::pack_correlate_transpose(g, weights, pass.packed.data() + detail::for_backward<S>);
  }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    using T = typename S::Scalar;
    const T* bias = nullptr;
    if constexpr (biased) bias = std::get<1>(pass.theta).data();
    kernels::correlate(pass.precision, correlation(S::in), pass.x.cols(), pass.x.data(), pass.packed.data(), bias, pass.y.data(),
                       pass.scratch.data(), kernels::apply<T>(pass.epilogue));
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    constexpr kernels::Correlation g = correlation(S::in);
    const Index count = pass.dy.cols();
    kernels::add_correlate_gradient(pass.precision, g, count, pass.x.data(), pass.dy.data(), std::get<0>(pass.dtheta).data(),
                                    pass.scratch.data());
    if constexpr (biased) {
      kernels::add_bias_gradient(Filters, count * windows(S::in).count(), pass.dy.data(), std::get<1>(pass.dtheta).data());
    }
    if constexpr (InputGradient) input_gradient(pass);
  }
  template <class S>
  void input_gradient(Backward<S, true> pass) const {
    using T = typename S::Scalar;
    constexpr kernels::Correlation g = correlation(S::in);
    const T* const packed = pass.packed.data() + detail::for_backward<S>;
    kernels::correlate_transpose(pass.precision, g, pass.dy.cols(), pass.dy.data(), packed, nullptr, pass.dx.data(),
                                 pass.scratch.data(), detail::derivative_of_previous(pass));
  }
};

/// Conv2D for sequences.   x: (t, c)   y: (windows, Filters)   W: Filters × (c · Kernel)
template <Index Filters, Index Kernel, Index Stride = 1, auto... Options>
struct Conv1D : Conv2D<Filters, Extent{1, Kernel}, Extent{1, Stride}, Options...> {
  using Convolution = Conv2D<Filters, Extent{1, Kernel}, Extent{1, Stride}, Options...>;
  static constexpr bool accepts(Shape in) { return in.height == 1 && Convolution::accepts(in); }
  template <Shape In>
  struct Refusal {
    static_assert(In.height == 1, "this convolution takes sequences: for images there is Conv2D");
    static_assert(
        !Convolution::windows(In).on_one_pixel(),
        "a kernel of several steps on a sequence of one, as features(n) is: begin with sequence(...), or put a Reshape "
        "before it");
    static_assert(Convolution::windows(In).fit() || Convolution::windows(In).on_one_pixel(),
                  "this convolution's kernel is longer than its unpadded sequence: see Layer and Input above");
  };
};

}  // namespace eigencoder
