// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/gates.hpp"
#include "eigencoder/layers/repeat_vector.hpp"

namespace eigencoder {

namespace detail {

/// The equation of a simple recurrent network, on packets of units.
struct SimpleRNNCell {
  using InComponent = SimpleRNNCell;
  static constexpr Index gates = 1, state_begin = 0, input_end = 1;
  static constexpr kernels::CellState state = kernels::CellState::none;
  static constexpr Index weight_gates = 1;
  static constexpr Index weight_gate(Index gate) { return gate; }
  static constexpr Init bias(Index) { return Init::zeros; }

  /// a → h′, which is returned too.
  template <class V>
  static V forward(std::array<V, 1>& a, V&) {
    return a[0] = kernels::gate_tanh(a[0]);
  }
  template <class V>
  static void backward(std::array<V, 1>& gate, V, V, V dh, V&) {
    gate = {dh * (V(1) - gate[0] * gate[0])};
  }
};

}  // namespace detail

/// The simple recurrent network. At each step, with x from the input and h from the step before, at first 0:
///   h′ = tanh(W x + b + U h + b′)
/// x: sequence(T, n)   y: h after the last step, features(Units); see Returns for others
/// weight_ih (W): Units × n   weight_hh (U): Units × Units   bias_ih (b), bias_hh (b′): Units, as PyTorch's RNN; Keras's one bias is
/// b + b′. U begins orthogonal, the biases at 0.
/// Options: Returns, Direction, Truncation{k}; an Init for W (default Init::glorot_uniform). A value: RecurrentDropout.
/// Elman, 1990. The backward pass is derived in docs/recurrent.md.
template <Index Units, auto... Options>
struct SimpleRNN : detail::RecurrentLayer<detail::SimpleRNNCell, Units, Options...> {
  using detail::RecurrentLayer<detail::SimpleRNNCell, Units, Options...>::RecurrentLayer;

  template <class Previous>
  using FusedWith = detail::AfterRepeatVector<Previous, SimpleRNN>;
};

}  // namespace eigencoder
