// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/layers/recurrent.hpp"

namespace eigencoder {

/// Two recurrent layers of the type L, one that reads the sequence forward and one that reads it backward, each with weights of
/// its own: Bidirectional<LSTM<32, Returns::sequence>>.
/// x: sequence(T, n)   y: what L returns, that of the forward layer first: sequence(T, 2·Units), or features(2·Units)
/// Blocks: L's, and those of the backward layer with the suffix _reverse, as of PyTorch's `bidirectional=True`; Keras:
/// Bidirectional with merge_mode "concat". L has no Direction::backward of its own. Each direction has its own mask of recurrent
/// dropout.   Schuster and Paliwal, 1997.
template <class L>
struct Bidirectional {
  using Recurrent = typename L::Recurrent;
  static_assert(Recurrent::direction == Direction::forward,
                "Bidirectional<L> reads in both directions: L is a recurrent layer without Direction::backward");
  L layer{};

  constexpr Bidirectional() = default;
  constexpr explicit Bidirectional(const L& each) : layer(each) {}

  constexpr auto settings() const { return layer.settings(); }

  static constexpr auto directions(Shape in) {
    return std::array{Recurrent::recurrence(in, Direction::forward), Recurrent::recurrence(in, Direction::backward)};
  }
  static constexpr bool accepts(Shape in) { return Recurrent::accepts(in); }
  template <Shape In>
  using Refusal = typename Recurrent::template Refusal<In>;
  static constexpr Shape output(Shape in) {
    const Shape one = Recurrent::output(in);
    return {.channels = 2 * one.channels, .height = 1, .width = one.width};
  }
  static constexpr Needs needs(Shape in) { return detail::recurrent_needs(directions(in)); }
  static constexpr auto parameters(Shape in) {
    return detail::recurrent_blocks<2>(directions(in).front(), Recurrent::input_weights);
  }

  template <class S>
  void prepare(Prepare<S> pass) const {
    detail::prepare_recurrent(directions(S::in), pass);
  }
  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    detail::recurrent_forward<Recurrent::returns>(directions(S::in), layer.recurrent_dropout.value, pass);
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    detail::recurrent_backward<Recurrent::returns, true>(directions(S::in), layer.recurrent_dropout.value, pass);
  }
  template <class S>
  void input_gradient(Backward<S, true> pass) const {
    detail::recurrent_backward<Recurrent::returns, false>(directions(S::in), layer.recurrent_dropout.value, pass);
  }
};

}  // namespace eigencoder
