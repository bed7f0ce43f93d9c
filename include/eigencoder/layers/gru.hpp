// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/gates.hpp"
#include "eigencoder/layers/repeat_vector.hpp"

namespace eigencoder {

namespace detail {

/// The equations of a GRU, on packets of units. Since r multiplies the state's part of n alone, n has two parts, one of the
/// input and one of the state. In the order n_x, r, z, n_h the gates that the input reaches lie side by side, and so do those
/// of the state.
struct GRUCell {
  using InComponent = GRUCell;
  static constexpr Index gates = 4, state_begin = 1, input_end = 3;
  static constexpr kernels::CellState state = kernels::CellState::output;
  static constexpr Index weight_gates = 3;
  static constexpr Index weight_gate(Index gate) { return (gate + 2) % 3; }  // r, z, n in the weights
  static constexpr Init bias(Index) { return Init::zeros; }

  /// a → n, r, z, n_h; h → h′, which is returned too.
  template <class V>
  static V forward(std::array<V, 4>& a, V& h) {
    const V r = kernels::gate_sigmoid(a[1]), z = kernels::gate_sigmoid(a[2]),
            n = kernels::gate_tanh(multiply_add(r, a[3], a[0]));
    h = multiply_add(z, h - n, n);
    a = {n, r, z, a[3]};
    return h;
  }
  /// n, r, z, n_h → da; dh is what came through the weights, dh_direct, which becomes that of the step before, what came past
  /// them.
  template <class V>
  static void backward(std::array<V, 4>& gate, V h, V, V dh, V& dh_direct) {
    const auto [n, r, z, n_h] = gate;
    const V one(1), d = dh + dh_direct, dn = d * (one - z) * (one - n * n);
    gate = {dn, dn * n_h * r * (one - r), d * (h - n) * z * (one - z), dn * r};
    dh_direct = d * z;
  }
};

}  // namespace detail

/// Gated recurrent unit. At each step, with x from the input and h from the step before, at first 0:
///   r = σ(W_r x + b_r + U_r h + b′_r)   z = σ(W_z x + b_z + U_z h + b′_z)   n = tanh(W_n x + b_n + r ∘ (U_n h + b′_n))
///   h′ = (1 − z) ∘ n + z ∘ h
/// x: sequence(T, n)   y: h after the last step, features(Units); see Returns for others
/// weight_ih (W): 3·Units × n   weight_hh (U): 3·Units × Units   bias_ih (b), bias_hh (b′): 3·Units; rows in the order r, z, n, as
/// PyTorch's; Keras's order is z, r, n, and its default, reset_after, these equations. U begins orthogonal, the biases at 0.
/// Options: Returns, Direction, Truncation{k}; an Init for W (default Init::glorot_uniform). A value: RecurrentDropout; z multiplies
/// h itself.
/// Cho et al., 2014. The backward pass is derived in docs/recurrent.md.
template <Index Units, auto... Options>
struct GRU : detail::RecurrentLayer<detail::GRUCell, Units, Options...> {
  using detail::RecurrentLayer<detail::GRUCell, Units, Options...>::RecurrentLayer;

  template <class Previous>
  using FusedWith = detail::AfterRepeatVector<Previous, GRU>;
};

}  // namespace eigencoder
