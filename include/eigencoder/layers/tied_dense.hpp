// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/bfloat16.hpp"
#include "eigencoder/layers/tied.hpp"

namespace eigencoder {

/// A Dense layer reversed: y = Wᵀ x + b with the W, m × n, of the Dense at Position.   x: m × B   y: n × B   b: n
/// Out is the shape that the Dense took, of n values. The Dense's dW += x dyᵀ   db += dy 1   dx = W dy
/// Option: Bias::added (default) or none.
template <Index Position, Shape Out, auto... Options>
struct TiedDense : detail::Tied<Position, features(Out.size()), Options...> {
  static_assert((OptionOf<Options, Bias> && ...), "TiedDense<Position, Out, Options...>: an option is a Bias");
  using Base = detail::Tied<Position, features(Out.size()), Options...>;

  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape) { return Out; }
  static constexpr Needs needs(Shape) { return {.backward_x = true, .epilogue = true, .link = Position}; }
  template <class Source>
  static constexpr bool links(Shape in) {
    return Source::in == Out && Base::template has_weight<Source>(in.size(), Out.size());
  }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    using T = typename S::Scalar;
    kernels::multiply_transposed<T>(pass.precision, std::get<0>(pass.source.theta), pass.x, pass.y, Base::template bias<const T>(pass.theta),
                                    pass.epilogue);
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    using T = typename S::Scalar;
    kernels::add_multiply_transposed<T>(pass.precision, pass.x, pass.dy, std::get<0>(pass.source.dtheta));
    if constexpr (Base::biased) kernels::add_columns<T>(pass.dy, std::get<0>(pass.dtheta).data());
    if constexpr (InputGradient) kernels::multiply<T>(pass.precision, std::get<0>(pass.source.theta), pass.dy, pass.dx);
  }
};

}  // namespace eigencoder
