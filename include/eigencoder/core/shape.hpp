// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "eigencoder/core/eigen.hpp"
#include "eigencoder/core/error.hpp"

namespace eigencoder {

using Index = Eigen::Index;

/// The shape of one sample. A sample is one column of a matrix, with channels innermost, then width, then height, so that a
/// batch is at once a (C·W·H) × N matrix and a C × (W·H·N) matrix. Vectors are images of one pixel; sequences are images of
/// height one whose width counts the steps.
struct Shape {
  Index channels = 1, height = 1, width = 1;

  constexpr Index size() const { return channels * height * width; }
  friend constexpr bool operator==(Shape, Shape) = default;
};

namespace detail {
constexpr Index positive(Index extent) {
  return extent > 0 ? extent : throw ShapeError("a shape's extents must be positive, found " + std::to_string(extent));
}
}  // namespace detail

/// An image of `height` × `width` pixels with `channels` values each.
constexpr Shape image(Index height, Index width, Index channels = 1) {
  return {.channels = detail::positive(channels), .height = detail::positive(height), .width = detail::positive(width)};
}

/// A vector of `count` values.
constexpr Shape features(Index count) { return {.channels = detail::positive(count)}; }

/// `steps` vectors of `count` values, one after the other.
constexpr Shape sequence(Index steps, Index count) {
  return {.channels = detail::positive(count), .height = 1, .width = detail::positive(steps)};
}

/// "(28, 28, 1)" for images, "(10, 3)" for sequences (steps first), "(32)" for vectors.
inline std::string to_string(Shape shape) {
  if (shape.height > 1) return message('(', shape.height, ", ", shape.width, ", ", shape.channels, ')');
  if (shape.width > 1) return message('(', shape.width, ", ", shape.channels, ')');
  return message('(', shape.channels, ')');
}

}  // namespace eigencoder
