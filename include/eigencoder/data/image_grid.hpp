// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <string>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"
#include "eigencoder/data/dataset.hpp"
#include "eigencoder/files/png.hpp"

namespace eigencoder {

/// How load_image_grid cuts.
struct ImageGridOptions {
  Index height = 0, width = 0;     ///< Of a cell, in pixels.
  Index count = 0;                 ///< How many cells hold images, the first ones row by row; 0: all.
  Index channels = 0;              ///< 0 as the file has them, 1 grey, 3 red, green, blue.
  Index max_pixels = 100'000'000;  ///< A larger picture is refused.
};

namespace detail {

/// Cuts the picture called `name`.
template <class T>
Dataset<T> cut_image_grid(const Image& picture, const ImageGridOptions& options, const std::string& name) {
  const Index height = options.height, width = options.width;
  if (picture.height % height != 0 || picture.width % width != 0)
    throw FileError(message(name, ": expected a grid of cells of ", height, " × ", width, " pixels, found a picture of ",
                            picture.height, " × ", picture.width, ", which is no multiple"));
  const Index columns = picture.width / width, cells = picture.height / height * columns;
  if (options.count > cells)
    throw FileError(message(name, ": expected a grid of ", options.count, " cells or more, found ", cells / columns, " × ",
                            columns, " = ", cells));

  const Shape shape = image(height, width, picture.channels);
  Dataset<T> set{.samples = {shape.size(), options.count > 0 ? options.count : cells}, .labels = {}, .shape = shape};
  const Index row = width * picture.channels;  // values of a row of a cell
  for (Index i = 0; i < set.size(); ++i)
    for (Index y = 0; y < height; ++y) {
      const Index first = (i / columns * height + y) * picture.width * picture.channels + i % columns * row;
      set_pixels<T>(picture.pixels.data() + first, set.samples.col(i).segment(y * row, row));
    }
  return set;
}

}  // namespace detail

/// Reads a PNG file that is a grid of images of one size, without gaps: sample i is cell i, counted row by row, of the shape
/// image(height, width, channels). Pixels are scaled to [0, 1]; with std::uint8_t nothing is scaled. There are no labels. See
/// decode_png for what becomes of transparency and of 16 bits.
///   load_image_grid("sheet.png", {.height = 32, .width = 32, .count = 166})
/// Throws FileError with the file's name for a picture that is unsound, whose sizes are no multiples of a cell's, or that has
/// fewer than `count` cells; OptionError for options out of range.
template <SampleScalar T = float>
Dataset<T> load_image_grid(const std::filesystem::path& path, const ImageGridOptions& options) {
  const auto fits = [](Index side) { return side >= 1 && side <= detail::longest_side; };
  if (!fits(options.height) || !fits(options.width))
    throw OptionError(message("load_image_grid: expected the height and width of a cell, from 1 to ", detail::longest_side,
                              ", found ", options.height, " and ", options.width));
  if (options.count < 0)
    throw OptionError(message("load_image_grid: expected a count of cells, or 0 for all, found ", options.count));
  const ImageOptions reading{options.channels, options.max_pixels};
  detail::check_image_options(reading, "load_image_grid");
  return detail::cut_image_grid<T>(read_png(path, reading), options, path.string());
}

}  // namespace eigencoder
