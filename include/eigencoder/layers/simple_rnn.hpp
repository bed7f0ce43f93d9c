// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/gates.hpp"
#include "eigencoder/layers/repeat_vector.hpp"

namespace eigencoder {

namespace detail {

/// The equation of a simple recurrent network, on packets of units.
struct SimpleRNNCell {
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
/// weight_ih (W): Units × n   weight_hh (U): Units × Units   bias_ih (b), bias_hh (b′): Units, as PyTorch's RNN; Keras's one
/// bias is b + b′. U begins orthogonal, the biases at 0. Options: Returns, Direction, Truncation{k}; an Init for W (default
/// Init::glorot_uniform). `recurrent_dropout`: in training, U is multiplied with m ∘ h, where a value of m is 0 with this
/// probability, else 1 / (1 − p), the same at all steps of a sequence. Throws OptionError. Gal and Ghahramani, 2016. Elman,
/// 1990. The backward pass is derived in docs/recurrent.md.
template <Index Units, auto... Options>
struct SimpleRNN {
  using Recurrent = detail::Recurrent<detail::SimpleRNNCell, Units, Options...>;
  detail::RecurrentDropout<SimpleRNN> recurrent_dropout = 0;

  template <class Previous>
  using FusedWith = detail::AfterRepeatVector<Previous, SimpleRNN>;

  constexpr std::array<Setting, 1> settings() const { return {{{"recurrent_dropout", recurrent_dropout.value}}}; }

  static constexpr bool accepts(Shape in) { return Recurrent::accepts(in); }
  template <Shape In>
  using Refusal = typename Recurrent::template Refusal<In>;
  static constexpr Shape output(Shape in) { return Recurrent::output(in); }
  static constexpr Needs needs(Shape in) { return Recurrent::needs(in); }
  static constexpr auto parameters(Shape in) { return Recurrent::parameters(in); }

  template <class S>
  void prepare(Prepare<S> pass) const {
    Recurrent::prepare(pass);
  }
  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    Recurrent::forward(pass, recurrent_dropout.value);
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    Recurrent::template backward<true>(pass, recurrent_dropout.value);
  }
  template <class S>
  void input_gradient(Backward<S, true> pass) const {
    Recurrent::template backward<false>(pass, recurrent_dropout.value);
  }
};

}  // namespace eigencoder
