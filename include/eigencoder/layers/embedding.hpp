// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/kernels/sparse.hpp"

namespace eigencoder {

/// A vector of Units values for each of Tokens whole numbers, 0 … Tokens − 1: y_t = E(:, x_t).
/// x: (t, 1), whole numbers   y: (t, Units)   E: Units × Tokens, one column a token
/// dE(:, x_t) += dy_t. There is no dx: nothing before this layer may be trained.
/// Option: an Init for E; default uniform in ±0.05, as in Keras. PyTorch's is N(0, 1):
/// Init::variance_scaling(1, Init::Fan::none, Init::Law::normal).
/// A trainer refuses inputs that are no tokens. In a prediction, what lies outside 0 … Tokens − 1 reads the first or the last
/// column, NaN the first, and of other values the whole part counts. In memory E is PyTorch's and Keras's matrix, tokens ×
/// Units by rows.
template <Index Tokens, Index Units, auto... Options>
struct Embedding {
  static_assert(Tokens > 0 && Units > 0, "Embedding<Tokens, Units>: both must be positive");
  static_assert((OptionOf<Options, Init> && ...), "Embedding<Tokens, Units, Options...>: an option is an Init");
  static constexpr Init keras_uniform = Init::variance_scaling(0.05 * 0.05 / 3, Init::Fan::none, Init::Law::uniform);

  static constexpr bool stepwise = true;
  static constexpr Range whole_inputs{0, static_cast<double>(Tokens - 1)};
  static constexpr bool accepts(Shape in) { return in.channels == 1 && in.height == 1; }
  template <Shape In>
  struct Refusal {
    static_assert(accepts(In), "Embedding reads one whole number a step: its input is sequence(steps, 1)");
  };
  static constexpr Shape output(Shape in) { return {.channels = Units, .height = 1, .width = in.width}; }
  static constexpr Needs needs(Shape) { return {.backward_x = true}; }
  static constexpr auto parameters(Shape) {
    return std::array{
        Block{.name = "weight", .rows = Units, .cols = Tokens, .init = option_or<Init, Options...>(keras_uniform)}};
  }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    using T = typename S::Scalar;
    static_assert(Tokens - 1 <= kernels::exact_whole<T>, "Embedding<Tokens, Units>: so many tokens cannot be told apart by this scalar");
    const T* x = pass.x.data();
    MatrixView<T> steps(pass.y.data(), Units, pass.x.size());
    for (Index t = 0; t < steps.cols(); ++t) steps.col(t) = std::get<0>(pass.theta).col(kernels::named_column(x[t], Tokens));
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    static_assert(!InputGradient, "the whole numbers that Embedding reads have no gradient: no layer before it can be trained");
    using T = typename S::Scalar;
    const T* x = pass.x.data();
    const MatrixView<const T> steps(pass.dy.data(), Units, pass.x.size());
    for (Index t = 0; t < steps.cols(); ++t) std::get<0>(pass.dtheta).col(kernels::named_column(x[t], Tokens)) += steps.col(t);
  }
};

}  // namespace eigencoder
