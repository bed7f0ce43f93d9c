// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/recurrence.hpp"

namespace eigencoder::kernels {

/// The operands of a backward pass.
template <class T>
struct RecurrentBackward {
  Index columns;
  const T* packed;  ///< by pack_recurrence_backward
  Index x_stride;
  RecurrentOutput<const T> dy;
  const T* memory;  ///< what forward kept
  T *scratch_per_sample, *scratch;
  T* dx = nullptr;                 ///< as x; null: not wanted
  bool adds_dx = false;            ///< adds to dx, and does not overwrite it
  RecurrentWeights<T> dweights{};  ///< added to; null: not wanted
  const T* x = nullptr;            ///< read where it is repeated
  const T* mask = nullptr;
  Index mask_stride = 0;
  Lengths lengths{};
  T* dbegin = nullptr;  ///< overwritten with the gradient of the state before the first step; null: not wanted
};

namespace detail {

/// Steps [first, last) of a backward pass, from the last one on, after those after them.
template <class Cell, class T>
struct BackwardSteps {
  static constexpr bool compiled = CompiledScalar<T> && CompiledFunction<Cell>;

  Recurrence<Cell> r;
  RecurrentBackward<T> p;
  Index first, last;

  void run() const {
    const Index H = r.units, B = p.columns, n = r.rows(), b = r.state_row();
    const Index chunk = std::clamp<Index>(depth_block / B, 1, r.chunk());
    const Tape<Cell, const T> tape(r, B, p.memory, true);
    T *const dc = p.scratch_per_sample + r.constants() * B, *const dh = dc + H * B, *const da = dh + H * B;
    const T *const state_panels = p.packed, *const input_panels = state_panels + (n - b) * H;
    if (last == r.steps) {
      std::fill_n(dc, H * B, T(0));
      if (p.dweights.weight_ih) std::fill_n(p.scratch, n, T(0));
    }
    const bool apart = r.reversed && p.lengths;  // columns begin, and are cut, at steps of their own
    // Whether dh holds, after a step, the gradient of the state before it.
    const auto goes_on = [&](Index step) { return step > 0 && (apart || step % r.truncation != 0); };
    for (Index step = last - 1; step >= first; --step) {
      const Index end = r.steps - (r.steps - 1 - step) / chunk * chunk, begin = std::max<Index>(0, end - chunk);
      const View<T> d{da + (step - begin) * n * B, n, B, n};
      const bool recurrent = step + 1 < r.steps && goes_on(step + 1);
      retreat(tape, step, d, recurrent ? dh : nullptr, dc);
      if (p.dx && !r.repeated) {
        multiply_panels<T>({input_panels, r.input_rows()}, {d.data, r.input_rows(), B, n},
                           {p.dx + r.place(step) * r.inputs, r.inputs, B, p.x_stride}, nullptr, p.adds_dx);
      }
      if (goes_on(step) || p.dbegin) multiply_panels<T>({state_panels, n - b}, {d.data + b, n - b, B, n}, {dh, H, B, H});
      if (p.dbegin) leave_begin(step, dh, dc);
      if (!goes_on(step)) std::fill_n(dc, H * B, T(0));
      if (apart && r.truncation < r.steps) cut_columns(step, dh, dc);
      if (step == begin && p.dweights.weight_ih) {
        const View<const T> operand = tape.operand(begin);
        add_weight_gradient({da, n, (end - begin) * B, n}, {operand.data, operand.rows, (end - begin) * B, operand.stride});
      }
    }
    if (first > 0) return;
    if (r.repeated) add_repeated_gradient(input_panels);
    if (p.dweights.weight_ih) add_bias_gradient();
  }

 private:
  /// One fused pass: dh, dc, what forward kept → gradients of the pre-activations, dc of the step before.
  /// dh: what came through the recurrent weights, or null.
  void retreat(const Tape<Cell, const T>& tape, Index step, View<T> da, const T* dh, T* dc) const {
    using P = Packet<T>;
    const Index H = r.units, place = r.place(step);
    T* const total = r.repeated ? p.scratch_per_sample : nullptr;
    const bool first_read = step == r.steps - 1;
    const View<const T> gates = tape.gate(step), before = tape.cell(step), after = tape.cell(step + 1);
    for (Index j = 0; j < p.columns; ++j) {
      T* const to = da.column(j);
      T* const sum = total ? total + j * r.rows() : nullptr;
      if (!begun(r, p.lengths, j, step)) {
        std::fill_n(to, r.rows(), T(0));
        std::fill_n(dc + j * H, H, T(0));
        continue;
      }
      using Output = RecurrentOutput<const T>;
      const bool given = p.dy.kind == Output::sequence || step == last_step(r, p.lengths, j);
      const T* const dy = given ? p.dy.data + j * p.dy.stride + place * p.dy.step : nullptr;
      for (Index i = 0; i < H; i += P::size) {
        const Index count = std::min(P::size, H - i);
        const auto load = [=](const T* from) { return P::load_first(from + i, count); };
        std::array<P, Cell::gates> gate;
        for (Index k = 0; k < Cell::gates; ++k) gate[static_cast<std::size_t>(k)] = load(gates.column(j) + k * H);
        P d = dh ? load(dh + j * H) : P(0), dcell = load(dc + j * H);
        if (dh && p.mask) d = d * load(p.mask + j * p.mask_stride);
        if (dy) d = d + load(dy);
        P old(0), now(0);
        if constexpr (Cell::state != CellState::none) old = load(before.column(j)), now = load(after.column(j));
        if constexpr (Cell::state == CellState::own) {
          if (dy && p.dy.kind == Output::state) dcell = dcell + load(dy + H);
        }
        Cell::backward(gate, old, now, d, dcell);
        dcell.store_first(dc + j * H + i, count);
        for (Index k = 0; k < Cell::gates; ++k) {
          const P value = gate[static_cast<std::size_t>(k)];
          value.store_first(to + k * H + i, count);
          if (sum) (first_read ? value : value + load(sum + k * H)).store_first(sum + k * H + i, count);
        }
      }
    }
  }

  /// The gradient of the state before the first step, of the columns that begin with this one.
  void leave_begin(Index step, const T* dh, const T* dc) const {
    const Index H = r.units;
    for (Index j = 0; j < p.columns; ++j) {
      if (!begun(r, p.lengths, j, step) || (step > 0 && begun(r, p.lengths, j, step - 1))) continue;
      T* const to = p.dbegin + j * r.state_size();
      for (Index i = 0; i < H; ++i) {
        const T through = (p.mask ? p.mask[j * p.mask_stride + i] : T(1)) * dh[j * H + i];
        to[i] = Cell::state == CellState::output ? through + dc[j * H + i] : through;
        if (Cell::state == CellState::own) to[H + i] = dc[j * H + i];
      }
    }
  }

  /// Truncation of columns that begin at steps of their own.
  void cut_columns(Index step, T* dh, T* dc) const {
    for (Index j = 0; j < p.columns; ++j) {
      const Index read = step - (r.steps - p.lengths[j]);
      if (read <= 0 || read % r.truncation != 0) continue;
      std::fill_n(dh + j * r.units, r.units, T(0));
      std::fill_n(dc + j * r.units, r.units, T(0));
    }
  }

  /// dW += da [x; h]ᵀ and the sums of da over some steps, whose matrices lie side by side.
  void add_weight_gradient(View<const T> da, View<const T> operand) const {
    const Index stride = Cell::weight_gates * r.units;
    T* const into = r.repeated ? p.dweights.weight_hh : p.dweights.weight_ih;
    r.for_each_product([&](Index row, Index rows, Index begin, Index depth) {
      T* const to = into + Cell::weight_gate(row / r.units) * r.units + begin * stride;
      add_multiply_transposed<T>({da.data + row, rows, da.cols, da.stride},
                                 {operand.data + begin, depth, operand.cols, operand.stride}, {to, rows, depth, stride},
                                 r.repeated ? nullptr : p.scratch + row);
    });
  }

  /// The gradients of weights and input of a repeated input, from the sum of da over the steps.
  void add_repeated_gradient(const T* panels) const {
    const T* const total = p.scratch_per_sample;
    const Index H = r.units, n = r.rows(), e = r.input_rows(), b = r.state_row(), stride = Cell::weight_gates * H;
    if (p.dx) multiply_panels<T>({panels, e}, {total, e, p.columns, n}, {p.dx, r.inputs, p.columns, p.x_stride});
    if (!p.dweights.weight_ih) return;
    const auto add = [&](Index row, Index rows) {
      if (rows == 0) return;
      add_multiply_transposed<T>({total + row, rows, p.columns, n}, {p.x, r.inputs, p.columns, p.x_stride},
                                 {p.dweights.weight_ih + Cell::weight_gate(row / H) * H, rows, r.inputs, stride});
    };
    add(0, b), add(b, e - b);
    add_columns<T>({total, n, p.columns, n}, p.scratch);
  }

  /// From the sums of da over steps and columns.
  void add_bias_gradient() const {
    for (Index row = 0; row < r.rows(); ++row) {
      const Index to = Cell::weight_gate(row / r.units) * r.units + row % r.units;
      if (row < r.input_rows()) p.dweights.bias_ih[to] += p.scratch[row];
      if (row >= r.state_row()) p.dweights.bias_hh[to] += p.scratch[row];
    }
  }
};

}  // namespace detail

/// Steps [first, last), in the order of reading, of a pass whose steps from `last` on are done: p.dy of each may be made of dx
/// of the one after.
template <class Cell, class T>
void recurrence_backward(const Recurrence<Cell>& r, const RecurrentBackward<T>& p, Index first, Index last) {
  launch(detail::BackwardSteps<Cell, T>{r, p, first, last});
}
template <class Cell, class T>
void recurrence_backward(const Recurrence<Cell>& r, const RecurrentBackward<T>& p) {
  recurrence_backward(r, p, 0, r.steps);
}

}  // namespace eigencoder::kernels
