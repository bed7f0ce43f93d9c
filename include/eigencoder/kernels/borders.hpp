// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/elementwise.hpp"

namespace eigencoder::kernels {

/// A block of `rows` × `columns` scalars and what lies around it, row after row.
struct Framed {
  Index rows, columns;
  Index top, bottom, left, right;

  constexpr Index stride() const { return left + columns + right; }
  constexpr Index size() const { return (top + rows + bottom) * stride(); }
  constexpr Index begin() const { return top * stride() + left; }
};

/// framed = the blocks with zeros around them.
template <class T>
void add_frame(Index images, Framed frame, const T* blocks, T* framed) {
  for (Index n = 0; n < images; ++n, framed += frame.size()) {
    T* to = std::fill_n(framed, frame.begin(), T(0));
    for (Index r = 0; r < frame.rows; ++r, blocks += frame.columns) {
      transform(
          frame.columns, to, [](auto v) { return v; }, blocks);
      const bool last = r + 1 == frame.rows;
      to = std::fill_n(to + frame.columns, frame.right + (last ? frame.bottom * frame.stride() : frame.left), T(0));
    }
  }
}

/// The reverse: the blocks alone.
template <class T>
void remove_frame(Index images, Framed frame, const T* framed, T* blocks) {
  for (Index n = 0; n < images; ++n, framed += frame.size()) {
    const T* from = framed + frame.begin();
    for (Index r = 0; r < frame.rows; ++r, from += frame.stride(), blocks += frame.columns) {
      transform(
          frame.columns, blocks, [](auto v) { return v; }, from);
    }
  }
}

}  // namespace eigencoder::kernels
