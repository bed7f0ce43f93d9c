// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/kernels/tile.hpp"

// A matrix product whose right operand is addressed by nested loops: what convolutions are made of. Where an ordinary product
// has a column, this one has a pixel somewhere in an image; where that one has a depth, this one goes through a kernel's taps,
// or through the pixels.
namespace eigencoder::kernels {

/// Three nested loops, outermost first, and how far each step moves through two operands.
struct Loops {
  std::array<Index, 3> extent{1, 1, 1}, first{}, second{};

  Index count() const { return extent[0] * extent[1] * extent[2]; }
};

namespace detail {

/// Goes through a nest of loops, some innermost steps at a time.
class Walker {
 public:
  explicit Walker(const Loops& loops) : loops_(loops) {}

  /// Writes where the next `count` steps lead in both operands; `beyond` is added to the second.
  void take(Index count, Index* first, Index* second, Index beyond) {
    for (Index taken = 0; taken < count;) {
      const Index run = std::min(count - taken, loops_.extent[2] - inner_);
      for (Index k = 0; k < run; ++k) {
        first[taken + k] = row_first_ + (inner_ + k) * loops_.first[2];
        second[taken + k] = row_second_ + (inner_ + k) * loops_.second[2] + beyond;
      }
      taken += run;
      inner_ += run;
      if (inner_ == loops_.extent[2]) next_row();
    }
  }

 private:
  void next_row() {
    inner_ = 0;
    if (++middle_ == loops_.extent[1]) middle_ = 0, ++outer_;
    row_first_ = outer_ * loops_.first[0] + middle_ * loops_.first[1];
    row_second_ = outer_ * loops_.second[0] + middle_ * loops_.second[1];
  }

  const Loops& loops_;
  Index outer_ = 0, middle_ = 0, inner_ = 0, row_first_ = 0, row_second_ = 0;
};

}  // namespace detail

/// C(:, n) = f(Σ_k A(:, k) B(k, n) + bias), or C(:, n) += Σ_k A(:, k) B(k, n), where k goes through `depth` and n through
/// `columns`. A's rows are adjacent in memory, and so are C's. Element (k, n) of B lies at the sum of both loops' offsets.
template <class T, class Multiply = detail::MultiplyAdd>
struct Contraction {
  const T* a;  ///< made by pack_panels(), or at every step of the depth as many readable values as whole panels have rows
  bool packed;
  Index rows;
  const T* b;
  T* c;
  Loops depth;    ///< through a (unless packed) and b
  Loops columns;  ///< through b and c
  bool accumulate = false;
  const T* bias = nullptr;
  Epilogue<T> epilogue = {};

  /// By tiles of rows × columns, wide ones and, for what is left, narrow ones. Of every Group of columns, the later ones are
  /// the first one's neighbours in b.
  template <int Wide, int Narrow, int Group = 1>
  void run() const {
    const Index count = columns.count(), deep = depth.count();
    detail::for_each_panel<T>(rows, [&]<class P, int Packets>(Index i, Index height) {
      constexpr Index tall = Packets * P::size;
      std::array<Index, 3> step = depth.first;
      if (packed) step = {depth.extent[1] * depth.extent[2] * tall, depth.extent[2] * tall, tall};
      const Panel panel{packed ? a + i * deep : a + i, step, bias ? bias + i : nullptr, i, height};
      detail::Walker walker(columns);
      for (Index n = 0; n < count;) {
        const Index left = count - n;
        if (left > 2 * Narrow || (left > Narrow && left <= Wide)) {
          n += next_tile<P, Packets, Wide, Group>(panel, walker, left);
        } else {
          n += next_tile<P, Packets, Narrow, Group>(panel, walker, left);
        }
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
        column.take(valid, at.data(), to.data(), row);
        std::fill(at.begin() + valid, at.end(), at[0]);
        const P value = dot_products(a + row * deep, at) + P(bias ? bias[row] : T(0));
        const auto lanes = value.lanes();
        for (std::size_t j = 0; j < static_cast<std::size_t>(valid); ++j) c[to[j]] = epilogue.of(lanes[j], to[j]);
        if (epilogue.then) epilogue.in_cache(c, to.data(), valid, 1);
      }
    }
  }

 private:
  /// Rows that a tile works on at once.
  struct Panel {
    const T* left;
    std::array<Index, 3> step;
    const T* bias;
    Index first, height;
  };

  template <class P, int Packets, int Columns, int Group>
  Index next_tile(const Panel& panel, detail::Walker& walker, Index left) const {
    std::array<Index, Columns> at, to;
    const Index valid = std::min<Index>(Columns, left);
    walker.take(valid, at.data(), to.data(), panel.first);
    std::fill(at.begin() + valid, at.end(), at[0]);
    tile<P, Packets, Columns, Group>(panel, at, to, valid);
    return valid;
  }

  template <class P, int Packets, int Columns, int Group>
  void tile(const Panel& panel, const std::array<Index, Columns>& at, const std::array<Index, Columns>& to, Index valid) const {
    const Index height = panel.height;
    P sum[Columns][Packets];
#pragma GCC unroll 16
    for (int i = 0; i < Packets; ++i) {
      const P start = panel.bias ? P::load_first(panel.bias + i * P::size, std::min(P::size, height - i * P::size)) : P(0);
#pragma GCC unroll 16
      for (int j = 0; j < Columns; ++j) sum[j][i] = start;
    }

    // Every column has a pointer where the address registers hold them all; else there is one, and columns are offsets to it.
    constexpr int groups = Columns / Group;
    constexpr bool pointers = groups <= 4;
    const T* right[groups];
    Index offset[groups];
#pragma GCC unroll 16
    for (int g = 0; g < groups; ++g) offset[g] = at[static_cast<std::size_t>(g * Group)];
    const Loops loops = depth;
    const Index left_inner = panel.step[2], right_inner = loops.second[2];
    for (Index outer = 0; outer < loops.extent[0]; ++outer) {
      for (Index middle = 0; middle < loops.extent[1]; ++middle) {
        const T* l = panel.left + outer * panel.step[0] + middle * panel.step[1];
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
            for (int i = 0; i < Packets; ++i) sum[j][i] = Multiply{}(value[i], factor, sum[j][i]);
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

    const auto finish = [&](P value, Index place, Index here) {
      if (accumulate) value = value + P::load_first(c + place, here);
      epilogue.in_registers(value, place, here).store_first(c + place, here);
    };
    if (valid == Columns && height == Packets * P::size) {
#pragma GCC unroll 16
      for (int j = 0; j < Columns; ++j) {
#pragma GCC unroll 16
        for (int i = 0; i < Packets; ++i) finish(sum[j][i], to[static_cast<std::size_t>(j)] + i * P::size, P::size);
      }
    } else {  // a rolled loop over memory: rare, and compiled once instead of once a register
      T done[Columns][static_cast<std::size_t>(Packets * P::size)];
#pragma GCC unroll 16
      for (int j = 0; j < Columns; ++j) {
#pragma GCC unroll 16
        for (int i = 0; i < Packets; ++i) sum[j][i].store(done[j] + i * P::size);
      }
      for (Index j = 0; j < valid; ++j) {
        for (Index i = 0; i < height; i += P::size) {
          finish(P::load(done[j] + i), to[static_cast<std::size_t>(j)] + i, std::min(P::size, height - i));
        }
      }
    }
    if (epilogue.then) epilogue.in_cache(c, to.data(), valid, height);
  }

  Packet<T> dot_products(const T* left, const std::array<Index, static_cast<std::size_t>(Packet<T>::size)>& at) const {
    using P = Packet<T>;
    constexpr std::size_t size = static_cast<std::size_t>(P::size);
    P sum[size];
#pragma GCC unroll 16
    for (std::size_t j = 0; j < size; ++j) sum[j] = P(0);
    const Loops loops = depth;
    for (Index outer = 0; outer < loops.extent[0]; ++outer) {
      for (Index middle = 0; middle < loops.extent[1]; ++middle, left += loops.extent[2]) {
        const T* const right = b + outer * loops.second[0] + middle * loops.second[1];
        Index k = 0;
        for (; k + P::size <= loops.extent[2]; k += P::size) {
          const P weight = P::load(left + k);
#pragma GCC unroll 16
          for (std::size_t j = 0; j < size; ++j) sum[j] = multiply_add(weight, P::load(right + k + at[j]), sum[j]);
        }
        if (const Index rest = loops.extent[2] - k; rest > 0) {
          const P weight = P::load_part(left + k, rest);
#pragma GCC unroll 16
          for (std::size_t j = 0; j < size; ++j) sum[j] = multiply_add(weight, P::load_part(right + k + at[j], rest), sum[j]);
        }
      }
    }
    std::array<P, size> square;
#pragma GCC unroll 16
    for (std::size_t j = 0; j < size; ++j) square[j] = sum[j];
    transpose(square);
#pragma GCC unroll 16
    for (std::size_t step = size / 2; step > 0; step /= 2) {
#pragma GCC unroll 16
      for (std::size_t j = 0; j < step; ++j) square[j] = square[j] + square[j + step];
    }
    return square[0];
  }
};

/// Writes A, a matrix of rows × depth given element by element, as a Contraction reads it.
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
