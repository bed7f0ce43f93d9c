// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
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
  if (extent <= 0) raise<ShapeError>("a shape's extents must be positive, found ", extent);
  return extent;
}

/// The shape, if it is one: extents from 1 on, and a size that an Index can hold.
constexpr Shape checked(Shape shape) {
  Index room = std::numeric_limits<Index>::max();
  for (const Index extent : {shape.channels, shape.height, shape.width}) {
    if (positive(extent) > room)
      raise<ShapeError>("a shape of ", shape.height, " x ", shape.width, " x ", shape.channels,
                        " values: expected at most ", std::numeric_limits<Index>::max(), " in all; check its extents");
    room /= extent;
  }
  return shape;
}
}  // namespace detail

/// An image of `height` × `width` pixels with `channels` values each. Like the others, throws ShapeError, or does not compile,
/// if an extent is not positive or the size is too large for an Index.
constexpr Shape image(Index height, Index width, Index channels = 1) {
  return detail::checked({.channels = channels, .height = height, .width = width});
}

/// A vector of `count` values.
constexpr Shape features(Index count) { return detail::checked({.channels = count}); }

/// `steps` vectors of `count` values, one after the other.
constexpr Shape sequence(Index steps, Index count) { return detail::checked({.channels = count, .height = 1, .width = steps}); }

/// "(28, 28, 1)" for images, "(10, 3)" for sequences (steps first), "(32)" for vectors.
inline std::string to_string(Shape shape) {
  if (shape.height > 1) return message('(', shape.height, ", ", shape.width, ", ", shape.channels, ')');
  if (shape.width > 1) return message('(', shape.width, ", ", shape.channels, ')');
  return message('(', shape.channels, ')');
}

}  // namespace eigencoder
