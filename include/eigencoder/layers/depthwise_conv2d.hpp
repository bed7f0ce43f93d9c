// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/kernels/depthwise.hpp"
#include "eigencoder/layers/convolution.hpp"

namespace eigencoder {

/// Convolution of every channel by itself: y(c, p) = b(c) + Σ over taps t of W(c, t) x(c, p · stride + t · dilation − before),
/// with zeros beyond the border.   x: (height, width, channels)   y: (windows down, windows across, channels)
/// W: channels × (kernel width · kernel height), the kernel's column fastest, then its row
/// dW(c, t) += Σ_p dy(c, p) x(c, …)   db += Σ_p dy(:, p)   dx(c, q) = Σ over all p, t that meet q of W(c, t) dy(c, p)
/// Options in any order: Padding::same (default) or valid; Dilation{n}; Bias::added (default) or none; an Init for W (default
/// Init::glorot_uniform). Both fans are the taps that a value sees; Keras counts the taps of all channels as fan_in, so that
/// more channels make its weights start smaller.   Chollet, 2017
template <Extent Kernel, Extent Stride = 1, auto... Options>
struct DepthwiseConv2D {
  using Tangent = DepthwiseConv2D<Kernel, Stride, Options..., Bias::none>;
  static_assert(((OptionOf<Options, Padding> || OptionOf<Options, Dilation> || OptionOf<Options, Bias> ||
                  OptionOf<Options, Init>)&&...),
                "DepthwiseConv2D<Kernel, Stride, Options...>: an option is a Padding, a Dilation, a Bias or an Init");
  static constexpr bool biased = option_or<Bias, Options...>(Bias::added) == Bias::added;

  static constexpr Windows windows(Shape in) {
    return Windows(in, Kernel, Stride, option_or<Padding, Options...>(Padding::same),
                   option_or<Dilation, Options...>(Dilation{1}));
  }

  static constexpr bool accepts(Shape in) { return windows(in).fit() && !windows(in).on_one_pixel(); }
  template <Shape In>
  struct Refusal : detail::KernelSuits<windows(In)> {};
  static constexpr Shape output(Shape in) {
    return {.channels = in.channels, .height = windows(in).vertical.windows, .width = windows(in).horizontal.windows};
  }
  /// As of Conv2D.
  static constexpr Index steps(Shape, Index n) {
    constexpr Index reach = (Kernel.width - 1) * option_or<Dilation, Options...>(Dilation{1}).width + 1;
    constexpr Padding padding = option_or<Padding, Options...>(Padding::same);
    return Axis::count(n, reach, Stride.width, padding);
  }
  static constexpr Needs needs(Shape in) {
    return {.scratch = kernels::depthwise_scratch(grid(in)),
            .backward_x = true,
            .derivative = true,
            .epilogue = true};
  }
  static constexpr auto parameters(Shape in) {
    const Block weight{.name = "weight",
                       .rows = in.channels,
                       .cols = Kernel.size(),
                       .init = option_or<Init, Options...>(Init::glorot_uniform),
                       .fan_in = Kernel.size(),
                       .fan_out = Kernel.size(),
                       .axes = {{{BlockAxis::out, in.channels},
                                 {BlockAxis::kernel_width, Kernel.width},
                                 {BlockAxis::kernel_height, Kernel.height}}}};
    if constexpr (biased) {
      return std::array{weight, Block{.name = "bias", .rows = in.channels, .decay = false}};
    } else {
      return std::array{weight};
    }
  }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    using T = typename S::Scalar;
    const T* bias = nullptr;
    if constexpr (biased) bias = std::get<1>(pass.theta).data();
    kernels::depthwise(grid(S::in), pass.x.cols(), pass.x.data(), std::get<0>(pass.theta).data(), bias, pass.y.data(),
                       scratch<S>(pass), kernels::apply<T>(pass.epilogue));
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    const Index images = pass.dy.cols();
    kernels::add_depthwise_gradient(grid(S::in), images, pass.x.data(), pass.dy.data(), std::get<0>(pass.dtheta).data(),
                                    scratch<S>(pass));
    if constexpr (biased) {
      kernels::add_bias_gradient(S::in.channels, images * windows(S::in).count(), pass.dy.data(),
                                 std::get<1>(pass.dtheta).data());
    }
    if constexpr (InputGradient) input_gradient(pass);
  }
  template <class S>
  void input_gradient(Backward<S, true> pass) const {
    kernels::depthwise_transpose(grid(S::in), pass.dy.cols(), pass.dy.data(), std::get<0>(pass.theta).data(), pass.dx.data(),
                                 scratch<S>(pass), detail::derivative_of_previous(pass));
  }

 private:
  static constexpr kernels::Grid grid(Shape in) { return {windows(in), in.channels}; }
  template <class S>
  static typename S::Scalar* scratch(auto& pass) {
    if constexpr (S::needs.scratch > 0) return pass.scratch.data();
    return nullptr;
  }
};

}  // namespace eigencoder
