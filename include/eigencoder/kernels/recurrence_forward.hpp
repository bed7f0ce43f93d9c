// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/recurrence.hpp"

namespace eigencoder::kernels {

/// The operands of a forward pass on some columns.
template <class T>
struct RecurrentForward {
  Index columns;
  const T* packed;
  const T* x;  ///< column j of step t at x + j x_stride + t inputs; read when the step is computed
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

/// Steps [first, last) of a forward pass, after those before them.
template <class Cell, class T>
struct ForwardSteps {
  static constexpr bool compiled = CompiledScalar<T> && CompiledFunction<Cell>;

  Recurrence<Cell> r;
  RecurrentForward<T> p;
  Index first, last;

  void run() const {
    const Index B = p.columns, x = r.repeated ? 0 : r.inputs;
    const Tape<Cell, T> tape(r, B, p.memory ? p.memory : p.scratch_per_sample + r.constants() * B, p.memory != nullptr);
    const T *const bias = p.packed, *const panels = bias + r.rows() + (r.repeated ? r.input_rows() * r.inputs : 0);
    if (first == 0) start(tape);
    const bool inputs_first = B == 1 && !r.repeated && last - first > 1;
    for (Index step = first; step < last; ++step) {
      const View<T> operand = tape.operand(step), gates = tape.gate(step);
      for (Index j = 0; j < B; ++j) std::copy_n(p.x + j * p.x_stride + r.place(step) * x, x, operand.column(j));
      if (inputs_first && (step == first || step % r.chunk() == 0)) multiply_inputs(panels, step, gates.data);
      const T* from = panels;
      r.for_each_product([&](Index row, Index rows, Index begin, Index depth) {
        const Index known = inputs_first ? std::min(x - begin, depth) : 0;
        if (known < depth) {
          multiply_panels<T>({from, depth, known}, {operand.data + begin + known, depth - known, B, operand.stride},
                             {gates.data + row, rows, B, gates.stride}, r.repeated ? nullptr : bias + row, known > 0,
                             step % 2 > 0);
        }
        from += rows * depth;
      });
      advance(tape, step);
    }
    if (p.end && last == r.steps) finish(tape);
  }

 private:
  /// The state before the first step, and of a repeated input its part of all gates.
  void start(const Tape<Cell, T>& tape) const {
    const Index H = r.units, B = p.columns;
    const View<T> h = tape.operand(0), c = tape.cell(0);
    for (Index j = 0; j < B; ++j) {
      const T* const state = p.begin ? p.begin + j * r.state_size() : nullptr;
      T* const to = h.column(j) + h.rows - H;
      for (Index i = 0; i < H; ++i) {
        to[i] = state ? (p.mask ? p.mask[j * p.mask_stride + i] : T(1)) * state[i] : T(0);
        if (r.cells() > 0) c.column(j)[i] = state ? state[r.state_size() - H + i] : T(0);
      }
    }
    if (!r.repeated) return;
    const Index n = r.rows(), e = r.input_rows();
    T* const constants = p.scratch_per_sample;
    multiply_panels<T>({p.packed + n, r.inputs}, {p.x, r.inputs, B, p.x_stride}, {constants, e, B, n}, p.packed);
    for (Index j = 0; j < B; ++j) std::copy_n(p.packed + e, n - e, constants + j * n + e);
  }

  /// The input's part of a chunk of steps of a single column, as one product.
  void multiply_inputs(const T* panels, Index step, T* gates) const {
    const Index steps = std::min(r.chunk() - step % r.chunk(), last - step), I = r.inputs;
    const View<const T> x{p.x + r.place(step) * I, I, steps, r.reversed ? -I : I};
    r.for_each_product([&](Index row, Index rows, Index begin, Index depth) {
      if (begin == 0) multiply_panels<T>({panels, depth}, x, {gates + row, rows, steps, r.rows()}, p.packed + row);
      panels += rows * depth;
    });
  }

  /// One fused pass over a step's gates: pre-activations → gates, c, h.
  void advance(const Tape<Cell, T>& tape, Index step) const {
    using P = Packet<T>;
    const Index H = r.units, place = r.place(step);
    const T* const constants = r.repeated ? p.scratch_per_sample : nullptr;
    const View<T> gates = tape.gate(step), before = tape.cell(step), after = tape.cell(step + 1), next = tape.operand(step + 1);
    for (Index j = 0; j < p.columns; ++j) {
      T *const a = gates.column(j), *const h = next.column(j) + next.rows - H;
      const T* const mask = p.mask ? p.mask + j * p.mask_stride : nullptr;
      const T* const constant = constants ? constants + j * r.rows() : nullptr;
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
          if (constant) value = value + P::load_first(constant + k * H + i, count);
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

  /// The state after the last step.
  void finish(const Tape<Cell, T>& tape) const {
    const Index H = r.units;
    const View<T> h = tape.operand(r.steps), c = tape.cell(r.steps);
    for (Index j = 0; j < p.columns; ++j) {
      T* const to = p.end + j * r.state_size();
      std::copy_n(h.column(j) + h.rows - H, H, to);
      if constexpr (Cell::state == CellState::own) std::copy_n(c.column(j), H, to + H);
    }
  }
};

}  // namespace detail

/// Steps [first, last), in the order of reading, of a pass whose steps before `first` are done: each may read what was made of
/// the one before.
template <class Cell, class T>
void recurrence_forward(const Recurrence<Cell>& r, const RecurrentForward<T>& p, Index first, Index last) {
  launch(detail::ForwardSteps<Cell, T>{r, p, first, last});
}
template <class Cell, class T>
void recurrence_forward(const Recurrence<Cell>& r, const RecurrentForward<T>& p) {
  recurrence_forward(r, p, 0, r.steps);
}

}  // namespace eigencoder::kernels
