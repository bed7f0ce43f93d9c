// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/core/tangent_pass.hpp"
#include "eigencoder/kernels/bfloat16.hpp"
#include "eigencoder/layers/tied_dense.hpp"

namespace eigencoder {

/// Fully connected: y = W x + b on every column.   x: n × B   y: Units × B   W: Units × n   b: Units
/// dW += dy xᵀ   db += dy 1   dx = Wᵀ dy
/// Options: Bias::added (default) or Bias::none; an Init for W (default Init::glorot_uniform).
template <Index Units, auto... Options>
struct Dense {
  static_assert(Units > 0, "Dense<Units>: Units must be positive");
  static_assert(((OptionOf<Options, Bias> || OptionOf<Options, Init>)&&...),
                "Dense<Units, Options...>: an option is a Bias or an Init");
  static constexpr bool biased = option_or<Bias, Options...>(Bias::added) == Bias::added;

  using Tangent = Dense<Units, Bias::none>;

  static constexpr Mirroring mirroring = Mirroring::weights;
  template <Shape In>
  using Mirror = Dense<In.size(), Options...>;
  template <Index Position, Shape In>
  using TiedMirror = TiedDense<Position, In, option_or<Bias, Options...>(Bias::added)>;

  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape) { return features(Units); }
  static constexpr Needs needs(Shape) { return {.backward_x = true, .derivative = true, .epilogue = true}; }
  static constexpr auto parameters(Shape in) {
    constexpr Block bias{.name = "bias", .rows = Units, .decay = false};
    const Block weight{
        .name = "weight", .rows = Units, .cols = in.size(), .init = option_or<Init, Options...>(Init::glorot_uniform)};
    if constexpr (biased) {
      return std::array{weight, bias};
    } else {
      return std::array{weight};
    }
  }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    using T = typename S::Scalar;
    const T* bias = nullptr;
    if constexpr (biased) bias = std::get<1>(pass.theta).data();
    kernels::multiply<T>(pass.precision, std::get<0>(pass.theta), pass.x, pass.y, bias, pass.epilogue);
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    parameter_gradient(ParameterGradient<S>{.dtheta = pass.dtheta,
                                            .x = pass.x,
                                            .dy = pass.dy,
                                            .begin = 0,
                                            .end = S::in.size(),
                                            .add = true,
                                            .precision = pass.precision});
    if constexpr (InputGradient) input_gradient(pass);
  }
  template <class S>
  void parameter_gradient(ParameterGradient<S> pass) const {
    using T = typename S::Scalar;
    const kernels::View<const T> x = pass.x;
    const kernels::View<T> dW = std::get<0>(pass.dtheta);
    const Index columns = pass.end - pass.begin;
    T* bias = nullptr;
    if constexpr (biased) bias = pass.end == dW.cols ? std::get<1>(pass.dtheta).data() : nullptr;
    kernels::add_multiply_transposed<T>(pass.precision, pass.dy, {x.data + pass.begin, columns, x.cols, x.stride},
                                        {dW.column(pass.begin), dW.rows, columns, dW.stride}, bias, pass.add);
  }
  template <class S>
  void input_gradient(Backward<S, true> pass) const {
    using T = typename S::Scalar;
    kernels::multiply_transposed<T>(pass.precision, std::get<0>(pass.theta), pass.dy, pass.dx, pass.previous, pass.x);
  }

  template <class S>
  void gram(Gram<S> pass) const {
    using T = typename S::Scalar;
    pass.G.setZero();
    kernels::add_multiply_transposed<T>(std::get<0>(pass.theta), std::get<0>(pass.theta), pass.G);
  }
  template <class S>
  void gram_backward(GramBackward<S> pass) const {
    kernels::add_multiply<typename S::Scalar>(pass.dG, std::get<0>(pass.theta), std::get<0>(pass.dtheta));
  }
};

}  // namespace eigencoder
