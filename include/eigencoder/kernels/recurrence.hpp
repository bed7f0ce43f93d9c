// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <utility>

#include "eigencoder/core/lengths.hpp"
#include "eigencoder/kernels/gemm.hpp"

// Recurrent layers without their equations: the loop over the steps, the products, and where everything lies. A cell says what
// its gates are and what becomes of them; layers/lstm.hpp has an example. docs/recurrent.md derives the passes.
namespace eigencoder::kernels {

/// The state that goes from step to step value by value, besides h, which goes through the recurrent weights.
enum class CellState {
  none,   ///< there is none
  own,    ///< c, apart from h
  output  ///< h itself
};

/// The sizes of a recurrent layer, and the layout of what it keeps. A step's pre-activations are a matrix of rows() rows: gate k
/// of the cell has rows [k H, (k + 1) H). The input's weights reach the first `Cell::input_end` gates, the recurrent weights
/// those from `Cell::state_begin` on. Steps are counted in the order in which they are read.
template <class Cell>
struct Recurrence {
  Index inputs, units, steps;
  bool reversed = false;  ///< reads the last step first
  bool repeated = false;  ///< the input is one vector, read at every step
  Index truncation = steps;  ///< gradients of the state do not go back beyond steps that are multiples of this

  static constexpr Index chunk = 8;  ///< at most so many steps share a product for the gradient of the weights

  constexpr Index rows() const { return Cell::gates * units; }
  constexpr Index input_rows() const { return Cell::input_end * units; }
  constexpr Index state_row() const { return Cell::state_begin * units; }
  /// What the weights are multiplied with at a step: [x; h] or, where x is repeated, h.
  constexpr Index operand() const { return (repeated ? 0 : inputs) + units; }
  constexpr Index cells() const { return Cell::state == CellState::none ? 0 : units; }
  /// The scalars that make up a sample's state: h, and c below it if it is apart.
  constexpr Index state_size() const { return Cell::state == CellState::own ? 2 * units : units; }

  constexpr Index weights() const { return input_rows() * inputs + (rows() - state_row()) * units; }
  constexpr Index forward_packed() const { return rows() + weights(); }
  /// A sample's share of the memory that forward leaves for backward.
  constexpr Index cache() const { return (steps + 1) * (operand() + cells()) + steps * rows(); }
  constexpr Index constants() const { return repeated ? rows() : 0; }
  constexpr Index scratch_per_sample() const {
    return constants() + std::max(2 * operand() + rows() + cells(), std::min(chunk, steps) * rows() + 2 * units);
  }
  constexpr Index scratch() const { return rows(); }

  constexpr Index place(Index step) const { return reversed ? steps - 1 - step : step; }

  /// Calls f(row, rows, first, depth) for every product that makes rows of a step's gates of part of the operand.
  template <class F>
  constexpr void for_each_product(F f) const {
    const Index b = state_row(), e = input_rows(), n = rows(), x = repeated ? 0 : inputs;
    if (b > 0 && x > 0) f(Index{0}, b, Index{0}, x);
    if (x > 0) f(b, e - b, Index{0}, x + units);
    if (x > 0 && n > e) f(e, n - e, x, units);
    if (x == 0) f(b, n - b, Index{0}, units);
  }
};

namespace detail {

/// rows × depth values at(row, p) in the order in which tiles read them, panel by panel. Returns the end.
template <class T, class At>
T* pack_weights(Index rows, Index depth, T* to, At at) {
  for_each_panel<T>(rows, [&]<class P, int Packets>(Index i, Index count) {
    for (Index p = 0; p < depth; ++p) {
      for (Index r = 0; r < count; ++r) *to++ = at(i + r, p);
    }
  });
  return to;
}

/// C = A·B + bias·1ᵀ, or C += A·B where `adds`, with A in panels.   A: rows × B's rows
template <class T>
void multiply_panels(const T* panels, View<const T> b, View<T> c, const T* bias = nullptr, bool adds = false) {
  for_each_panel<T>(c.rows, [&]<class P, int Packets>(Index i, Index count) {
    const View<const T> a{panels, count, b.rows, count};
    const View<T> to{c.data + i, count, c.cols, c.stride};
    adds ? add_multiply(a, b, to) : multiply(a, b, to, bias ? bias + i : nullptr);
    panels += count * b.rows;
  });
}

/// Where the steps' matrices lie, one after the other, all columns of a step together. Of a prediction there are two operands,
/// used in turn, and one of the others.
template <class Cell, class T>
struct Tape {
  T *operands, *gates, *cells;
  Index columns, operand_size, gate_size, cell_size;
  bool kept;

  Tape(const Recurrence<Cell>& r, Index count, T* memory, bool keeps)
      : operands(memory),
        gates(operands + (keeps ? r.steps + 1 : 2) * r.operand() * count),
        cells(gates + (keeps ? r.steps : 1) * r.rows() * count),
        columns(count),
        operand_size(r.operand()),
        gate_size(r.rows()),
        cell_size(r.cells()),
        kept(keeps) {}

  View<T> operand(Index step) const { return {operands + (kept ? step : step % 2) * operand_size * columns, operand_size, columns, operand_size}; }
  View<T> gate(Index step) const { return {gates + (kept ? step : 0) * gate_size * columns, gate_size, columns, gate_size}; }
  View<T> cell(Index step) const { return {cells + (kept ? step : 0) * cell_size * columns, cell_size, columns, cell_size}; }
};

}  // namespace detail

/// Parameters, or their gradients, as PyTorch's: Cell::weight_gates blocks of H rows, of which gate k has number
/// Cell::weight_gate(k). hh follows ih in memory.
template <class T>
struct RecurrentWeights {
  T *weight_ih = nullptr, *weight_hh = nullptr, *bias_ih = nullptr, *bias_hh = nullptr;
};

namespace detail {

/// The weights at a place of a step's gates: of a row and a value of x, of a row and a unit.
template <class Cell, class T>
auto weights_by_row(const Recurrence<Cell>& r, RecurrentWeights<const T> w) {
  const Index H = r.units, stride = Cell::weight_gates * H;
  const auto place = [=](Index row) { return Cell::weight_gate(row / H) * H + row % H; };
  return std::pair{[=](Index row, Index p) { return w.weight_ih[place(row) + p * stride]; },
                   [=](Index row, Index p) { return w.weight_hh[place(row) + p * stride]; }};
}

}  // namespace detail

/// Biases and weights as forward reads them: Recurrence::forward_packed() values.
template <class Cell, class T>
void pack_recurrence_forward(const Recurrence<Cell>& r, RecurrentWeights<const T> w, T* packed) {
  const auto [input, state] = detail::weights_by_row(r, w);
  for (Index row = 0; row < r.rows(); ++row) {
    const Index place = Cell::weight_gate(row / r.units) * r.units + row % r.units;
    *packed++ = (row < r.input_rows() ? w.bias_ih[place] : T(0)) + (row >= r.state_row() ? w.bias_hh[place] : T(0));
  }
  const Index x = r.repeated ? 0 : r.inputs;
  if (r.repeated) packed = detail::pack_weights(r.input_rows(), r.inputs, packed, input);
  r.for_each_product([&, &input = input, &state = state](Index first, Index rows, Index begin, Index depth) {
    packed = detail::pack_weights(rows, depth, packed, [&](Index row, Index p) {
      return begin + p < x ? input(first + row, begin + p) : state(first + row, begin + p - x);
    });
  });
}

/// The transposed weights, as backward reads them: Recurrence::weights() values.
template <class Cell, class T>
void pack_recurrence_backward(const Recurrence<Cell>& r, RecurrentWeights<const T> w, T* packed) {
  const auto [input, state] = detail::weights_by_row(r, w);
  const Index b = r.state_row();
  packed = detail::pack_weights(r.units, r.rows() - b, packed, [&, &state = state](Index p, Index row) { return state(b + row, p); });
  detail::pack_weights(r.inputs, r.input_rows(), packed, [&, &input = input](Index p, Index row) { return input(row, p); });
}

/// What a layer gives out, or its gradient: column j of step t at data + j stride + t step.
template <class T>
struct RecurrentOutput {
  enum Kind { last, sequence, state } kind;  ///< the last h; all of them; the last state, h above c
  T* data;
  Index stride, step = 0;
};

/// The operands of a forward pass on some columns.
template <class T>
struct RecurrentForward {
  Index columns;
  const T* packed;
  const T* x;  ///< column j of step t at x + j x_stride + t inputs
  Index x_stride;
  RecurrentOutput<T> y;
  T* memory;              ///< Recurrence::cache() for each column, for backward, or null
  T* scratch_per_sample;  ///< Recurrence::scratch_per_sample() for each column
  const T* mask = nullptr;  ///< H for each column: h is multiplied with it before the recurrent weights; null: with 1
  Index mask_stride = 0;
  Lengths lengths{};               ///< how many steps each column has
  const T* begin = nullptr;   ///< state_size() for each column: the state before the first step; null: 0
  T* end = nullptr;           ///< and that after the last one, where there is no mask; may be `begin`
};

/// Steps read before a column's first one: a sequence that is read backwards begins at its last valid step.
template <class Cell>
bool begun(const Recurrence<Cell>& r, const Lengths& lengths, Index column, Index step) {
  return !lengths || !r.reversed || step >= r.steps - lengths[column];
}
/// The step after which a column's state is its last.
template <class Cell>
Index last_step(const Recurrence<Cell>& r, const Lengths& lengths, Index column) {
  return (lengths && !r.reversed ? lengths[column] : r.steps) - 1;
}

namespace detail {

/// One fused pass over a step's gates: pre-activations → gates, c, h. `constant`: what is added to the gates, or null.
template <class Cell, class T>
void advance(const Recurrence<Cell>& r, const RecurrentForward<T>& p, const Tape<Cell, T>& tape, const T* constant, Index step) {
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
    detail::multiply_panels<T>(panels, {p.x, r.inputs, B, p.x_stride}, {constants, e, B, n}, bias);
    for (Index j = 0; j < B; ++j) std::copy(bias + e, bias + n, constants + j * n + e);
    constant = constants;
    panels += e * r.inputs;
  }
  for (Index step = 0; step < r.steps; ++step) {
    const View<T> operand = tape.operand(step), gates = tape.gate(step);
    if constexpr (std::is_same_v<Feed, std::nullptr_t>) {
      for (Index j = 0; j < B; ++j) std::copy_n(p.x + j * p.x_stride + r.place(step) * x, x, operand.column(j));
    } else {
      feed(step, operand);
    }
    const T* from = panels;
    r.for_each_product([&](Index row, Index rows, Index first, Index depth) {
      detail::multiply_panels<T>(from, {operand.data + first, depth, B, operand.stride},
                                 {gates.data + row, rows, B, gates.stride}, constant ? nullptr : bias + row);
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

/// The operands of a backward pass.
template <class T>
struct RecurrentBackward {
  Index columns;
  const T* packed;  ///< by pack_recurrence_backward
  Index x_stride;
  RecurrentOutput<const T> dy;
  const T* memory;  ///< what forward kept
  T *scratch_per_sample, *scratch;
  T* dx = nullptr;       ///< as x; null: not wanted
  bool adds_dx = false;  ///< adds to dx, and does not overwrite it
  RecurrentWeights<T> dweights{};  ///< added to; null: not wanted
  const T* x = nullptr;  ///< read where it is repeated
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

/// dW += da [x; h]ᵀ and the sums of da over some steps, whose matrices lie side by side.
template <class Cell, class T>
void add_weight_gradient(const Recurrence<Cell>& r, const RecurrentBackward<T>& p, View<const T> da, View<const T> operand) {
  const Index stride = Cell::weight_gates * r.units;
  T* const into = r.repeated ? p.dweights.weight_hh : p.dweights.weight_ih;
  r.for_each_product([&](Index row, Index rows, Index first, Index depth) {
    T* const to = into + Cell::weight_gate(row / r.units) * r.units + first * stride;
    add_multiply_transposed<T>({da.data + row, rows, da.cols, da.stride}, {operand.data + first, depth, operand.cols, operand.stride},
                               {to, rows, depth, stride}, r.repeated ? nullptr : p.scratch + row);
  });
}

/// The gradients of weights and input of a repeated input, from the sum of da over the steps.
template <class Cell, class T>
void add_repeated_gradient(const Recurrence<Cell>& r, const RecurrentBackward<T>& p, const T* panels, const T* total) {
  const Index H = r.units, n = r.rows(), e = r.input_rows(), b = r.state_row(), stride = Cell::weight_gates * H;
  if (p.dx) multiply_panels<T>(panels, {total, e, p.columns, n}, {p.dx, r.inputs, p.columns, p.x_stride});
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
  const Index chunk = std::clamp<Index>(detail::depth_block / B, 1, std::min(r.chunk, r.steps));
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
        detail::multiply_panels<T>(input_panels, {d.data, r.input_rows(), B, n},
                                   {p.dx + r.place(step) * r.inputs, r.inputs, B, p.x_stride}, nullptr, p.adds_dx);
      }
      recurrent = (step > 0 || p.dbegin) && !(step > 0 && step % r.truncation == 0);
      if (recurrent) detail::multiply_panels<T>(state_panels, {d.data + b, n - b, B, n}, {dh, H, B, H});
      if (p.dbegin) detail::leave_begin(r, p, step, dh, dc);
      if (!recurrent) std::fill_n(dc, H * B, T(0));
    }
    const View<const T> operand = tape.operand(begin);
    if (p.dweights.weight_ih)
      detail::add_weight_gradient<Cell, T>(r, p, {da, n, (end - begin) * B, n}, {operand.data, operand.rows, (end - begin) * B, operand.stride});
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
