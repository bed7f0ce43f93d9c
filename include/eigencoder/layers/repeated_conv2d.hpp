// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/layers/convolution.hpp"

namespace eigencoder {

/// A layer that writes every pixel `repeats` times, in both directions: UpSample2D with nearest neighbours.
template <class Layer>
concept RepeatsPixels = requires {
  requires std::is_same_v<decltype(Layer::repeats), const Extent>;
};

/// What Conv2D<Filters, Kernel> becomes after a layer that repeats every pixel R times: both as one, without the large image.
/// On each axis, output o reads repeated pixel o + k − before with tap k, and that is the same pixel p for R consecutive values
/// of k. So pixel p is multiplied with the sum of those taps' weights, which depends on o − p R alone: a transposed convolution
/// of stride R whose kernel has R + K − 1 taps,
///   V(e) = Σ over k with before − e ≤ k < before − e + R of W(k),   e = o − p R = before − K + 1, …, before + R − 1
/// and dW(k) = Σ over the R values of e that hold k of dV(e). On both axes it takes ((R + K − 1) / (R K))² of the arithmetic:
/// 4/9 for R = 2, K = 3.
template <Extent Repeats, Index Filters, Extent Kernel, auto... Options>
struct RepeatedConv2D {
  using Tangent = RepeatedConv2D<Repeats, Filters, Kernel, Options..., Bias::none>;
  static constexpr bool biased = option_or<Bias, Options...>(Bias::added) == Bias::added;
  static constexpr Extent folded{Repeats.height + Kernel.height - 1, Repeats.width + Kernel.width - 1};

  constexpr RepeatedConv2D() = default;
  template <class Repeat, class Convolution>
  constexpr RepeatedConv2D(const Repeat&, const Convolution&) {}

  /// From the output's pixels to the input's; the window of an input pixel begins at the first output that reads it.
  static constexpr kernels::Correlation correlation(Shape in) {
    const auto axis = [](Index length, Index repeats, Index kernel) {
      Axis of(length * repeats, repeats + kernel - 1, repeats, 1, Padding::same);
      of.padding_before = kernel - 1 - (kernel - 1) / 2;
      return of;
    };
    return {axis(in.height, Repeats.height, Kernel.height), axis(in.width, Repeats.width, Kernel.width), Filters, in.channels};
  }

  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) {
    return {.channels = Filters, .height = in.height * Repeats.height, .width = in.width * Repeats.width};
  }
  static constexpr Index steps(Shape, Index n) { return n * Repeats.width; }
  static constexpr Needs needs(Shape in) {
    const kernels::Correlation g = correlation(in);
    Needs needs = detail::transpose_needs(g, kernels::correlate_transpose_gradient_scratch(g));
    needs.packed += g.weights();            // V
    needs.backward_scratch += g.weights();  // its gradient
    return needs;
  }
  static constexpr auto parameters(Shape in) {
    return detail::convolution_blocks<Options...>(Filters, in.channels, Kernel);
  }

  template <class S>
  void prepare(Prepare<S> pass) const {
    using T = typename S::Scalar;
    constexpr kernels::Correlation g = correlation(S::in);
    constexpr Index channels = S::in.channels;
    const auto& W = std::get<0>(pass.theta);
    MatrixView<T> V(pass.packed.data() + kernels::correlate_transpose_packed(g), Filters, g.taps() * channels);
    V.setZero();
    for_each_summand([&](Index sum, Index tap) { V.middleCols(sum * channels, channels) += W.middleCols(tap * channels, channels); });
    detail::prepare_transpose(g, pass, detail::weights_to_pixels(V, channels));
  }
  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    const typename S::Scalar* bias = nullptr;
    if constexpr (biased) bias = std::get<1>(pass.theta).data();
    detail::forward_transpose(correlation(S::in), pass, bias);
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    using T = typename S::Scalar;
    constexpr kernels::Correlation g = correlation(S::in);
    const Index count = pass.dy.cols(), channels = S::in.channels;
    MatrixView<T> dV(pass.scratch.data(), Filters, g.taps() * channels);
    dV.setZero();
    kernels::add_correlate_transpose_gradient(pass.precision, g, count, pass.dy.data(), pass.x.data(), dV.data(), dV.data() + dV.size());
    auto& dW = std::get<0>(pass.dtheta);
    for_each_summand([&](Index sum, Index tap) { dW.middleCols(tap * channels, channels) += dV.middleCols(sum * channels, channels); });
    if constexpr (biased)
      kernels::add_bias_gradient(Filters, count * g.pixels() / Filters, pass.dy.data(), std::get<1>(pass.dtheta).data());
    if constexpr (InputGradient) input_gradient(pass);
  }
  template <class S>
  void input_gradient(Backward<S, true> pass) const {
    detail::input_gradient_transpose(correlation(S::in), pass);
  }

 private:
  /// f(sum, tap) for every tap of the kernel that a tap of the folded one, `sum`, is the sum of. For (row, column) of the latter, with
  /// e = row − (K − 1 − before), these are from before − e = K − 1 − row on, R of them as far as they exist.
  template <class F>
  static void for_each_summand(F f) {
    const auto begin = [](Index at, Index kernel) { return std::max<Index>(kernel - 1 - at, 0); };
    const auto end = [](Index at, Index kernel, Index repeats) { return std::min(kernel - 1 - at + repeats, kernel); };
    for (Index row = 0; row < folded.height; ++row) {
      for (Index column = 0; column < folded.width; ++column) {
        for (Index y = begin(row, Kernel.height); y < end(row, Kernel.height, Repeats.height); ++y) {
          for (Index x = begin(column, Kernel.width); x < end(column, Kernel.width, Repeats.width); ++x) {
            f(row * folded.width + column, y * Kernel.width + x);
          }
        }
      }
    }
  }
};

}  // namespace eigencoder
