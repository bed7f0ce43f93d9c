// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

#include "eigencoder/kernels/recurrence.hpp"

namespace eigencoder::kernels {

/// The operands of a forward pass on some columns.
template <class T>
struct RecurrentForward {
  Index columns;
  const T* packed;
  const T* x;  ///< column j of step t at x + j x_stride + t inputs
  Index x_stride;
  RecurrentOutput<T> y;
  T* memory;                ///< Recurrence::cache() for each column, for backward, or null
  T* scratch_per_sample;    ///< Recurrence::scratch_per_sample() for each column
  const T* mask = nullptr;  ///< H for each column: h is multiplied with it before the recurrent weights; null: with 1
  Index mask_stride = 0;
  Lengths lengths{};         ///< how many steps each column has
  const T* begin = nullptr;  ///< state_size() for each column: the state before the first step; null: 0
  T* end = nullptr;          ///< and that after the last one, where there is no mask; may be `begin`
};

namespace detail {

/// One fused pass over a step's gates: pre-activations → gates, c, h. `constant`: what is added to the gates, or null.
template <class Cell, class T>
void advance(const Recurrence<Cell>& r, const RecurrentForward<T>& p, const Tape<Cell, T>& tape, const T* constant,
             Index step) {
  using P = Packet<T>;
  const Index H = r.units, place = r.place(step);
  const View<T> gates = tape.gate(step), before = tape.cell(step), after = tape.cell(step + 1), next = tape.operand(step + 1);
  for (Index j = 0; j < p.columns; ++j) {
    T *const a = gates.column(j), *const h = next.column(j) + next.rows - H;
    const T* const mask = p.mask ? p.mask + j * p.mask_stride : nullptr;
    if (!begun(r, p.lengths, j, step)) {
      const View<T> h_before = tape.operand(step);
      std::copy_n(h_before.column(j) + h_before.rows - H, H, h);
      std::copy_n(before.column(j), r.cells(), after.column(j));
      continue;
    }
    const bool given = p.y.kind == RecurrentOutput<T>::sequence || step == last_step(r, p.lengths, j);
    T* const y = given ? p.y.data + j * p.y.stride + place * p.y.step : nullptr;
    for (Index i = 0; i < H; i += P::size) {
      const Index count = std::min(P::size, H - i);
      std::array<P, Cell::gates> gate;
      for (Index k = 0; k < Cell::gates; ++k) {
        P& value = gate[static_cast<std::size_t>(k)];
        const T* const at = a + k * H + i;
        value = constant && k < Cell::state_begin ? P(0) : P::load_first(at, count);
        if (constant) value = value + P::load_first(constant + j * r.rows() + k * H + i, count);
      }
      P c(0);
      if constexpr (Cell::state != CellState::none) c = P::load_first(before.column(j) + i, count);
      const P out = Cell::forward(gate, c);
      for (Index k = 0; k < Cell::gates; ++k) gate[static_cast<std::size_t>(k)].store_first(a + k * H + i, count);
      if constexpr (Cell::state != CellState::none) c.store_first(after.column(j) + i, count);
      (mask ? out * P::load_first(mask + i, count) : out).store_first(h + i, count);
      if (y) out.store_first(y + i, count);
      if constexpr (Cell::state == CellState::own) {
        if (y && p.y.kind == RecurrentOutput<T>::state) c.store_first(y + H + i, count);
      }
    }
  }
}

/// The input's part of a chunk of steps of a single column, as one product.
template <class Cell, class T>
void multiply_inputs(const Recurrence<Cell>& r, const RecurrentForward<T>& p, const T* panels, Index step, T* gates) {
  const Index steps = std::min(r.chunk(), r.steps - step), I = r.inputs;
  const View<const T> x{p.x + r.place(step) * I, I, steps, r.reversed ? -I : I};
  r.for_each_product([&](Index row, Index rows, Index first, Index depth) {
    if (first == 0) multiply_panels<T>({panels, depth}, x, {gates + row, rows, steps, r.rows()}, p.packed + row);
    panels += rows * depth;
  });
}

}  // namespace detail

/// With a `feed`, feed(step, operand) writes the first rows of its operand, the input, before the step is computed.
template <class Cell, class T, class Feed = std::nullptr_t>
void recurrence_forward(const Recurrence<Cell>& r, const RecurrentForward<T>& p, Feed feed = {}) {
  const Index H = r.units, B = p.columns, x = r.repeated ? 0 : r.inputs;
  T* const constants = p.scratch_per_sample;
  const detail::Tape<Cell, T> tape(r, B, p.memory ? p.memory : constants + r.constants() * B, p.memory != nullptr);
  const View<T> h = tape.operand(0), c = tape.cell(0);
  for (Index j = 0; j < B; ++j) {
    const T* const begin = p.begin ? p.begin + j * r.state_size() : nullptr;
    for (Index i = 0; i < H; ++i) {
      h.column(j)[x + i] = begin ? (p.mask ? p.mask[j * p.mask_stride + i] : T(1)) * begin[i] : T(0);
      if (r.cells() > 0) c.column(j)[i] = begin ? begin[r.state_size() - H + i] : T(0);
    }
  }
  const T *const bias = p.packed, *panels = bias + r.rows();
  const T* constant = nullptr;
  if (r.repeated) {
    const Index n = r.rows(), e = r.input_rows();
    detail::multiply_panels<T>({panels, r.inputs}, {p.x, r.inputs, B, p.x_stride}, {constants, e, B, n}, bias);
    for (Index j = 0; j < B; ++j) std::copy(bias + e, bias + n, constants + j * n + e);
    constant = constants;
    panels += e * r.inputs;
  }
  constexpr bool given = std::is_same_v<Feed, std::nullptr_t>;
  const bool inputs_first = given && B == 1 && !r.repeated;
  for (Index step = 0; step < r.steps; ++step) {
    const View<T> operand = tape.operand(step), gates = tape.gate(step);
    if constexpr (given) {
      for (Index j = 0; j < B; ++j) std::copy_n(p.x + j * p.x_stride + r.place(step) * x, x, operand.column(j));
    } else {
      feed(step, operand);
    }
    if (inputs_first && step % r.chunk() == 0) detail::multiply_inputs(r, p, panels, step, gates.data);
    const T* from = panels;
    r.for_each_product([&](Index row, Index rows, Index first, Index depth) {
      const Index known = inputs_first ? std::min(x - first, depth) : 0;
      if (known < depth) {
        detail::multiply_panels<T>({from, depth, known}, {operand.data + first + known, depth - known, B, operand.stride},
                                   {gates.data + row, rows, B, gates.stride}, constant ? nullptr : bias + row, known > 0,
                                   step % 2 > 0);
      }
      from += rows * depth;
    });
    detail::advance(r, p, tape, constant, step);
  }
  if (p.end) {
    const View<T> last = tape.operand(r.steps), cell = tape.cell(r.steps);
    for (Index j = 0; j < B; ++j) {
      T* const end = p.end + j * r.state_size();
      std::copy_n(last.column(j) + x, H, end);
      if constexpr (Cell::state == CellState::own) std::copy_n(cell.column(j), H, end + H);
    }
  }
}

}  // namespace eigencoder::kernels
