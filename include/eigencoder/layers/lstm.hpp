// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/gates.hpp"
#include "eigencoder/layers/repeat_vector.hpp"

namespace eigencoder {

namespace detail {

/// The equations of an LSTM, on packets of units. Gates in the order i, f, g, o.
struct LSTMCell {
  using InComponent = LSTMCell;
  static constexpr Index gates = 4, state_begin = 0, input_end = 4;
  static constexpr kernels::CellState state = kernels::CellState::own;
  static constexpr Index weight_gates = 4;
  static constexpr Index weight_gate(Index gate) { return gate; }
  /// The forget gate is open at first. Gers, Schmidhuber and Cummins, 2000; Jozefowicz, Zaremba and Sutskever, 2015.
  static constexpr Init bias(Index units) { return Init::ones_in_rows(units, 2 * units); }

  /// a → gates, c → c′. Returns h′.
  template <class V>
  static V forward(std::array<V, 4>& a, V& c) {
    const V i = kernels::gate_sigmoid(a[0]), f = kernels::gate_sigmoid(a[1]), g = kernels::gate_tanh(a[2]),
            o = kernels::gate_sigmoid(a[3]);
    c = multiply_add(f, c, i * g);
    a = {i, f, g, o};
    return o * kernels::gate_tanh(c);
  }
  /// gates → da, dc′ → dc, where c′ was made of c.
  template <class V>
  static void backward(std::array<V, 4>& gate, V c, V c_next, V dh, V& dc) {
    const auto [i, f, g, o] = gate;
    const V one(1), squashed = kernels::gate_tanh(c_next);
    dc = multiply_add(dh * o, one - squashed * squashed, dc);
    gate = {dc * g * i * (one - i), dc * c * f * (one - f), dc * i * (one - g * g), dh * squashed * o * (one - o)};
    dc = dc * f;
  }
};

}  // namespace detail

/// Long short-term memory. At each step, with x from the input and h, c from the step before, at first 0:
///   i = σ(W_i x + b_i + U_i h + b′_i)   f = σ(W_f x + b_f + U_f h + b′_f)   g = tanh(W_g x + b_g + U_g h + b′_g)
///   o = σ(W_o x + b_o + U_o h + b′_o)   c′ = f ∘ c + i ∘ g   h′ = o ∘ tanh c′
/// x: sequence(T, n)   y: h after the last step, features(Units); see Returns for others
/// weight_ih (W): 4·Units × n   weight_hh (U): 4·Units × Units   bias_ih (b), bias_hh (b′): 4·Units; rows in the order i, f, g, o, as
/// PyTorch's, and Keras's, whose one bias is b + b′. U begins orthogonal, b_f at 1, the other biases at 0.
/// Options: Returns, Direction, Truncation{k}; an Init for W (default Init::glorot_uniform). A value: RecurrentDropout.
/// Hochreiter and Schmidhuber, 1997. The backward pass is derived in docs/recurrent.md.
template <Index Units, auto... Options>
struct LSTM : detail::RecurrentLayer<detail::LSTMCell, Units, Options...> {
  using detail::RecurrentLayer<detail::LSTMCell, Units, Options...>::RecurrentLayer;

  template <class Previous>
  using FusedWith = detail::AfterRepeatVector<Previous, LSTM>;
};

}  // namespace eigencoder
