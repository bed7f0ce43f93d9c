// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <utility>

#include "eigencoder/core/lengths.hpp"
#include "eigencoder/kernels/gemm.hpp"

// Recurrent layers without their equations: the loop over the steps, the products, and where everything lies. A cell says what
// its gates are and what becomes of them; layers/lstm.hpp has an example. docs/recurrent.md derives the passes. The component
// has the kernels of each Cell that says so: what packs the weights and what reads them, for panels are
// as tall as registers are long.
namespace eigencoder::kernels {

/// The state that goes from step to step value by value, besides h, which goes through the recurrent weights.
enum class CellState {
  none,   ///< there is none
  own,    ///< c, apart from h
  output  ///< h itself
};

/// The sizes of a recurrent layer, and the layout of what it keeps. A step's pre-activations are a matrix of rows() rows: gate
/// k of the cell has rows [k H, (k + 1) H). The input's weights reach the first `Cell::input_end` gates, the recurrent weights
/// those from `Cell::state_begin` on. Steps are counted in the order in which they are read.
template <class Cell>
struct Recurrence {
  Index inputs, units, steps;
  bool reversed = false;     ///< reads the last step first
  bool repeated = false;     ///< the input is one vector, read at every step
  Index truncation = steps;  ///< gradients of the state do not go back beyond steps that are multiples of this

  /// At most so many steps share a product: for the gradient of the weights, or the input's of a single column.
  constexpr Index chunk() const { return std::min<Index>(8, steps); }
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
    return constants() + chunk() * rows() + std::max(2 * operand() + cells(), 2 * units);
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

/// Columns [begin, begin + B's rows) of a matrix that is packed in panels of `depth` columns.
template <class T>
struct Panels {
  const T* data;
  Index depth, begin = 0;
};

/// y = A x + bias, or y += A x where `adds`, for as many rows as fill groups of two panels or four, whose number it returns. It
/// is bound by the reading of A from the second cache. `backwards`: from the end of A to its beginning, so that what was read
/// last is still in the first cache if the previous call went the other way.
template <class T>
Index multiply_column(Panels<T> a, View<const T> x, View<T> y, const T* bias, bool adds, bool backwards) {
  using P = Packet<T>;
  constexpr Index tall = 2 * P::size, most = 8 * P::size;
  const Index groups = y.rows / most, step = backwards ? -1 : 1, begin = backwards ? x.rows - 1 : 0;
  const auto group = [&]<int Count>(Index i) {
    const T *from = a.data + i * a.depth + (a.begin + begin) * tall, *value = x.data + begin;
    const T* const first = adds ? y.data + i : bias ? bias + i : nullptr;
    P sum[Count];
#pragma GCC unroll 16
    for (int k = 0; k < Count; ++k) sum[k] = first ? P::load(first + k * P::size) : P(0);
    for (Index p = 0; p < x.rows; ++p, from += step * tall, value += step) {
      const P factor(*value);
#pragma GCC unroll 16
      for (int k = 0; k < Count; ++k)
        sum[k] = multiply_add(P::load(from + k / 2 * tall * a.depth + k % 2 * P::size), factor, sum[k]);
    }
#pragma GCC unroll 16
    for (int k = 0; k < Count; ++k) sum[k].store(y.data + i + k * P::size);
  };
  const bool half = y.rows - groups * most >= most / 2;
  if (half && backwards) group.template operator()<4>(groups * most);
  for (Index g = 0; g < groups; ++g) group.template operator()<8>((backwards ? groups - 1 - g : g) * most);
  if (half && !backwards) group.template operator()<4>(groups * most);
  return groups * most + (half ? most / 2 : 0);
}

/// C = A·B + bias·1ᵀ, or C += A·B where `adds`.   A: C's rows × B's rows
template <class T>
void multiply_panels(Panels<T> a, View<const T> b, View<T> c, const T* bias = nullptr, bool adds = false,
                     bool backwards = false) {
  const Index done = c.cols == 1 ? multiply_column(a, b, c, bias, adds, backwards) : 0;
  const T* from = a.data + done * a.depth;
  for_each_panel<T>(c.rows - done, [&]<class P, int Packets>(Index i, Index count) {
    const View<const T> panel{from + a.begin * count, count, b.rows, count};
    const View<T> to{c.data + done + i, count, c.cols, c.stride};
    adds ? add_multiply(panel, b, to) : multiply(panel, b, to, bias ? bias + done + i : nullptr);
    from += count * a.depth;
  });
}

/// Where the steps' matrices lie, one after the other, all columns of a step together. Of a prediction there are two operands,
/// used in turn, one c, and the gates of one step or, of a single column, of a chunk.
template <class Cell, class T>
struct Tape {
  T *operands, *gates, *cells;
  Index columns, operand_size, gate_size, cell_size, operand_slots, gate_slots, cell_slots;

  Tape(const Recurrence<Cell>& r, Index count, T* memory, bool kept)
      : operands(memory),
        columns(count),
        operand_size(r.operand()),
        gate_size(r.rows()),
        cell_size(r.cells()),
        operand_slots(kept ? r.steps + 1 : 2),
        gate_slots(kept         ? r.steps
                   : count == 1 ? r.chunk()
                                : 1),
        cell_slots(kept ? r.steps + 1 : 1) {
    gates = operands + operand_slots * operand_size * count;
    cells = gates + gate_slots * gate_size * count;
  }

  View<T> operand(Index step) const { return matrix(operands, step % operand_slots, operand_size); }
  View<T> gate(Index step) const { return matrix(gates, step % gate_slots, gate_size); }
  View<T> cell(Index step) const { return matrix(cells, step % cell_slots, cell_size); }

 private:
  View<T> matrix(T* first, Index slot, Index rows) const { return {first + slot * rows * columns, rows, columns, rows}; }
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

namespace detail {

template <class Cell, class T>
struct PackRecurrenceForward {
  static constexpr bool compiled = CompiledScalar<T> && CompiledFunction<Cell>;

  Recurrence<Cell> r;
  RecurrentWeights<const T> w;
  T* packed;

  void run() const {
    const auto [input, state] = weights_by_row(r, w);
    T* to = packed;
    for (Index row = 0; row < r.rows(); ++row) {
      const Index place = Cell::weight_gate(row / r.units) * r.units + row % r.units;
      *to++ = (row < r.input_rows() ? w.bias_ih[place] : T(0)) + (row >= r.state_row() ? w.bias_hh[place] : T(0));
    }
    const Index x = r.repeated ? 0 : r.inputs;
    if (r.repeated) to = pack_weights(r.input_rows(), r.inputs, to, input);
    r.for_each_product([&, &input = input, &state = state](Index first, Index rows, Index begin, Index depth) {
      to = pack_weights(rows, depth, to, [&](Index row, Index p) {
        return begin + p < x ? input(first + row, begin + p) : state(first + row, begin + p - x);
      });
    });
  }
};

template <class Cell, class T>
struct PackRecurrenceBackward {
  static constexpr bool compiled = CompiledScalar<T> && CompiledFunction<Cell>;

  Recurrence<Cell> r;
  RecurrentWeights<const T> w;
  T* packed;

  void run() const {
    const auto [input, state] = weights_by_row(r, w);
    const Index b = r.state_row();
    T* const inputs =
        pack_weights(r.units, r.rows() - b, packed, [&, &state = state](Index p, Index row) { return state(b + row, p); });
    pack_weights(r.inputs, r.input_rows(), inputs, [&, &input = input](Index p, Index row) { return input(row, p); });
  }
};

}  // namespace detail

/// Biases and weights as forward reads them: Recurrence::forward_packed() values.
template <class Cell, class T>
void pack_recurrence_forward(const Recurrence<Cell>& r, RecurrentWeights<const T> w, T* packed) {
  launch(detail::PackRecurrenceForward<Cell, T>{r, w, packed});
}

/// The transposed weights, as backward reads them: Recurrence::weights() values.
template <class Cell, class T>
void pack_recurrence_backward(const Recurrence<Cell>& r, RecurrentWeights<const T> w, T* packed) {
  launch(detail::PackRecurrenceBackward<Cell, T>{r, w, packed});
}

/// What a layer gives out, or its gradient: column j of step t at data + j stride + t step.
template <class T>
struct RecurrentOutput {
  enum Kind { last, sequence, state } kind;  ///< the last h; all of them; the last state, h above c
  T* data;
  Index stride, step = 0;
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

}  // namespace eigencoder::kernels
