// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "eigencoder/core/shape.hpp"

namespace eigencoder::kernels {

/// An image within a border of zeros, so that loops over it need no case for its ends.
struct Frame {
  Index height, width, channels;  ///< of the image
  Index top = 0, left = 0;        ///< where it begins in the frame
  Index rows, columns;            ///< of the frame, which may end before the image does
  Index pixel;                    ///< from a pixel to the next: channels, or more

  constexpr explicit Frame(Shape image)
      : height(image.height), width(image.width), channels(image.channels), rows(height), columns(width), pixel(channels) {}

  constexpr Index row() const { return columns * pixel; }
  constexpr Index size() const { return rows * row(); }
  constexpr Index image_size() const { return height * width * channels; }
  /// The image as it is.
  constexpr bool bare() const { return top == 0 && left == 0 && rows == height && columns == width && pixel == channels; }

  /// Copies `count` images into frames.
  template <class T>
  void put(const T* images, Index count, T* frames) const {
    const Index here = std::min(height, rows - top), across = std::min(width, columns - left);
    for (Index n = 0; n < count; ++n) {
      T* to = std::fill_n(frames + n * size(), top * row(), T(0));
      for (Index y = 0; y < here; ++y) {
        to = std::fill_n(to, left * pixel, T(0));
        to = put_row(images + n * image_size() + y * width * channels, across, to);
        to = std::fill_n(to, (columns - left - across) * pixel, T(0));
      }
      std::fill_n(to, (rows - top - here) * row(), T(0));
    }
  }
  /// The same, unless there is nothing around the images: returns where their frames are.
  template <class T>
  const T* around(const T* images, Index count, T* memory) const {
    if (bare()) return images;
    put(images, count, memory);
    return memory;
  }
  /// The reverse of put(), for frames that hold the whole image.
  template <class T>
  void take(const T* frames, Index count, T* images) const {
    for (Index n = 0; n < count; ++n) {
      for (Index y = 0; y < height; ++y) {
        std::copy_n(frames + n * size() + (top + y) * row() + left * pixel, width * channels, images);
        images += width * channels;
      }
    }
  }

 private:
  template <class T>
  T* put_row(const T* from, Index count, T* to) const {
    if (pixel == channels) return std::copy_n(from, count * channels, to);
    for (Index x = 0; x < count; ++x) {
      to = std::copy_n(from + x * channels, channels, to);
      to = std::fill_n(to, pixel - channels, T(0));
    }
    return to;
  }
};

}  // namespace eigencoder::kernels
