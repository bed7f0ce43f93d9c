// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"

namespace eigencoder {

/// A picture of eight bits a value, row by row, channels innermost: grey (1) or red, green, blue (3).
struct Image {
  Index height = 0, width = 0, channels = 1;
  std::vector<std::uint8_t> pixels;  ///< height · width · channels values
};

/// How read_png and read_jpeg read.
struct ImageOptions {
  Index channels = 0;              ///< 0 as the file has them, 1 grey, 3 red, green, blue.
  Index max_pixels = 100'000'000;  ///< A larger picture is refused before memory is taken for it, about ten bytes a pixel.
};

namespace detail {

/// Of a picture that PNG and JPEG files have, in pixels.
inline constexpr Index longest_side = 1'000'000;

void check_picture_size(Index height, Index width);

/// Of an image that someone has made by hand; `who` begins the error.
void check_image(const Image& image, std::string_view who);

void check_image_options(const ImageOptions& options, std::string_view who);

/// Of the file called `name`, whose header has been read: nothing is allocated for more than the options allow.
void check_promised_size(std::string_view name, Index height, Index width, const ImageOptions& options);

}  // namespace detail

/// The same picture in grey (channels = 1) or colour (3). Grey is (299 R + 587 G + 114 B) / 1000, the luma of ITU-R BT.601, as
/// in Pillow and OpenCV; in colour all three are the grey. Throws ShapeError for an image or channels that are neither.
Image convert_channels(Image image, Index channels);

/// The picture at another size: bilinear, and smoothed where it gets smaller, so that each pixel counts ("antialias", as
/// Pillow, Keras's smart_resize and torchvision do it). Throws ShapeError for sizes that no picture has.
Image resize(const Image& image, Index height, Index width);

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/files/image_impl.hpp"
#endif
