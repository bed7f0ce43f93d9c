// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/io/font.hpp"
#include "eigencoder/io/png.hpp"

namespace eigencoder {

namespace detail {

/// The nearest of the 256 steps from 0 to 1, ends included; what lies outside becomes the nearer end.
inline std::uint8_t to_byte(float value) {
  return value >= 1 ? std::uint8_t{255} : value > 0 ? static_cast<std::uint8_t>(std::lround(value * 255)) : std::uint8_t{0};
}

/// The pixel whose values begin at `values`.
inline Colour to_colour(const float* values, Index channels) {
  Colour colour;
  for (Index c = 0; c < 3; ++c) {
    const float value = values[channels == 3 ? c : 0];
    if (std::isnan(value)) return not_a_number;
    colour[static_cast<std::size_t>(c)] = to_byte(value);
  }
  return colour;
}

/// A white sheet to draw on.
class Canvas {
 public:
  Canvas(Index height, Index width) : image_{height, width, 3, {}} {
    check_picture_size(height, width);
    image_.pixels.assign(static_cast<std::size_t>(height * width * 3), paper[0]);
  }

  void fill(Index top, Index left, Index size, Colour colour) {
    for (Index y = top; y < top + size; ++y)
      for (Index x = left; x < left + size; ++x)
        std::copy(colour.begin(), colour.end(), image_.pixels.begin() + (y * image_.width + x) * 3);
  }

  void write(Index top, Index left, Index scale, std::string_view text) {
    for (const char character : text) {
      if (font::continues_character(character)) continue;
      for (Index y = 0; y < font::height; ++y)
        for (Index x = 0; x < font::width; ++x)
          if (font::ink(character, x, y)) fill(top + y * scale, left + x * scale, scale, text_ink);
      left += font::advance * scale;
    }
  }

  Image take() && { return std::move(image_); }

 private:
  Image image_;
};

}  // namespace detail

EIGENCODER_INLINE Image image_grid(const std::vector<ImageRow>& rows, Shape shape, GridOptions options) {
  if ((shape.channels != 1 && shape.channels != 3) || shape.height < 1 || shape.width < 1)
    throw ShapeError(message("image_grid: expected images of 1 or 3 channels, found ", to_string(shape)));
  const auto check = [](std::string_view option, Index least, Index found) {
    if (found < least || found > detail::longest_side)
      throw OptionError(
          message("image_grid: expected ", option, " from ", least, " to ", detail::longest_side, ", found ", found));
  };
  check("columns", 1, options.columns);
  check("scale", 0, options.scale);
  check("gap", 0, options.gap);

  constexpr Index text_scale = 2, comfortable = 84;
  Index columns = 0, label_width = 0;
  for (const ImageRow& row : rows) {
    if (row.images.rows() != shape.size())
      throw ShapeError(message("image_grid, row \"", row.label, "\": expected images of ", to_string(shape), ", ", shape.size(),
                               " values a column, found ", row.images.rows()));
    columns = std::max(columns, std::min(options.columns, row.images.cols()));
    label_width = std::max(label_width, text_scale * font::text_width(row.label));
  }
  if (columns == 0) throw ShapeError(message("image_grid: expected at least one image, found none in ", rows.size(), " rows"));

  const Index scale = options.scale > 0 ? options.scale : std::max(Index{1}, comfortable / std::max(shape.height, shape.width));
  const Index height = shape.height * scale, width = shape.width * scale, margin = 3 * options.gap;
  // Capitals are centred in a row, so the room below the baseline is needed above them too.
  const Index text_height = text_scale * (2 * font::height - font::cap_height);
  const Index row_height = label_width > 0 ? std::max(height, text_height) : height;
  const Index images_left = label_width > 0 ? margin + label_width + margin : margin;
  const Index row_step = row_height + options.gap, column_step = width + options.gap;

  detail::Canvas canvas(2 * margin + std::ssize(rows) * row_step - options.gap,
                        images_left + columns * column_step - options.gap + margin);
  Index top = margin;
  for (const ImageRow& row : rows) {
    canvas.write(top + (row_height - text_scale * font::cap_height) / 2,
                 margin + label_width - text_scale * font::text_width(row.label), text_scale, row.label);
    const Index image_top = top + (row_height - height) / 2;
    for (Index i = 0; i < std::min(columns, row.images.cols()); ++i)
      for (Index y = 0; y < shape.height; ++y)
        for (Index x = 0; x < shape.width; ++x)
          canvas.fill(image_top + y * scale, images_left + i * column_step + x * scale, scale,
                      detail::to_colour(&row.images((y * shape.width + x) * shape.channels, i), shape.channels));
    top += row_step;
  }
  return std::move(canvas).take();
}

}  // namespace eigencoder
