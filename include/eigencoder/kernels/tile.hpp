// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/epilogue.hpp"
#include "eigencoder/kernels/view.hpp"

// The inner part of every product: a few packets × a few columns of C, kept in registers while the depth runs.
namespace eigencoder::kernels::detail {

// What the registers hold: two packets of rows, and as many columns as leave room for the operands. Nearly any number of
// columns is a sum of wide and narrow tiles, and narrow ones still keep enough multiply-adds in flight.
inline constexpr bool many_registers = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32;
inline constexpr int wide_tile = many_registers ? 12 : 6, narrow_tile = many_registers ? 8 : 4;

/// Of the tile that comes next where so many columns are left.
inline int tile_width(Index left) {
  return left > 2 * narrow_tile || (left > narrow_tile && left <= wide_tile) ? wide_tile : narrow_tile;
}

/// Long registers often cost twice what short ones do: few rows are then faster in short ones.
template <class T>
using ShortPacket = Packet<T, sizeof(typename Packet<T>::Raw) == 64 ? Register::half : Register::whole>;

/// Calls f.operator()<P, Packets>(i, rows) for every panel of rows i to i + rows that a tile works on at once.
template <class T, class F>
void for_each_panel(Index rows, F f) {
  using P = Packet<T>;
  using Short = ShortPacket<T>;
  Index i = 0;
  for (; i + 2 * P::size <= rows; i += 2 * P::size) f.template operator()<P, 2>(i, 2 * P::size);
  for (; i + P::size <= rows; i += P::size) f.template operator()<P, 1>(i, P::size);
  if (const Index rest = rows - i; rest > Short::size) {
    f.template operator()<P, 1>(i, rest);
  } else if (rest > 0) {
    f.template operator()<Short, 1>(i, rest);
  }
}

/// The right operand, whose element (p, j) is broadcast: B itself, or Bᵀ read without a copy.
template <class T, bool Transposed>
struct Right {
  const T* data;
  Index stride;

  Index depth_step() const { return Transposed ? stride : 1; }
  Index column_step() const { return Transposed ? 1 : stride; }
  Right from(Index p, Index j) const { return {data + p * depth_step() + j * column_step(), stride}; }
};

/// Where a tile is stored, and what is applied to it.
template <class T>
struct Sink {
  T* c;
  Index place;  ///< of the tile's first element in C
  Index stride;
  Index rows, columns;  ///< of the tile that exist
  bool accumulate;      ///< C holds something to add to
  const T* ahead;       ///< what to prefetch while the depth runs, a cache line each step
  Index ahead_step;
  const T* bias;  ///< for the tile's rows: what the sums begin with, or null
  const Epilogue<T>* epilogue;  ///< or null: there is none, or the depth is not complete
};

/// How a tile adds to a sum.
struct MultiplyAdd {
  template <class P>
  P operator()(P left, P right, P sum) const {
    return multiply_add(left, right, sum);
  }
};

template <class P, int Packets, int Columns, class Multiply = MultiplyAdd, bool Transposed, class T = typename P::Scalar>
void tile(const T* a, Index a_stride, Right<T, Transposed> b, Index depth, const Sink<T>& sink) {
  const Sink<T> to = sink;  // a copy that no store can change: its fields stay in registers
  const bool whole = to.rows == Packets * P::size && to.columns == Columns;
  P sum[Columns][Packets];
  if (whole && to.accumulate) {
#pragma GCC unroll 16
    for (int j = 0; j < Columns; ++j) {
#pragma GCC unroll 16
      for (int i = 0; i < Packets; ++i) sum[j][i] = P::load(to.c + to.place + i * P::size + j * to.stride);
    }
  } else {
#pragma GCC unroll 16
    for (int i = 0; i < Packets; ++i) {
      const P first = to.bias ? P::load_first(to.bias + i * P::size, std::min(P::size, to.rows - i * P::size)) : P(0);
#pragma GCC unroll 16
      for (int j = 0; j < Columns; ++j) sum[j][i] = first;
    }
  }

  // A pointer for every three columns: more would not fit the address registers, fewer not their addressing.
  constexpr int group = 3, groups = (Columns + group - 1) / group;
  const Index column_step = b.column_step(), depth_step = b.depth_step();
  const T* right[groups];
#pragma GCC unroll 16
  for (int g = 0; g < groups; ++g) right[g] = b.from(0, Index{g} * group).data;

  const T* ahead = to.ahead;
  for (Index p = 0; p < depth; ++p, a += a_stride, ahead += to.ahead_step) {
    prefetch(ahead);
    P left[Packets];
#pragma GCC unroll 16
    for (int i = 0; i < Packets; ++i) left[i] = P::load(a + i * P::size);
#pragma GCC unroll 16
    for (int j = 0; j < Columns; ++j) {
      const P value(right[j / group][j % group * column_step]);
#pragma GCC unroll 16
      for (int i = 0; i < Packets; ++i) sum[j][i] = Multiply{}(left[i], value, sum[j][i]);
    }
#pragma GCC unroll 16
    for (int g = 0; g < groups; ++g) right[g] += depth_step;
  }

  const auto store_whole = [&](auto finished) {
#pragma GCC unroll 16
    for (int j = 0; j < Columns; ++j) {
#pragma GCC unroll 16
      for (int i = 0; i < Packets; ++i) {
        const Index place = to.place + i * P::size + j * to.stride;
        finished(sum[j][i], place).store(to.c + place);
      }
    }
  };
  const Epilogue<T>* const epilogue = to.epilogue;
  if (whole && !epilogue) {
    store_whole([](P value, Index) { return value; });
  } else if (whole) {
    store_whole([epilogue](P value, Index place) { return epilogue->in_registers(value, place, P::size); });
  } else {  // a rolled loop over memory: rare, and compiled once instead of once a register
    T done[Columns][static_cast<std::size_t>(Packets * P::size)];
#pragma GCC unroll 16
    for (int j = 0; j < Columns; ++j) {
#pragma GCC unroll 16
      for (int i = 0; i < Packets; ++i) sum[j][i].store(done[j] + i * P::size);
    }
    for (Index j = 0; j < to.columns; ++j) {
      for (Index i = 0; i < to.rows; i += P::size) {
        const Index rows = std::min(P::size, to.rows - i), place = to.place + i + j * to.stride;
        P value = P::load(done[j] + i);
        if (to.accumulate) value = value + P::load_first(to.c + place, rows);
        if (epilogue) value = epilogue->in_registers(value, place, rows);
        value.store_first(to.c + place, rows);
      }
    }
  }
  if (epilogue && epilogue->then) {
    Index at[Columns];
    for (int j = 0; j < Columns; ++j) at[j] = to.place + j * to.stride;
    epilogue->in_cache(to.c, at, to.columns, to.rows);
  }
}

}  // namespace eigencoder::kernels::detail
