// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/kernels/tile.hpp"

// A matrix product whose operands are found by walking: what convolutions are made of. Where an ordinary product has a column, this
// one has a pixel somewhere in an image; where that one has a depth, this one goes through a kernel's taps, or through the pixels.
namespace eigencoder::kernels {

/// Three nested loops, outermost first, and how far each step moves through two operands.
struct Loops {
  std::array<Index, 3> extent{1, 1, 1}, first{}, second{};

  Index count() const { return extent[0] * extent[1] * extent[2]; }
};

namespace detail {

/// Long registers often cost twice what short ones do: few rows are then better off in these.
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

/// Walks a nest of loops one innermost step at a time.
class Walker {
 public:
  explicit Walker(const Loops& loops) : loops_(loops) {}

  Index first = 0, second = 0;  ///< the place in both operands

  void advance() {
    first += loops_.first[2], second += loops_.second[2];
    if (++at_[2] < loops_.extent[2]) return;
    at_[2] = 0;
    if (++at_[1] == loops_.extent[1]) at_[1] = 0, ++at_[0];
    first = at_[0] * loops_.first[0] + at_[1] * loops_.first[1];
    second = at_[0] * loops_.second[0] + at_[1] * loops_.second[1];
  }

 private:
  const Loops& loops_;
  std::array<Index, 3> at_{};
};

}  // namespace detail

/// Rows of a matrix rounded up to what a panel reads.
template <class T>
constexpr Index panel_rows(Index rows) {
  constexpr Index step = detail::ShortPacket<T>::size;
  return (rows + step - 1) / step * step;
}

/// What becomes of a sum: f(sum).
template <class F>
struct Activate {
  F f;
  template <class P>
  P operator()(P value, Index, Index) const {
    return f.apply(value);
  }
  template <class P>
  P scattered(P value, const Index*, Index) const {
    return f.apply(value);
  }
};

/// The same: sum · f′, where f′ follows from the y that lies where the sum will.
template <class F, class T>
struct Differentiate {
  F f;
  const T* y;
  template <class P>
  P operator()(P value, Index at, Index rows) const {
    return value * f.derivative(P::load_first(y + at, rows));
  }
  template <class P>
  P scattered(P value, const Index* at, Index count) const {
    typename P::Lanes lanes{};
    for (Index j = 0; j < count; ++j) lanes[static_cast<std::size_t>(j)] = y[at[j]];
    return value * f.derivative(P::load(lanes.data()));
  }
};

/// C(:, n) = f(Σ_k A(:, k) B(k, n) + bias), or C(:, n) += Σ_k A(:, k) B(k, n), where k goes through `depth` and n through `columns`.
/// A's rows lie together, and so do C's. Element (k, n) of B lies where both walks lead.
template <class T, class Epilogue = Activate<NoEpilogue>>
struct Contraction {
  const T* a;           ///< panels made by pack(), or panel_rows(rows) readable values at every step of the depth
  bool packed;
  Index rows;
  const T* b;
  T* c;
  Loops depth;          ///< through a (unless packed) and b
  Loops columns;        ///< through b and c
  bool accumulate = false;
  const T* bias = nullptr;
  Epilogue epilogue = {};

  /// By tiles of rows × columns. Of every Group of columns, the later ones are the first one's neighbours in b.
  template <int Columns, int Group = 1>
  void run() const {
    const Index count = columns.count(), deep = depth.count();
    detail::for_each_panel<T>(rows, [&]<class P, int Packets>(Index i, Index height) {
      std::array<Index, 3> step = depth.first;
      if (packed) step = {depth.extent[1] * depth.extent[2] * Packets * P::size, depth.extent[2] * Packets * P::size, Packets * P::size};
      const T* const left = a + (packed ? i * deep : i);
      detail::Walker column(columns);
      std::array<Index, Columns> at, to;
      for (Index n = 0; n < count; n += Columns) {
        const Index valid = std::min<Index>(Columns, count - n);
        for (Index j = 0; j < valid; ++j, column.advance()) {
          at[static_cast<std::size_t>(j)] = column.first;
          to[static_cast<std::size_t>(j)] = column.second + i;
        }
        for (Index j = valid; j < Columns; ++j) at[static_cast<std::size_t>(j)] = at[static_cast<std::size_t>(j - Group)];
        tile<P, Packets, Columns, Group>(left, step, at, to, valid, bias ? bias + i : nullptr, height);
      }
    });
  }

  /// For very few rows: packets go along the depth, whose innermost loop must be without gaps in b. `a` is row after row.
  void run_along_depth() const {
    using P = Packet<T>;
    const Index count = columns.count(), deep = depth.count();
    for (Index row = 0; row < rows; ++row) {
      detail::Walker column(columns);
      std::array<Index, static_cast<std::size_t>(P::size)> at, to;
      for (Index n = 0; n < count; n += P::size) {
        const Index valid = std::min(P::size, count - n);
        for (Index j = 0; j < valid; ++j, column.advance()) {
          at[static_cast<std::size_t>(j)] = column.first;
          to[static_cast<std::size_t>(j)] = column.second + row;
        }
        std::fill(at.begin() + valid, at.end(), at[0]);
        const P value = dot_products(a + row * deep, at) + P(bias ? bias[row] : T(0));
        const auto lanes = epilogue.scattered(value, to.data(), valid).lanes();
        for (Index j = 0; j < valid; ++j) c[to[static_cast<std::size_t>(j)]] = lanes[static_cast<std::size_t>(j)];
      }
    }
  }

 private:
  template <class P, int Packets, int Columns, int Group>
  void tile(const T* left, const std::array<Index, 3>& left_step, const std::array<Index, Columns>& at,
            const std::array<Index, Columns>& to, Index valid, const T* first, Index height) const {
    P sum[Columns][Packets];
#pragma GCC unroll 16
    for (int i = 0; i < Packets; ++i) {
      const P start = first ? P::load_first(first + i * P::size, std::min(P::size, height - i * P::size)) : P(0);
#pragma GCC unroll 16
      for (int j = 0; j < Columns; ++j) sum[j][i] = start;
    }

    // Pointers move with the depth where the address registers hold them all; else one moves, and columns are offsets to it.
    constexpr int groups = Columns / Group;
    constexpr bool pointers = groups <= 4;
    const T* right[groups];
    Index offset[groups];
#pragma GCC unroll 16
    for (int g = 0; g < groups; ++g) offset[g] = at[static_cast<std::size_t>(g * Group)];
    const Loops loops = depth;
    const Index left_inner = left_step[2], right_inner = loops.second[2];
    for (Index outer = 0; outer < loops.extent[0]; ++outer) {
      for (Index middle = 0; middle < loops.extent[1]; ++middle) {
        const T* l = left + outer * left_step[0] + middle * left_step[1];
        const T* r = b + outer * loops.second[0] + middle * loops.second[1];
        if constexpr (pointers) {
#pragma GCC unroll 16
          for (int g = 0; g < groups; ++g) right[g] = r + offset[g];
        }
        for (Index inner = loops.extent[2]; inner > 0; --inner) {
          P value[Packets];
#pragma GCC unroll 16
          for (int i = 0; i < Packets; ++i) value[i] = P::load(l + i * P::size);
#pragma GCC unroll 16
          for (int j = 0; j < Columns; ++j) {
            const P factor(pointers ? right[j / Group][j % Group] : r[offset[j / Group] + j % Group]);
#pragma GCC unroll 16
            for (int i = 0; i < Packets; ++i) sum[j][i] = multiply_add(value[i], factor, sum[j][i]);
          }
          l += left_inner;
          if constexpr (pointers) {
#pragma GCC unroll 16
            for (int g = 0; g < groups; ++g) right[g] += right_inner;
          } else {
            r += right_inner;
          }
        }
      }
    }

#pragma GCC unroll 16
    for (int j = 0; j < Columns; ++j) {
      if (j >= valid) break;
#pragma GCC unroll 16
      for (int i = 0; i < Packets; ++i) {
        const Index place = to[static_cast<std::size_t>(j)] + i * P::size, here = std::min(P::size, height - i * P::size);
        const P value = accumulate ? sum[j][i] + P::load_first(c + place, here) : sum[j][i];
        epilogue(value, place, here).store_first(c + place, here);
      }
    }
  }

  Packet<T> dot_products(const T* left, const std::array<Index, static_cast<std::size_t>(Packet<T>::size)>& at) const {
    using P = Packet<T>;
    constexpr std::size_t size = static_cast<std::size_t>(P::size);
    std::array<P, size> sum;
    sum.fill(P(0));
    for (Index outer = 0; outer < depth.extent[0]; ++outer) {
      for (Index middle = 0; middle < depth.extent[1]; ++middle, left += depth.extent[2]) {
        const T* const right = b + outer * depth.second[0] + middle * depth.second[1];
        Index k = 0;
        for (; k + P::size <= depth.extent[2]; k += P::size) {
          const P weight = P::load(left + k);
#pragma GCC unroll 16
          for (std::size_t j = 0; j < size; ++j) sum[j] = multiply_add(weight, P::load(right + k + at[j]), sum[j]);
        }
        if (const Index rest = depth.extent[2] - k; rest > 0) {
          const P weight = P::load_part(left + k, rest);
#pragma GCC unroll 16
          for (std::size_t j = 0; j < size; ++j) sum[j] = multiply_add(weight, P::load_part(right + k + at[j], rest), sum[j]);
        }
      }
    }
    transpose(sum);
#pragma GCC unroll 16
    for (std::size_t step = size / 2; step > 0; step /= 2) {
#pragma GCC unroll 16
      for (std::size_t j = 0; j < step; ++j) sum[j] = sum[j] + sum[j + step];
    }
    return sum[0];
  }
};

/// Calls pack's f with every row and step of the depth: writes A (rows × depth, element by element) as Contraction reads it.
template <class T, class Element>
void pack_panels(Index rows, Index depth, T* to, Element element) {
  detail::for_each_panel<T>(rows, [&]<class P, int Packets>(Index i, Index height) {
    for (Index k = 0; k < depth; ++k) {
      T* const column = to + i * depth + k * Packets * P::size;
      for (Index row = 0; row < Packets * P::size; ++row) column[row] = row < height ? element(i + row, k) : T(0);
    }
  });
}

}  // namespace eigencoder::kernels
