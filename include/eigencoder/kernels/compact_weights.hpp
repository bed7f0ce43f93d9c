// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "eigencoder/kernels/pair_products.hpp"
#include "eigencoder/kernels/tile.hpp"

namespace eigencoder {

/// How a CompactModel keeps the weights of its dense layers.
enum class WeightFormat : std::uint8_t {
  bfloat16,  ///< a float32's upper half, rounded to the nearest: 8 bits of significand, two bytes a weight
  int8,  ///< w_ij ≈ s_i q_ij with whole numbers |q_ij| ≤ 127 and a scale s_i = max_j |w_ij| / 127 for every row: one byte a
         ///< weight
};

}  // namespace eigencoder

// Products with a matrix of weights that takes a half or a quarter of the memory. One sample's product is bound by the reading
// of the matrix, so it takes as much less time.
//
// In memory the matrix is in panels of 32 rows. A panel has, for columns 2k and 2k + 1 after one another, its rows' pairs
// (w_i,2k  w_i,2k+1); rows and columns that do not exist are zeros. So it is read from its beginning to its end, whatever the
// registers are, and a lane of 32 bits is given one row's pair. The memory is of floats: each is four weights, or two.
namespace eigencoder::kernels {

inline constexpr Index compact_panel = 32;

constexpr Index compact_rows(Index rows) { return (rows + compact_panel - 1) / compact_panel * compact_panel; }
/// Bytes of a weight.
constexpr Index bytes_of(WeightFormat format) { return format == WeightFormat::int8 ? 1 : 2; }
/// Floats that hold an m × n matrix.
constexpr Index compact_size(WeightFormat format, Index rows, Index cols) {
  return compact_rows(rows) * ((cols + 1) / 2) * bytes_of(format) / 2;
}
/// Floats of working memory a column of B: it in 16 bits, and its scale.
constexpr Index compact_scratch(WeightFormat format, Index depth) {
  return format == WeightFormat::int8 ? (depth + 1) / 2 + 1 : 0;
}

/// The upper half of the nearest bfloat16, of two equally near ones the even. Infinity beyond the largest; not for NaN.
inline std::uint16_t to_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}
inline float from_bfloat16(std::uint16_t value) { return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16); }

/// The scale of a row of int8 weights whose largest magnitude is that; 0 where that would be no normal number.
inline float int8_scale(float largest) {
  const float scale = largest / 127;
  return scale < std::numeric_limits<float>::min() ? 0.0F : scale;
}
/// q for one weight: the nearest whole number to w / s, of two equally near ones the even.
inline std::int8_t to_int8(float value, float scale) {
  if (!(scale > 0)) return 0;
  const float bounded = std::clamp(value / scale, -127.0F, 127.0F);
  return static_cast<std::int8_t>((bounded + 12582912.0F) - 12582912.0F);  // 1.5 · 2²³, whose neighbours are 1 apart
}

/// A finite matrix in the memory described above: compact_size(…) floats. scales: compact_rows(m), of int8 alone.   W: m × n
inline void compact_weights(WeightFormat format, View<const float> w, float* packed, float* scales) {
  auto* const to = reinterpret_cast<std::byte*>(packed);
  const Index bytes = bytes_of(format), pairs = (w.cols + 1) / 2;
  std::memset(to, 0, static_cast<std::size_t>(compact_rows(w.rows) * pairs * 2 * bytes));
  if (format == WeightFormat::int8) {
    std::fill_n(scales, compact_rows(w.rows), 0.0F);
    for (Index j = 0; j < w.cols; ++j) {
      for (Index i = 0; i < w.rows; ++i) scales[i] = std::max(scales[i], std::abs(w.column(j)[i]));
    }
    for (Index i = 0; i < w.rows; ++i) scales[i] = int8_scale(scales[i]);
  }
  for (Index j = 0; j < w.cols; ++j) {
    for (Index i = 0; i < w.rows; ++i) {
      std::byte* const place =
          to + (((i / compact_panel * pairs + j / 2) * compact_panel + i % compact_panel) * 2 + j % 2) * bytes;
      if (format == WeightFormat::int8) {
        const std::int8_t q = to_int8(w.column(j)[i], scales[i]);
        std::memcpy(place, &q, sizeof q);
      } else {
        const std::uint16_t half = to_bfloat16(w.column(j)[i]);
        std::memcpy(place, &half, sizeof half);
      }
    }
  }
}

namespace detail {

/// x ≈ t z: each column in whole numbers |z| ≤ 32767 with a scale t = max |x| / 32767 of its own: 0 where that would be no
/// normal number, NaN where x is not finite.
struct QuantiseColumns {
  static constexpr bool compiled = true;
  View<const float> x;
  float* scratch;  ///< compact_scratch(int8, x.rows) a column: z with a zero behind an odd number, then t
  void run() const {
    using P = Packet<float>;
    const Index size = compact_scratch(WeightFormat::int8, x.rows);
    for (Index j = 0; j < x.cols; ++j) {
      const float* const column = x.column(j);
      P largest(0), poison(0);  // 0, or NaN once there was something that is not finite
      for (Index i = 0; i < x.rows; i += P::size) {
        const P v = P::load_first(column + i, std::min(P::size, x.rows - i));
        poison = multiply_add(v, P(0), poison);
        largest = max(abs(v), largest);
      }
      float most = 0;
      for (const float lane : largest.lanes()) most = kernels::max(lane, most);
      const bool normal = most >= 32767 * std::numeric_limits<float>::min();
      const P inverse(normal ? 1 / most : 0.0F), steps(normal ? 32767.0F : 0.0F);
      float* const to = scratch + j * size;
      auto* const z = reinterpret_cast<std::int16_t*>(to);
      if (x.rows % 2 == 1) z[x.rows] = 0;
      Index i = 0;
      for (; i + P::size <= x.rows; i += P::size) Pairs::store_rounded(P::load(column + i) * inverse * steps, z + i);
      if (i < x.rows) {
        std::int16_t rest[static_cast<std::size_t>(P::size)];
        Pairs::store_rounded(P::load_part(column + i, x.rows - i) * inverse * steps, rest);
        std::copy_n(rest, x.rows - i, z + i);
      }
      to[size - 1] = (normal ? most / 32767 : 0.0F) + poison.sum();
    }
  }
};

/// Y = f(A·B + bias·1ᵀ), where A is compact. Its tiles are a few packets of rows × a few columns, as in kernels/tile.hpp.
template <WeightFormat W>
struct CompactProduct {
  static constexpr bool compiled = true;
  using P = Packet<float>;
  static constexpr bool whole = W == WeightFormat::int8;
  static constexpr Index packet_bytes = P::size * 2 * bytes_of(W), step_bytes = compact_panel * 2 * bytes_of(W);

  const float* a;
  const float* scales;  ///< of int8: a row's
  Index depth;
  View<const float> b;  ///< of int8: what QuantiseColumns has made of it, compact_scratch(W, depth) × columns
  View<float> y;
  const float* bias;  ///< whole panels, or null
  Epilogue<float> epilogue;

  void run() const {
    constexpr int wide = wide_tile, narrow = wide_tile / 3;
    constexpr Index block = 8 * wide;  // their part of B stays in the second cache
    constexpr int alone = std::min<int>(4, compact_panel / P::size);
    if (y.cols == 1) {
      for (Index i = 0; i < y.rows; i += alone * P::size) tile<alone, 1>(i, 0);
      return;
    }
    for (Index first = 0; first < y.cols; first += block) {
      const Index end = std::min(first + block, y.cols);
      for (Index i = 0; i < y.rows; i += 2 * P::size) {
        Index j = first;
        for (; j + wide <= end; j += wide) tile<2, wide>(i, j);
        for (; j + narrow <= end; j += narrow) tile<2, narrow>(i, j);
        for (; j < end; ++j) tile<2, 1>(i, j);
      }
    }
  }

 private:
  template <int Packets, int Columns>
  using Sums = P[static_cast<std::size_t>(Columns)][static_cast<std::size_t>(Packets)];

  template <int Packets, int Columns>
  void tile(Index i, Index j) const {
    const std::byte* const rows = reinterpret_cast<const std::byte*>(a) + i / compact_panel * ((depth + 1) / 2) * step_bytes +
                                  i % compact_panel * 2 * bytes_of(W);
    Sums<Packets, Columns> sums;
    if constexpr (whole) {
      add_whole<Packets, Columns>(rows, j, sums);
    } else {
      add_bfloat16<Packets, Columns>(rows, j, sums);
    }
    Index places[static_cast<std::size_t>(Columns)];
#pragma GCC unroll 16
    for (int c = 0; c < Columns; ++c) {
      places[c] = i + (j + c) * y.stride;
#pragma GCC unroll 16
      for (int p = 0; p < Packets; ++p) {
        const Index row = i + p * P::size, left = std::min(P::size, y.rows - row);
        if (left <= 0) continue;
        P value = sums[c][p];
        const P first = bias ? P::load(bias + row) : P(0);
        if constexpr (whole) {
          value = multiply_add(value, P::load(scales + row), first);
        } else {
          value = value + first;
        }
        epilogue.in_registers(value, places[c] + p * P::size, left).store_first(y.data + places[c] + p * P::size, left);
      }
    }
    if (epilogue.then) epilogue.in_cache(y.data, places, Columns, std::min<Index>(Packets * P::size, y.rows - i));
  }

  /// Exactly, 512 columns at a time, which 32 bits hold; these parts are added as floats.
  template <int Packets, int Columns>
  void add_whole(const std::byte* rows, Index j, Sums<Packets, Columns>& sums) const {
    constexpr Index block = 256;
    const Index pairs = (depth + 1) / 2;
    for (Index begin = 0; begin < pairs || begin == 0; begin += block) {
      Pairs part[Columns][Packets];
#pragma GCC unroll 16
      for (int c = 0; c < Columns; ++c) {
#pragma GCC unroll 16
        for (int p = 0; p < Packets; ++p) part[c][p] = Pairs::zero();
      }
      const float* const x = b.column(j) + begin;
      const Index count = std::min(block, pairs - begin);
      for (Index k = 0; k < count; ++k, rows += step_bytes) {
        Pairs w[Packets];
#pragma GCC unroll 16
        for (int p = 0; p < Packets; ++p) w[p] = Pairs::load(rows + p * packet_bytes);
#pragma GCC unroll 16
        for (int c = 0; c < Columns; ++c) {
          std::int32_t pair;
          std::memcpy(&pair, x + c * b.stride + k, sizeof pair);
          const Pairs z = Pairs::broadcast(pair);
#pragma GCC unroll 16
          for (int p = 0; p < Packets; ++p) part[c][p] = add_products(w[p], z, part[c][p]);
        }
      }
#pragma GCC unroll 16
      for (int c = 0; c < Columns; ++c) {
        const P scale(b.column(j + c)[b.rows - 1]);
#pragma GCC unroll 16
        for (int p = 0; p < Packets; ++p) {
          sums[c][p] = multiply_add(part[c][p].values(), scale, begin == 0 ? P(0) : sums[c][p]);
        }
      }
    }
  }

  template <int Packets, int Columns>
  void add_bfloat16(const std::byte* rows, Index j, Sums<Packets, Columns>& sums) const {
    constexpr bool apart = Columns * Packets < 8;  // sums of even and of odd columns: more chains of additions
    P odd[Columns][Packets];
#pragma GCC unroll 16
    for (int c = 0; c < Columns; ++c) {
#pragma GCC unroll 16
      for (int p = 0; p < Packets; ++p) sums[c][p] = odd[c][p] = P(0);
    }
    const auto add = [&](P w, float x, P& sum) { sum = multiply_add(w, P(x), sum); };
    const auto step = [&](const float* x, bool both) {
      P w[Packets];
#pragma GCC unroll 16
      for (int p = 0; p < Packets; ++p) {
        w[p] = P::load(reinterpret_cast<const float*>(rows + p * packet_bytes));
        if constexpr (apart) w[p] = loaded_once(w[p]);
      }
#pragma GCC unroll 16
      for (int c = 0; c < Columns; ++c) {
#pragma GCC unroll 16
        for (int p = 0; p < Packets; ++p) add(lower_bfloat16(w[p]), x[c * b.stride], sums[c][p]);
      }
      if (!both) return;
#pragma GCC unroll 16
      for (int c = 0; c < Columns; ++c) {
#pragma GCC unroll 16
        for (int p = 0; p < Packets; ++p) add(upper_bfloat16(w[p]), x[c * b.stride + 1], apart ? odd[c][p] : sums[c][p]);
      }
    };
    const float* x = b.column(j);
    for (Index k = 0; k < depth / 2; ++k, rows += step_bytes, x += 2) step(x, true);
    if (depth % 2 == 1) step(x, false);
    if constexpr (apart) {
#pragma GCC unroll 16
      for (int c = 0; c < Columns; ++c) {
#pragma GCC unroll 16
        for (int p = 0; p < Packets; ++p) sums[c][p] = sums[c][p] + odd[c][p];
      }
    }
  }
};

}  // namespace detail

/// Y = f(W·X + bias·1ᵀ) with what compact_weights has made of a matrix of `y.rows` × `x.rows`.   x: n × B   y: m × B
/// bias: compact_rows(m), or null   scratch: compact_scratch(W, n) · B
/// With int8, X too is rounded, to 16 bits of each column's largest magnitude: no error to be seen beside that of the weights.
/// A column that is not finite gives NaN in all rows.
template <WeightFormat W, class F>
void multiply_compact(const float* weights, const float* scales, View<const float> x, View<float> y, const float* bias,
                      const F& f, float* scratch) {
  View<const float> right = x;
  if constexpr (W == WeightFormat::int8) {
    launch(detail::QuantiseColumns{x, scratch});
    const Index size = compact_scratch(W, x.rows);
    right = {scratch, size, x.cols, size};
  }
  launch(detail::CompactProduct<W>{weights, scales, x.rows, right, y, bias, apply<float>(f)});
}

}  // namespace eigencoder::kernels
