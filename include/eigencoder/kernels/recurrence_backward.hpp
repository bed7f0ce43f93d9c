// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

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

/// One fused pass: dh, dc, what forward kept → gradients of the pre-activations, dc of the step before.
/// `recurrent`: dh holds what came through the recurrent weights, and is added.
template <class Cell, class T>
void retreat(const Recurrence<Cell>& r, const RecurrentBackward<T>& p, const Tape<Cell, const T>& tape, Index step, View<T> da,
             const T* dh, T* dc, T* total, bool first) {
  using P = Packet<T>;
  const Index H = r.units, place = r.place(step);
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
        if (sum) (first ? value : value + load(sum + k * H)).store_first(sum + k * H + i, count);
      }
    }
  }
}

/// The gradient of the state before the first step, of the columns that begin with this one.
template <class Cell, class T>
void leave_begin(const Recurrence<Cell>& r, const RecurrentBackward<T>& p, Index step, const T* dh, const T* dc) {
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
template <class Cell, class T>
void cut_columns(const Recurrence<Cell>& r, const Lengths& lengths, Index step, Index columns, T* dh, T* dc) {
  for (Index j = 0; j < columns; ++j) {
    const Index read = step - (r.steps - lengths[j]);
    if (read <= 0 || read % r.truncation != 0) continue;
    std::fill_n(dh + j * r.units, r.units, T(0));
    std::fill_n(dc + j * r.units, r.units, T(0));
  }
}

/// dW += da [x; h]ᵀ and the sums of da over some steps, whose matrices lie side by side.
template <class Cell, class T>
void add_weight_gradient(const Recurrence<Cell>& r, const RecurrentBackward<T>& p, View<const T> da, View<const T> operand) {
  const Index stride = Cell::weight_gates * r.units;
  T* const into = r.repeated ? p.dweights.weight_hh : p.dweights.weight_ih;
  r.for_each_product([&](Index row, Index rows, Index first, Index depth) {
    T* const to = into + Cell::weight_gate(row / r.units) * r.units + first * stride;
    add_multiply_transposed<T>({da.data + row, rows, da.cols, da.stride},
                               {operand.data + first, depth, operand.cols, operand.stride}, {to, rows, depth, stride},
                               r.repeated ? nullptr : p.scratch + row);
  });
}

/// The gradients of weights and input of a repeated input, from the sum of da over the steps.
template <class Cell, class T>
void add_repeated_gradient(const Recurrence<Cell>& r, const RecurrentBackward<T>& p, const T* panels, const T* total) {
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

}  // namespace detail

/// With a `feed`, feed(step) writes step's part of p.dy, before the step is gone back.
template <class Cell, class T, class Feed = std::nullptr_t>
void recurrence_backward(const Recurrence<Cell>& r, const RecurrentBackward<T>& p, Feed feed = {}) {
  const Index H = r.units, B = p.columns, n = r.rows(), b = r.state_row();
  const Index chunk = std::clamp<Index>(detail::depth_block / B, 1, r.chunk());
  const detail::Tape<Cell, const T> tape(r, B, p.memory, true);
  T* const total = r.repeated ? p.scratch_per_sample : nullptr;
  T *const dc = p.scratch_per_sample + r.constants() * B, *const dh = dc + H * B, *const da = dh + H * B;
  const T *const state_panels = p.packed, *const input_panels = state_panels + (n - b) * H;
  std::fill_n(dc, H * B, T(0));
  if (p.dweights.weight_ih) std::fill_n(p.scratch, n, T(0));
  bool recurrent = false;  // dh holds the gradient through the step after
  for (Index end = r.steps; end > 0;) {
    const Index begin = std::max<Index>(0, end - chunk);
    for (Index step = end - 1; step >= begin; --step) {
      const View<T> d{da + (step - begin) * n * B, n, B, n};
      if constexpr (!std::is_same_v<Feed, std::nullptr_t>) feed(step);
      detail::retreat(r, p, tape, step, d, recurrent ? dh : nullptr, dc, total, step == r.steps - 1);
      if (p.dx && !r.repeated) {
        detail::multiply_panels<T>({input_panels, r.input_rows()}, {d.data, r.input_rows(), B, n},
                                   {p.dx + r.place(step) * r.inputs, r.inputs, B, p.x_stride}, nullptr, p.adds_dx);
      }
      const bool apart = r.reversed && p.lengths;  // columns begin, and are cut, at steps of their own
      recurrent = step > 0 && (apart || step % r.truncation != 0);
      if (recurrent || p.dbegin) detail::multiply_panels<T>({state_panels, n - b}, {d.data + b, n - b, B, n}, {dh, H, B, H});
      if (p.dbegin) detail::leave_begin(r, p, step, dh, dc);
      if (!recurrent) std::fill_n(dc, H * B, T(0));
      if (apart && r.truncation < r.steps) detail::cut_columns(r, p.lengths, step, B, dh, dc);
    }
    const View<const T> operand = tape.operand(begin);
    if (p.dweights.weight_ih)
      detail::add_weight_gradient<Cell, T>(r, p, {da, n, (end - begin) * B, n},
                                           {operand.data, operand.rows, (end - begin) * B, operand.stride});
    end = begin;
  }
  if (r.repeated) detail::add_repeated_gradient(r, p, input_panels, total);
  if (p.dweights.weight_ih) {
    for (Index row = 0; row < n; ++row) {
      const Index to = Cell::weight_gate(row / H) * H + row % H;
      if (row < r.input_rows()) p.dweights.bias_ih[to] += p.scratch[row];
      if (row >= b) p.dweights.bias_hh[to] += p.scratch[row];
    }
  }
}

}  // namespace eigencoder::kernels
