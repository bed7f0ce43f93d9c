// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/tile.hpp"

// The products of a dense layer, all as one loop: C is cut into tiles of a few packets × a few columns that stay in registers
// while the depth runs. The left operand is read by columns, the right one is broadcast scalar by scalar.
namespace eigencoder::kernels {

namespace detail {

/// How deep a tile goes before it is stored: the left operand's panel stays in the first cache for all columns.
inline constexpr Index depth_block = 280;
/// Columns that are multiplied with a panel before the next panel: their part of the right operand stays in the second cache.
/// More where a panel has first to be copied.
template <bool Copied>
inline constexpr Index column_block = (Copied ? 24 : 8) * wide_tile;

/// How many columns find a place in a first cache of 32 KB: lines a multiple of 4 KB apart share eight places.
template <class T>
constexpr Index columns_in_first_cache(Index stride) {
  constexpr Index line = 64, period = 4096, places = 8;
  const Index bytes = stride * static_cast<Index>(sizeof(T)), power_of_two = bytes & -bytes;  // that divides the distance
  return places * (period / std::clamp(power_of_two, line, period));
}

/// So many columns, half as many again as find a place in the first cache or on many pages. Tiles of six columns, which
/// read them twice as often as those of twelve, are faster on a copy.
template <class T>
bool far_apart(Index stride, Index depth) {
  if (many_registers || depth <= 16) return false;
  return 2 * depth > 3 * columns_in_first_cache<T>(stride) ||
         (depth > 32 && stride * depth * static_cast<Index>(sizeof(T)) > 64 * 1024);
}
/// Not in the second cache together with all else.
template <class T>
bool large(View<T> operand) {
  return operand.rows * operand.cols * static_cast<Index>(sizeof(T)) > 256 * 1024;
}
/// A copy costs little where the left operand's serves so many columns of C, of a large one fewer, a transposed right one's so
/// many rows.
inline constexpr Index worth_packing_left = 48, worth_packing_large_left = 32, worth_packing_right = 192;
/// The copy of a transposed right operand: so deep, and so many columns that it takes 72 KB of the second cache.
inline constexpr Index packed_depth = 128;
template <class T>
inline constexpr Index packed_columns = 72 * 1024 / (packed_depth * wide_tile * static_cast<Index>(sizeof(T))) * wide_tile;

/// How many of a matrix's columns can be read a packet wide, although only `rows` rows are wanted, without leaving its memory.
template <class P>
Index readable_beyond(Index rows, Index columns, Index stride) {
  return std::max<Index>(0, columns - (P::size - rows + stride - 1) / stride);
}

/// Σ over the columns of A, for some packets of rows, of what term(column's packet, j, sum) makes of a sum: in as many chains
/// as keep the loads busy.
template <int Packets, class T, class Term>
std::array<Packet<T>, Packets> strip(const T* a, Index stride, Index columns, Term term) {
  using P = Packet<T>;
  constexpr int chains = 8 / Packets;
  P sum[chains][Packets];
#pragma GCC unroll 16
  for (int k = 0; k < chains; ++k) {
#pragma GCC unroll 16
    for (int i = 0; i < Packets; ++i) sum[k][i] = P(0);
  }
  Index j = 0;
  for (; j + chains <= columns; j += chains) {
#pragma GCC unroll 16
    for (int k = 0; k < chains; ++k) {
#pragma GCC unroll 16
      for (int i = 0; i < Packets; ++i) sum[k][i] = term(P::load(a + (j + k) * stride + i * P::size), j + k, sum[k][i]);
    }
  }
  for (; j < columns; ++j) {
#pragma GCC unroll 16
    for (int i = 0; i < Packets; ++i) sum[0][i] = term(P::load(a + j * stride + i * P::size), j, sum[0][i]);
  }
  std::array<P, Packets> total;
#pragma GCC unroll 16
  for (int i = 0; i < Packets; ++i) {
    P& all = total[static_cast<std::size_t>(i)] = sum[0][i];
#pragma GCC unroll 16
    for (int k = 1; k < chains; ++k) all = all + sum[k][i];
  }
  return total;
}

/// Calls finish(sum, i, rows) with the sums of all rows, packet by packet: rows i to i + rows.
template <class T, class Term, class Finish>
void sum_columns(View<const T> a, Term term, Finish finish) {
  using P = Packet<T>;
  Index i = 0;
  const auto strips = [&]<int Packets>() {
    while (i + Packets * P::size <= a.rows) {
      for (const P sum : strip<Packets>(a.data + i, a.stride, a.cols, term)) {
        finish(sum, i, P::size);
        i += P::size;
      }
    }
  };
  strips.template operator()<8>();
  strips.template operator()<2>();
  strips.template operator()<1>();
  if (const Index rows = a.rows - i; rows > 0) {
    const Index readable = readable_beyond<P>(rows, a.cols, a.stride);
    P sum = strip<1>(a.data + i, a.stride, readable, term)[0];
    for (Index j = readable; j < a.cols; ++j) sum = term(P::load_part(a.column(j) + i, rows), j, sum);
    finish(sum, i, rows);
  }
}

template <class T>
struct AddColumns {
  static constexpr bool compiled = CompiledScalar<T>;
  View<const T> a;
  T* sum;
  void run() const {
    using P = Packet<T>;
    sum_columns(
        a, [](P value, Index, P total) { return total + value; },
        [sum = sum](P total, Index i, Index rows) { (P::load_first(sum + i, rows) + total).store_first(sum + i, rows); });
  }
};

template <class T>
struct SquareRows {
  static constexpr bool compiled = CompiledScalar<T>;
  View<const T> a;
  T* squares;
  void run() const {
    using P = Packet<T>;
    sum_columns(
        a, [](P value, Index, P total) { return multiply_add(value, value, total); },
        [to = squares](P total, Index i, Index rows) { total.store_first(to + i, rows); });
  }
};

/// c = f(A·b + bias): bound by the reading of A.
template <class T>
struct ProductWithVector {
  static constexpr bool compiled = CompiledScalar<T>;
  View<const T> a;
  const T* b;
  T* c;
  const T* bias;  ///< or null
  Epilogue<T> epilogue;
  void run() const {
    using P = Packet<T>;
    sum_columns(
        a, [b = b](P value, Index j, P total) { return multiply_add(value, P(b[j]), total); },
        [this](P total, Index i, Index rows) {
          const P sum = bias ? total + P::load_first(bias + i, rows) : total;
          epilogue.in_registers(sum, i, rows).store_first(c + i, rows);
        });
    epilogue.in_cache(c, 0, a.rows);
  }
};

/// f(A·B + bias·1ᵀ), or C + A·B if `accumulate`; and sums + A·1 while A is in the cache. Of a transposed left operand, `a` is Aᵀ.
template <class T, bool LeftTransposed, bool Transposed>
struct Product {
  static constexpr bool compiled = CompiledScalar<T>;

  View<const T> a;
  Right<T, Transposed> b;
  View<T> c;
  bool accumulate = false;
  const T* bias = nullptr;  ///< or null
  T* sums = nullptr;        ///< or null
  Epilogue<T> epilogue = {};

  void run() const {
    T packed[static_cast<std::size_t>(Transposed && !many_registers ? packed_depth * packed_columns<T>
                                                                    : depth_block * wide_tile)];
    const Index depth = LeftTransposed ? a.rows : a.cols, filled = tiled();
    const bool packs_right =
        Transposed && c.rows >= worth_packing_right && far_apart<T>(b.stride, std::min(depth, packed_depth));
    const Index most = packs_right ? packed_depth : depth_block;
    const Index worth_packing = large(a) ? worth_packing_large_left : worth_packing_left;
    const bool packs_left = !LeftTransposed && c.cols >= worth_packing && far_apart<T>(a.stride, std::min(depth, most));
    Index columns = column_block<LeftTransposed>;
    if (packs_right) {
      columns = packed_columns<T>;
    } else if (packs_left && !Transposed) {
      columns = column_block<true>;
    }
    const Index blocks = std::max<Index>(1, (depth + most - 1) / most);  // one even for no depth, which leaves f(bias)
    for (Index block = 0; block < blocks; ++block) {
      const Index begin = depth * block / blocks, deep = depth * (block + 1) / blocks - begin;
      Slice slice{begin, deep, block + 1 == blocks, 0, 0, packs_left, filled, packed};
      if (!packs_right) pack_right(slice, filled, c.cols, packed);
      while (slice.end < c.cols) {
        slice.first = slice.end;
        while (slice.end < c.cols && slice.end < slice.first + columns) slice.end += tile_width(c.cols - slice.end);
        slice.end = std::min(slice.end, c.cols);
        if (packs_right) pack_right(slice, slice.packed_from = slice.first, slice.end, packed);
        for_each_panel<T>(c.rows, [&]<class Part, int Packets>(Index i, Index rows) { panel<Part, Packets>(slice, i, rows); });
      }
    }
  }

 private:
  /// Part of the depth and of the columns. Tiles from column `packed_from` on are read from `packed`, where they lie one after
  /// the other.
  struct Slice {
    Index begin, depth;
    bool last;  ///< of the depth
    Index first, end;
    bool packs_left;
    Index packed_from;
    const T* packed;
  };

  /// Where the columns begin that fill no tile.
  Index tiled() const {
    Index j = 0;
    while (j + tile_width(c.cols - j) <= c.cols) j += tile_width(c.cols - j);
    return j;
  }

  /// The tiles of columns `first` to `end`, each without gaps, the last one padded with zeros.
  void pack_right(const Slice& slice, Index first, Index end, T* to) const {
    while (first < end) {
      const Index wide = tile_width(c.cols - first), exist = std::min(wide, c.cols - first);
      if constexpr (Transposed) {
        const T* from = b.from(slice.begin, first).data;
        if (exist == wide_tile) {  // of a width that the compiler knows
          for (Index p = 0; p < slice.depth; ++p) std::copy_n(from + p * b.stride, wide_tile, to + p * wide_tile);
        } else {
          for (Index p = 0; p < slice.depth; ++p) {
            for (Index j = 0; j < wide; ++j) to[p * wide + j] = j < exist ? from[p * b.stride + j] : T(0);
          }
        }
      } else {
        for (Index j = 0; j < exist; ++j) std::copy_n(b.from(slice.begin, first + j).data, slice.depth, to + j * slice.depth);
        std::fill(to + exist * slice.depth, to + wide * slice.depth, T(0));
      }
      to += wide * slice.depth;
      first += wide;
    }
  }

  /// Rows of a transposed left operand, transposed back.
  template <class Part, int Packets>
  void turn(const Slice& slice, Index i, Index rows, T* copy) const {
    std::array<Part, static_cast<std::size_t>(Part::size)> square;
    for (Index column = 0; column < Packets * Part::size; column += Part::size) {
      for (Index p = 0; p < slice.depth; p += Part::size) {
        const Index deep = std::min(Part::size, slice.depth - p);
        for (Index k = 0; k < Part::size; ++k) {
          const bool exists = column + k < rows;
          square[static_cast<std::size_t>(k)] =
              exists ? Part::load_first(a.column(i + column + k) + slice.begin + p, deep) : Part(0);
        }
        transpose(square);
        for (Index k = 0; k < deep; ++k)
          square[static_cast<std::size_t>(k)].store(copy + (p + k) * Packets * Part::size + column);
      }
    }
  }

  /// Rows of the left operand without gaps. Those that fill no packet, a packet wide: below them is what follows in memory,
  /// whose results are never stored.
  template <class Part, int Packets>
  void pack(const Slice& slice, Index i, Index rows, T* copy) const {
    constexpr Index tall = Packets * Part::size;
    const T* const left = a.column(slice.begin) + i;
    const Index readable = rows == tall ? slice.depth : readable_beyond<Part>(rows, slice.depth, a.stride);
    for (Index p = 0; p < readable; ++p) {
      for (Index k = 0; k < tall; k += Part::size) Part::load(left + p * a.stride + k).store(copy + p * tall + k);
    }
    for (Index p = readable; p < slice.depth; ++p) Part::load_part(left + p * a.stride, rows).store(copy + p * tall);
  }

  /// Tiles read a large operand in short pieces far apart, too irregular for hardware to predict: while one panel is
  /// worked on, the beginning of the next one is prefetched.
  const T* next_panel(const Slice& slice, Index i) const {
    if (i + 2 * Packet<T>::size > c.rows) return nullptr;
    if (accumulate || Transposed) return large(c) ? c.column(slice.first) + i : nullptr;
    return !LeftTransposed && slice.first == 0 && large(a) ? a.column(slice.begin) + i : nullptr;
  }

  template <class Part, int Packets>
  void panel(const Slice& slice, Index i, Index rows) const {
    constexpr Index tall = Packets * Part::size;
    alignas(64) T copy[static_cast<std::size_t>(tall * depth_block)];
    const T* left = copy;
    Index left_stride = tall;
    if constexpr (LeftTransposed) {
      turn<Part, Packets>(slice, i, rows, copy);
    } else if (rows < tall || slice.packs_left) {
      pack<Part, Packets>(slice, i, rows, copy);
    } else {
      left = a.column(slice.begin) + i;
      left_stride = a.stride;
    }
    if (sums && slice.first == 0) AddColumns<T>{{left, rows, slice.depth, left_stride}, sums + i}.run();
    const T* const next = next_panel(slice, i + tall);
    Sink<T> sink{.c = c.data,
                 .place = i,
                 .stride = c.stride,
                 .rows = rows,
                 .columns = 0,
                 .accumulate = accumulate || slice.begin > 0,
                 .ahead = left,
                 .ahead_step = 0,
                 .bias = bias && slice.begin == 0 ? bias + i : nullptr,
                 .epilogue = slice.last && !epilogue.none() ? &epilogue : nullptr};
    for (Index j = slice.first; j < slice.end; j += sink.columns) {
      const int wide = tile_width(c.cols - j);
      const bool packed = j >= slice.packed_from;
      const Right<T, Transposed> right =
          packed ? Right<T, Transposed>{slice.packed + (j - slice.packed_from) * slice.depth, Transposed ? wide : slice.depth}
                 : b.from(slice.begin, j);
      sink.place = i + j * c.stride;
      sink.columns = std::min<Index>(wide, c.cols - j);
      if (next) {  // the first tiles of a panel prefetch, a packet of rows each
        const bool asks = j < slice.first + Packets * wide_tile;
        sink.ahead = asks ? next + (j - slice.first) / wide_tile * Part::size : left;
        sink.ahead_step = asks ? accumulate || Transposed ? c.stride : a.stride : 0;
      }
      if (wide == wide_tile) {
        tile<Part, Packets, wide_tile>(left, left_stride, right, slice.depth, sink);
      } else {
        tile<Part, Packets, narrow_tile>(left, left_stride, right, slice.depth, sink);
      }
    }
  }
};

}  // namespace detail

/// sum += A·1.   A: m × n   sum: m
template <class T>
void add_columns(View<const T> a, T* sum) {
  launch(detail::AddColumns<T>{a, sum});
}

/// squares_i = Σ_j a_ij².   A: m × n   squares: m
template <class T>
void square_rows(View<const T> a, T* squares) {
  launch(detail::SquareRows<T>{a, squares});
}

// Always inlined, or the operands would be passed by copies, whose stores of eight bytes the next copy's wide loads wait for: a
// tenth of a small network's time.

/// C = f(A·B + bias·1ᵀ).   A: m × k   B: k × n   C: m × n   bias: m, or null
template <class T, class F = NoActivation>
[[gnu::always_inline]] inline void multiply(View<const T> a, View<const T> b, View<T> c,
                                            const std::type_identity_t<T>* bias = nullptr, const F& f = {}) {
  if (c.cols == 1) return launch(detail::ProductWithVector<T>{a, b.data, c.data, bias, apply<T>(f)});
  launch(detail::Product<T, false, false>{.a = a, .b = {b.data, b.stride}, .c = c, .bias = bias, .epilogue = apply<T>(f)});
}

/// C += A·B.   A: m × k   B: k × n   C: m × n
template <class T>
[[gnu::always_inline]] inline void add_multiply(View<const T> a, View<const T> b, View<T> c) {
  launch(detail::Product<T, false, false>{.a = a, .b = {b.data, b.stride}, .c = c, .accumulate = true});
}

/// C += A·Bᵀ, and sums += A·1 where sums is given; with `add` false, C = A·Bᵀ and sums = A·1.
/// A: m × k   B: n × k   C: m × n, n > 0   sums: m, or null
template <class T>
[[gnu::always_inline]] inline void add_multiply_transposed(View<const T> a, View<const T> b, View<T> c,
                                                           std::type_identity_t<T>* sums = nullptr, bool add = true) {
  if (sums && !add) std::fill_n(sums, a.rows, T(0));
  launch(detail::Product<T, false, true>{.a = a, .b = {b.data, b.stride}, .c = c, .accumulate = add, .sums = sums});
}

/// C = f(Aᵀ·B + bias·1ᵀ).   A: k × m   B: k × n   C: m × n   bias: m, or null
template <class T, class F = NoActivation>
[[gnu::always_inline]] inline void multiply_transposed(View<const T> a, View<const T> b, View<T> c,
                                                       const std::type_identity_t<T>* bias = nullptr, const F& f = {}) {
  launch(detail::Product<T, true, false>{.a = a, .b = {b.data, b.stride}, .c = c, .bias = bias, .epilogue = apply<T>(f)});
}

/// C = Aᵀ·B ∘ f′, where f′ = f.derivative(y).   y: m × n, with the strides of C; not read for NoActivation
template <class T, class F>
[[gnu::always_inline]] inline void multiply_transposed(View<const T> a, View<const T> b, View<T> c, const F& f,
                                                       std::type_identity_t<View<const T>> y) {
  launch(detail::Product<T, true, false>{.a = a, .b = {b.data, b.stride}, .c = c, .epilogue = times_derivative<T>(f, y.data)});
}

}  // namespace eigencoder::kernels
