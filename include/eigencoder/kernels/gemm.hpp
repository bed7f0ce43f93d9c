// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/layer.hpp"
#include "eigencoder/kernels/packet.hpp"
#include "eigencoder/kernels/view.hpp"

// The products of a dense layer, all as one walk: C is cut into tiles of a few packets × a few columns that stay in registers
// while the depth runs. The left operand is read by columns, the right one is broadcast scalar by scalar.
namespace eigencoder::kernels {

namespace detail {

/// What fits: two packets of rows, and as many columns as leave registers for the operands.
inline constexpr int tile_packets = 2;
inline constexpr int tile_columns = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 12 : 6;
/// The left operand's panel of 2 packets × this depth stays in the first cache while all columns pass.
inline constexpr Index depth_block = 256;

/// The right operand, whose element (p, j) is broadcast: B itself, or Bᵀ read without a copy.
template <class T, bool Transposed>
struct Right {
  const T* data;
  Index stride;

  const T* at(Index p, Index j) const { return Transposed ? data + j + p * stride : data + p + j * stride; }
  static constexpr Index depth_step(Index stride) { return Transposed ? stride : 1; }
  static constexpr Index column_step(Index stride) { return Transposed ? 1 : stride; }
};

/// Where a tile goes and what becomes of it there.
template <class T, class Epilogue>
struct Sink {
  T* c;             ///< the tile's first element
  Index stride;
  Index rows;       ///< of the tile that exist
  const T* bias;    ///< for the tile's rows, or null
  bool accumulate;  ///< C holds something to add to
  bool last;        ///< the depth is complete: add the bias and apply the epilogue
  Epilogue epilogue;
};

template <class T, int Packets, int Columns, bool Transposed, class Epilogue>
void tile(const T* a, Index a_stride, Right<T, Transposed> b, Index depth, const Sink<T, Epilogue>& sink) {
  using P = Packet<T>;
  P sum[Columns][Packets];
#pragma GCC unroll 16
  for (int j = 0; j < Columns; ++j) {
#pragma GCC unroll 16
    for (int i = 0; i < Packets; ++i) sum[j][i] = P(0);
  }

  // A pointer for every three columns: more would not fit the address registers, fewer not their addressing.
  constexpr int group = 3, groups = (Columns + group - 1) / group;
  const Index column_step = b.column_step(b.stride), depth_step = b.depth_step(b.stride);
  const T* right[groups];
#pragma GCC unroll 16
  for (int g = 0; g < groups; ++g) right[g] = b.at(0, Index{g} * group);

  for (Index p = 0; p < depth; ++p, a += a_stride) {
    P left[Packets];
#pragma GCC unroll 16
    for (int i = 0; i < Packets; ++i) left[i] = P::load(a + i * P::size);
#pragma GCC unroll 16
    for (int j = 0; j < Columns; ++j) {
      const P value(right[j / group][j % group * column_step]);
#pragma GCC unroll 16
      for (int i = 0; i < Packets; ++i) sum[j][i] = multiply_add(left[i], value, sum[j][i]);
    }
#pragma GCC unroll 16
    for (int g = 0; g < groups; ++g) right[g] += depth_step;
  }

  const auto finish = [&](P value, Index i, Index j, Index rows) {
    T* const to = sink.c + i + j * sink.stride;
    if (sink.accumulate) value = value + P::load_first(to, rows);
    if (sink.last) value = sink.epilogue.apply(sink.bias ? value + P::load_first(sink.bias + i, rows) : value);
    value.store_first(to, rows);
  };
  if (sink.rows == Packets * P::size) {
#pragma GCC unroll 16
    for (int j = 0; j < Columns; ++j) {
#pragma GCC unroll 16
      for (int i = 0; i < Packets; ++i) finish(sum[j][i], i * P::size, j, P::size);
    }
  } else {  // a rolled loop over memory: rare, and compiled once instead of once a register
    T done[Columns][static_cast<std::size_t>(Packets * P::size)];
#pragma GCC unroll 16
    for (int j = 0; j < Columns; ++j) {
#pragma GCC unroll 16
      for (int i = 0; i < Packets; ++i) sum[j][i].store(done[j] + i * P::size);
    }
    for (int j = 0; j < Columns; ++j) {
      for (Index i = 0; i < sink.rows; i += P::size) finish(P::load(done[j] + i), i, j, std::min(P::size, sink.rows - i));
    }
  }
}

/// One panel of rows of the left operand against all columns of the right one.
template <class T, int Packets, bool Transposed, class Epilogue>
void panel(const T* a, Index a_stride, Right<T, Transposed> b, Index columns, Index depth, Sink<T, Epilogue> sink) {
  Index j = 0;
  const auto run = [&]<int Columns>() {
    for (; j + Columns <= columns; j += Columns) {
      tile<T, Packets, Columns, Transposed>(a, a_stride, b, depth, sink);
      b.data = b.at(0, Columns);
      sink.c += Columns * sink.stride;
    }
  };
  run.template operator()<tile_columns>();
  run.template operator()<4>();
  run.template operator()<1>();
}

template <class T, bool Transposed, class Epilogue>
void product(View<const T> a, Right<T, Transposed> b, View<T> c, bool accumulate, const T* bias, Epilogue epilogue) {
  using P = Packet<T>;
  const Index depth = a.cols;
  alignas(64) T edge[static_cast<std::size_t>(tile_packets * P::size * depth_block)];
  for (Index p = 0; p == 0 || p < depth; p += depth_block) {  // once even for a depth of 0, which leaves f(bias)
    const Index deep = std::min(depth_block, depth - p);
    const Right<T, Transposed> right{b.at(p, 0), b.stride};
    for (Index i = 0; i < c.rows; i += tile_packets * P::size) {
      const Index rows = std::min(tile_packets * P::size, c.rows - i);
      const T* left = a.column(p) + i;
      Index left_stride = a.stride;
      if (rows % P::size != 0) {  // rows that fill no packet: a copy with zeros below keeps one path for all
        left_stride = (rows + P::size - 1) / P::size * P::size;
        for (Index q = 0; q < deep; ++q) {
          T* const to = edge + q * left_stride;
          std::fill(std::copy_n(left + q * a.stride, rows, to), to + left_stride, T(0));
        }
        left = edge;
      }
      const Sink<T, Epilogue> sink{c.data + i, c.stride, rows,    bias ? bias + i : nullptr, accumulate || p > 0,
                                   p + deep == depth, epilogue};
      if (rows > P::size) {
        panel<T, 2, Transposed>(left, left_stride, right, c.cols, deep, sink);
      } else {
        panel<T, 1, Transposed>(left, left_stride, right, c.cols, deep, sink);
      }
    }
  }
}

}  // namespace detail

/// C = f(A·B + bias·1ᵀ).   A: m × k   B: k × n   C: m × n   bias: m, or null
template <class T, class Epilogue = NoEpilogue>
void multiply(View<const T> a, View<const T> b, View<T> c, const std::type_identity_t<T>* bias = nullptr, Epilogue epilogue = {}) {
  detail::product(a, detail::Right<T, false>{b.data, b.stride}, c, false, bias, epilogue);
}

/// C += A·Bᵀ.   A: m × k   B: n × k   C: m × n
template <class T>
void add_multiply_transposed(View<const T> a, View<const T> b, View<T> c) {
  detail::product(a, detail::Right<T, true>{b.data, b.stride}, c, true, static_cast<const T*>(nullptr), NoEpilogue{});
}

/// sum += A·1.   A: m × n   sum: m
template <class T>
void add_columns(View<const T> a, T* sum) {
  using P = Packet<T>;
  constexpr Index wide = 8;  // as many sums at once as keep the adders busy
  Index i = 0;
  for (; i + wide * P::size <= a.rows; i += wide * P::size) {
    P total[wide];
#pragma GCC unroll 16
    for (Index k = 0; k < wide; ++k) total[k] = P::load(sum + i + k * P::size);
    for (Index j = 0; j < a.cols; ++j) {
#pragma GCC unroll 16
      for (Index k = 0; k < wide; ++k) total[k] = total[k] + P::load(a.column(j) + i + k * P::size);
    }
#pragma GCC unroll 16
    for (Index k = 0; k < wide; ++k) total[k].store(sum + i + k * P::size);
  }
  for (; i < a.rows; i += P::size) {
    const Index rows = std::min(P::size, a.rows - i);
    P total = P::load_part(sum + i, rows);
    for (Index j = 0; j < a.cols; ++j) total = total + P::load_part(a.column(j) + i, rows);
    total.store_part(sum + i, rows);
  }
}

/// B = Aᵀ.   A: m × n   B: n × m
template <class T>
void transpose(View<const T> a, View<T> b) {
  constexpr Index block = 16;  // both sides of a block stay in the first cache
  for (Index j0 = 0; j0 < a.cols; j0 += block) {
    for (Index i0 = 0; i0 < a.rows; i0 += block) {
      for (Index i = i0; i < std::min(i0 + block, a.rows); ++i) {
        for (Index j = j0; j < std::min(j0 + block, a.cols); ++j) b.data[j + i * b.stride] = a.data[i + j * a.stride];
      }
    }
  }
}

}  // namespace eigencoder::kernels
