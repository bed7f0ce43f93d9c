// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"
#include "eigencoder/files/png.hpp"
#include "eigencoder/models/samples.hpp"

namespace eigencoder {

/// A row of a picture: images, one a column, with a text before them.
struct ImageRow {
  std::string label;
  Eigen::MatrixXf images;

  /// Copies `columns`, of any scalar. Values are intensities from 0 to 1; integers of 8 and 16 bits stand for such.
  template <class Columns>
  ImageRow(std::string text, const Eigen::MatrixBase<Columns>& columns) : label(std::move(text)) {
    if constexpr (detail::small_integer<typename Columns::Scalar>) {
      images = Samples<float>(columns.derived()).matrix();
    } else {
      images = columns.template cast<float>();
    }
  }
};

/// How image_grid lays out its images.
struct GridOptions {
  Index columns = 10;  ///< Images in a row, at most.
  Index scale = 0;     ///< Pixels of the picture per pixel of an image, each way; 0 enlarges images to 84 pixels or just below.
  Index gap = 4;       ///< Pixels between images, a third of what is around them all.
};

namespace detail {

using Colour = std::array<std::uint8_t, 3>;
inline constexpr Colour paper{255, 255, 255}, text_ink{56, 60, 66}, not_a_number{214, 39, 40};

}  // namespace detail

/// A picture of rows of images, such as originals above reconstructions, each with its label at the left. `shape` is that of
/// one image, with 1 channel (grey) or 3 (colour). Values are clamped to [0, 1]; a pixel with a NaN is red. Rows may differ in
/// length. Throws ShapeError if `shape` is no such image, a row holds others or none has any; OptionError for an option out of
/// range.
Image image_grid(const std::vector<ImageRow>& rows, Shape shape, GridOptions options = {});

/// Writes image_grid(rows, shape, options) as a PNG file; throws what image_grid and write_png throw.
///
///     write_image_grid("fashion.png", {{"original", x}, {"reconstruction", model.reconstruct(x)}}, image(28, 28));
inline void write_image_grid(const std::filesystem::path& path, const std::vector<ImageRow>& rows, Shape shape,
                             GridOptions options = {}) {
  write_png(path, image_grid(rows, shape, options));
}

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/io/png_impl.hpp"
#endif
