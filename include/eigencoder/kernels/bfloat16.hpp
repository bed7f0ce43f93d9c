// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/precision.hpp"
#include "eigencoder/kernels/gemm.hpp"

// Products of float matrices whose factors are rounded to bfloat16, the upper half of a float, and whose sums stay floats. The
// processor multiplies two pairs of neighbours along the depth in every lane of 32 bits and adds both products to the lane's sum:
// twice as many multiply-adds an instruction as with floats. Both operands are converted to such pairs a block at a time, on the
// stack, so that nothing outside knows of them. A pair lies where a float would, and the tile is that of floats.
namespace eigencoder::kernels {

namespace detail {

#ifdef EIGENCODER_HAS_BFLOAT16

/// sum + Σ over the pair of left · right, the second of the pair first; each addition is rounded. What is below the normal floats
/// counts as 0.
struct MultiplyAddPairs {
  using P = Packet<float>;
  P operator()(P left, P right, P sum) const {
    return P(_mm512_dpbf16_ps(sum.raw, __builtin_bit_cast(__m512bh, left.raw), __builtin_bit_cast(__m512bh, right.raw)));
  }
  using Half = Packet<float, Register::half>;
  Half operator()(Half left, Half right, Half sum) const {
    return Half(_mm256_dpbf16_ps(sum.raw, __builtin_bit_cast(__m256bh, left.raw), __builtin_bit_cast(__m256bh, right.raw)));
  }
};

/// Lane i: the pair of values 2 i and 2 i + 1 of both packets in a row, rounded to nearest, ties to even.
inline Packet<float> neighbours(Packet<float> first, Packet<float> second) {
  return Packet<float>(__builtin_bit_cast(__m512, _mm512_cvtne2ps_pbh(second.raw, first.raw)));
}
/// Lane i: the pair of both packets' lanes i, rounded likewise.
inline Packet<float> zipped(Packet<float> first, Packet<float> second) {
  alignas(64) static constexpr std::array<std::uint16_t, 32> order = [] {
    std::array<std::uint16_t, 32> all{};
    for (std::uint16_t i = 0; i < 32; ++i) all[i] = static_cast<std::uint16_t>(i / 2 + i % 2 * 16);
    return all;
  }();
  const auto halves = __builtin_bit_cast(__m512i, _mm512_cvtne2ps_pbh(second.raw, first.raw));
  return Packet<float>(__builtin_bit_cast(__m512, _mm512_permutexvar_epi16(_mm512_load_si512(order.data()), halves)));
}

/// A part of an operand: value (k, i) of the depth and of the rows or columns that cross it lies at k · depth_step + i · step, one
/// of which is 1.
struct Across {
  const float* data;
  Index depth_step, step;
  Index depth, count;

  /// Writes pair p of i at to[p · stride + i] for i < lanes, as many as a packet has or fewer; zeros from `count` on, and as the
  /// second of a pair beyond the depth.
  void pack(float* to, Index stride, Index lanes) const {
    using P = Packet<float>;
    if (step == 1) {
      Index k = 0;
      for (const float* from = data; k < depth; k += 2, from += 2 * depth_step, to += stride) {
        const P second = k + 1 < depth ? P::load_first(from + depth_step, count) : P(0);
        zipped(P::load_first(from, count), second).store_first(to, lanes);
      }
      return;
    }
    std::array<P, static_cast<std::size_t>(P::size)> square;
    for (Index k = 0; k < depth; k += 2 * P::size) {
      const Index left = depth - k;
      for (Index i = 0; i < P::size; ++i) {
        const float* const from = data + i * step + k;
        P& pairs = square[static_cast<std::size_t>(i)] = P(0);
        if (i >= count) continue;
        if (left >= 2 * P::size) pairs = neighbours(P::load(from), P::load(from + P::size));
        else if (left > P::size) pairs = neighbours(P::load(from), P::load_part(from + P::size, left - P::size));
        else pairs = neighbours(P::load_first(from, left), P(0));
      }
      transpose(square);
      for (Index p = 0; 2 * p < left && p < P::size; ++p, to += stride) square[static_cast<std::size_t>(p)].store_first(to, lanes);
    }
  }
};

#endif

/// What Product<float, …> makes, of operands that are rounded to bfloat16. To be run where has_bfloat16().
template <class T>
struct ProductInBfloat16 {
  static constexpr bool compiled = std::same_as<T, float>;

  View<const T> a, b;
  bool a_transposed = false, b_transposed = false;  ///< `a` is Aᵀ, `b` is Bᵀ
  View<T> c;
  bool accumulate = false;
  const T* bias = nullptr;  ///< or null
  T* sums = nullptr;        ///< or null; of A as it is
  Epilogue<T> epilogue;

  Index depth() const { return a_transposed ? a.rows : a.cols; }
  /// Where an extent is small, the conversions cost more than the products save.
  bool worth_it() const { return std::min({c.rows, c.cols, depth()}) >= 32; }

#ifdef EIGENCODER_HAS_BFLOAT16
  void run() const {
    alignas(64) T right[static_cast<std::size_t>((columns + wide_tile) * most_pairs)];
    const Index pairs = (depth() + 1) / 2;
    const Index blocks = std::max<Index>(1, (pairs + most_pairs - 1) / most_pairs);
    for (Index block = 0; block < blocks; ++block) {
      const Index begin = 2 * (pairs * block / blocks), end = std::min(2 * (pairs * (block + 1) / blocks), depth());
      Slice slice{begin, end - begin, block + 1 == blocks, 0, 0, right};
      while (slice.end < c.cols) {
        slice.first = slice.end;
        pack_columns(slice, right);
        constexpr Index size = Packet<T>::size;
        Index i = 0;
        for (; i + size < c.rows; i += 2 * size) panel<2>(slice, i);
        if (i < c.rows) panel<1>(slice, i);
      }
    }
  }

 private:
  /// The left operand's panel stays in the first cache, the columns' pairs in the second.
  static constexpr Index most_pairs = 140, columns = 256;

  /// Part of the depth and of the columns, whose pairs are in `right`: tile after tile.
  struct Slice {
    Index begin, depth;
    bool last;  ///< of the depth
    Index first, end;
    const T* right;
    Index pairs() const { return (depth + 1) / 2; }
  };

  void pack_columns(Slice& slice, T* to) const {
    while (slice.end < c.cols && slice.end < slice.first + columns) {
      const Index wide = tile_width(c.cols - slice.end), count = std::min(wide, c.cols - slice.end);
      const Index step = b_transposed ? 1 : b.stride, depth_step = b_transposed ? b.stride : 1;
      Across{b.data + slice.begin * depth_step + slice.end * step, depth_step, step, slice.depth, count}.pack(to, wide, wide);
      to += slice.pairs() * wide;
      slice.end += count;
    }
  }

  /// What the tiles of a panel prefetch for the next one, which begins at row i: a large operand's columns, whose pieces are too short
  /// and too far apart for hardware to predict. Of a transposed one they are long.
  struct Ahead {
    const T* from = nullptr;
    Index step = 0;
  };
  Ahead next_panel(const Slice& slice, Index i) const {
    if (i + 2 * Packet<T>::size > c.rows) return {};
    if (b_transposed && large(c)) return {c.column(slice.first) + i, c.stride};
    return !a_transposed && large(a) ? Ahead{a.column(slice.begin) + i, a.stride} : Ahead{};
  }

  template <int Packets>
  void panel(const Slice& slice, Index i) const {
    using P = Packet<T>;
    constexpr Index tall = Packets * P::size;
    alignas(64) T left[static_cast<std::size_t>(tall * most_pairs)];
    const Index rows = std::min(tall, c.rows - i);
    const Index step = a_transposed ? a.stride : 1, depth_step = a_transposed ? 1 : a.stride;
    const T* const from = a.data + slice.begin * depth_step + i * step;
    for (Index row = 0; row < tall; row += P::size) {
      Across{from + row * step, depth_step, step, slice.depth, std::min(P::size, rows - row)}.pack(left + row, tall, P::size);
    }
    if (sums && slice.first == 0) AddColumns<T>{{from, rows, slice.depth, a.stride}, sums + i}.run();
    Sink<T> sink{.c = c.data,
                 .place = 0,
                 .stride = c.stride,
                 .rows = rows,
                 .columns = 0,
                 .accumulate = accumulate || slice.begin > 0,
                 .ahead = left,
                 .ahead_step = 0,
                 .bias = bias && slice.begin == 0 ? bias + i : nullptr,
                 .epilogue = slice.last && !epilogue.none() ? &epilogue : nullptr};
    const Ahead ahead = next_panel(slice, i + tall);
    const Index wanted = b_transposed ? slice.end - slice.first : slice.depth;
    Index asked = 0;  // columns of one cache line of rows, then of the other
    const T* pairs = slice.right;
    for (Index j = slice.first; j < slice.end; j += sink.columns) {
      const int wide = tile_width(c.cols - j);
      sink.place = i + j * c.stride;
      sink.columns = std::min<Index>(wide, c.cols - j);
      if (ahead.from) {
        const bool asks = asked < Packets * wanted;
        sink.ahead = asks ? ahead.from + asked / wanted * P::size + asked % wanted * ahead.step : left;
        sink.ahead_step = asks ? ahead.step : 0;
        asked += slice.pairs();
      }
      if (wide == wide_tile) {
        tile<P, Packets, wide_tile, MultiplyAddPairs>(left, tall, Right<T, true>{pairs, wide}, slice.pairs(), sink);
      } else {
        tile<P, Packets, narrow_tile, MultiplyAddPairs>(left, tall, Right<T, true>{pairs, wide}, slice.pairs(), sink);
      }
      pairs += slice.pairs() * wide;
    }
  }
#else
  void run() const;
#endif
};

/// Whether there is such a kernel, here or in the component, which has_bfloat16() then says to use or not.
template <class T>
inline constexpr bool knows_bfloat16 =
    std::same_as<T, float> && (eigencoder::detail::compiled_bfloat16 || in_component<ProductInBfloat16<T>>());

/// Whether the kernel that `make` returns has run: where bfloat16 is asked for, can be had, and is worth it. Its operands are
/// not put together for nothing, which a small network's prediction would feel.
template <class T, class Make>
bool in_bfloat16(Precision precision, Make make) {
  if constexpr (knows_bfloat16<T>) {
    if (precision == Precision::bfloat16 && has_bfloat16()) {
      const auto kernel = make();
      if (kernel.worth_it()) return launch(kernel), true;
    }
  }
  return false;
}

}  // namespace detail

// The products of gemm.hpp with factors of a precision. In bfloat16, as sums of pairs along the depth:
// |error| ≤ (2⁻⁷ + 2⁻¹⁶ + depth · 2⁻²³) Σ |factor · factor|, and where a factor or a product is less than 2⁻¹²⁶, it may count
// as 0.

/// C = f(A·B + bias·1ᵀ).   A: m × k   B: k × n   C: m × n   bias: m, or null
template <class T, class F = NoActivation>
[[gnu::always_inline]] inline void multiply(Precision precision, View<const T> a, View<const T> b, View<T> c,
                                            const std::type_identity_t<T>* bias = nullptr, const F& f = {}) {
  const auto product = [&] {
    return detail::ProductInBfloat16<T>{.a = a, .b = b, .c = c, .bias = bias, .epilogue = apply<T>(f)};
  };
  if (!detail::in_bfloat16<T>(precision, product)) multiply(a, b, c, bias, f);
}

/// C += A·Bᵀ, and sums += A·1 where sums is given; with `add` false, C = A·Bᵀ and sums = A·1.
/// A: m × k   B: n × k   C: m × n, n > 0   sums: m, or null
template <class T>
[[gnu::always_inline]] inline void add_multiply_transposed(Precision precision, View<const T> a, View<const T> b, View<T> c,
                                                           std::type_identity_t<T>* sums = nullptr, bool add = true) {
  const auto product = [&] {
    return detail::ProductInBfloat16<T>{
        .a = a, .b = b, .b_transposed = true, .c = c, .accumulate = add, .sums = sums, .epilogue = {}};
  };
  if (sums && !add) std::fill_n(sums, a.rows, T(0));
  if (!detail::in_bfloat16<T>(precision, product)) add_multiply_transposed(a, b, c, sums, add);
}

/// C = f(Aᵀ·B + bias·1ᵀ).   A: k × m   B: k × n   C: m × n   bias: m, or null
template <class T, class F = NoActivation>
[[gnu::always_inline]] inline void multiply_transposed(Precision precision, View<const T> a, View<const T> b, View<T> c,
                                                       const std::type_identity_t<T>* bias = nullptr, const F& f = {}) {
  const auto product = [&] {
    return detail::ProductInBfloat16<T>{.a = a, .b = b, .a_transposed = true, .c = c, .bias = bias, .epilogue = apply<T>(f)};
  };
  if (!detail::in_bfloat16<T>(precision, product)) multiply_transposed(a, b, c, bias, f);
}

/// C = Aᵀ·B ∘ f′, where f′ = f.derivative(y).   y: m × n, with the strides of C; not read for NoActivation
template <class T, class F>
[[gnu::always_inline]] inline void multiply_transposed(Precision precision, View<const T> a, View<const T> b, View<T> c,
                                                       const F& f, std::type_identity_t<View<const T>> y) {
  const auto product = [&] {
    return detail::ProductInBfloat16<T>{
        .a = a, .b = b, .a_transposed = true, .c = c, .epilogue = times_derivative<T>(f, y.data)};
  };
  if (!detail::in_bfloat16<T>(precision, product)) multiply_transposed(a, b, c, f, y);
}

}  // namespace eigencoder::kernels
