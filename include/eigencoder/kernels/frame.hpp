// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "eigencoder/kernels/view.hpp"

namespace eigencoder::kernels {

/// An image within a border of zeros, so that whoever walks over it need not look where it ends.
struct Frame {
  Index height, width, channels;  ///< of the image
  Index top = 0, left = 0;        ///< where it begins in the frame
  Index rows, columns;            ///< of the frame; it may also be smaller than the image
  Index pixel;                    ///< from a pixel to the next: channels, or more

  constexpr Frame(Index image_height, Index image_width, Index image_channels)
      : height(image_height), width(image_width), channels(image_channels), rows(height), columns(width), pixel(channels) {}

  constexpr Index row() const { return columns * pixel; }
  constexpr Index size() const { return rows * row(); }
  constexpr Index image_size() const { return height * width * channels; }
  /// The image as it is: no copy is needed.
  constexpr bool bare() const { return top == 0 && left == 0 && rows == height && columns == width && pixel == channels; }

  /// Copies `count` images into frames; returns where these are, which is where the images were if they need none. `memory`, of
  /// size() a frame, must have been cleared; borders stay clear.
  template <class T>
  const T* around(const T* images, Index count, T* memory) const {
    if (bare()) return images;
    const Index copied_rows = std::min(height, rows - top), copied_columns = std::min(width, columns - left);
    for (Index n = 0; n < count; ++n) {
      for (Index y = 0; y < copied_rows; ++y) {
        const T* const from = images + n * image_size() + y * width * channels;
        T* const to = memory + n * size() + (top + y) * row() + left * pixel;
        if (pixel == channels) {
          std::copy_n(from, copied_columns * channels, to);
        } else {
          for (Index x = 0; x < copied_columns; ++x) std::copy_n(from + x * channels, channels, to + x * pixel);
        }
      }
    }
    return memory;
  }
  /// Prepares `memory` for `count` frames.
  template <class T>
  void clear(Index count, T* memory) const {
    if (!bare()) std::fill_n(memory, count * size(), T(0));
  }
};

}  // namespace eigencoder::kernels
