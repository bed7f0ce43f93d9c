// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/elementwise.hpp"

namespace eigencoder::kernels {

/// A block of `rows` × `columns` scalars and what lies around it, row after row.
struct Bordered {
  Index rows, columns;
  Index top, bottom, left, right;

  constexpr Index stride() const { return left + columns + right; }
  constexpr Index size() const { return (top + rows + bottom) * stride(); }
  constexpr Index begin() const { return top * stride() + left; }
};

/// bordered = the blocks with zeros around them.
template <class T>
void add_border(Index images, Bordered image, const T* blocks, T* bordered) {
  for (Index n = 0; n < images; ++n, bordered += image.size()) {
    T* to = std::fill_n(bordered, image.begin(), T(0));
    for (Index r = 0; r < image.rows; ++r, blocks += image.columns) {
      transform(
          image.columns, to, [](auto v) { return v; }, blocks);
      const bool last = r + 1 == image.rows;
      to = std::fill_n(to + image.columns, image.right + (last ? image.bottom * image.stride() : image.left), T(0));
    }
  }
}

/// The reverse: the blocks alone.
template <class T>
void remove_border(Index images, Bordered image, const T* bordered, T* blocks) {
  for (Index n = 0; n < images; ++n, bordered += image.size()) {
    const T* from = bordered + image.begin();
    for (Index r = 0; r < image.rows; ++r, from += image.stride(), blocks += image.columns) {
      transform(
          image.columns, blocks, [](auto v) { return v; }, from);
    }
  }
}

}  // namespace eigencoder::kernels
