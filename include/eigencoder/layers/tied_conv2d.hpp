// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/layers/convolution.hpp"
#include "eigencoder/layers/tied.hpp"

namespace eigencoder {

/// A Conv2D reversed: the gradient of its input as a layer, with the W of the Conv2D at Position.
///   y(c, q) = b(c) + Σ over all p, t that meet q of Σ_f W(f, (c, t)) x(f, p)
/// x: what the convolution gives   y: Out, the shape that it took   b: one a channel. Kernel, Stride and the options Padding
/// and Dilation must be the convolution's. Option: Bias::added (default) or none.
template <Index Position, Shape Out, Extent Kernel, Extent Stride = 1, auto... Options>
struct TiedConv2D : detail::Tied<Position, Out, Options...> {
  static_assert(((OptionOf<Options, Padding> || OptionOf<Options, Dilation> || OptionOf<Options, Bias>)&&...),
                "TiedConv2D<Position, Out, Kernel, Stride, Options...>: an option is a Padding, a Dilation or a Bias");
  using Base = detail::Tied<Position, Out, Options...>;

  static constexpr Windows windows{Out, Kernel, Stride, option_or<Padding, Options...>(Padding::same),
                                   option_or<Dilation, Options...>(Dilation{1})};
  static constexpr kernels::Correlation correlation(Shape in) {
    return {windows.vertical, windows.horizontal, Out.channels, in.channels};
  }

  static constexpr bool accepts(Shape in) {
    return windows.fit() && in.height == windows.vertical.windows && in.width == windows.horizontal.windows;
  }
  /// As of ConvTranspose2D.
  static constexpr Index steps(Shape, Index n) {
    constexpr Index taken = option_or<Padding, Options...>(Padding::same) == Padding::same ? Stride.width : windows.horizontal.reach();
    return (n - 1) * Stride.width + std::max(taken, Stride.width);
  }
  static constexpr Needs needs(Shape in) {
    Needs needs = detail::transpose_needs(correlation(in), kernels::correlate_gradient_scratch(correlation(in)));
    needs.link = Position;
    return needs;
  }
  template <class Source>
  static constexpr bool links(Shape in) {
    if constexpr (requires { Source::Layer::windows(Out) == windows; }) {
      return Source::in == Out && Source::out == in && Source::Layer::windows(Out) == windows &&
             Base::template has_weight<Source>(in.channels, Out.channels * Kernel.size());
    }
    return false;
  }

  template <class S>
  void prepare(Prepare<S> pass) const {
    detail::prepare_transpose(correlation(S::in), pass,
                              detail::weights_to_windows(std::get<0>(pass.source.theta), Out.channels));
  }
  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    detail::forward_transpose(correlation(S::in), pass, Base::template bias<const typename S::Scalar>(pass.theta));
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    constexpr kernels::Correlation g = correlation(S::in);
    const Index count = pass.dy.cols();
    kernels::add_correlate_gradient(pass.precision, g, count, pass.dy.data(), pass.x.data(), std::get<0>(pass.source.dtheta).data(),
                                    pass.scratch.data());
    if constexpr (Base::biased) {
      kernels::add_bias_gradient(Out.channels, count * Out.height * Out.width, pass.dy.data(), std::get<0>(pass.dtheta).data());
    }
    if constexpr (InputGradient) detail::input_gradient_transpose(g, pass);
  }
};

}  // namespace eigencoder
