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
#include "eigencoder/files/image.hpp"

namespace eigencoder {

namespace detail {

EIGENCODER_INLINE void check_picture_size(Index height, Index width) {
  if (height < 1 || height > longest_side || width < 1 || width > longest_side)
    throw ShapeError(message("picture: expected a height and a width from 1 to ", longest_side, " pixels, found ", height,
                             " × ", width, "; show fewer or smaller images"));
}

EIGENCODER_INLINE void check_image(const Image& image, std::string_view who) {
  check_picture_size(image.height, image.width);
  if ((image.channels != 1 && image.channels != 3) || std::ssize(image.pixels) != image.height * image.width * image.channels)
    throw ShapeError(message(who, ": expected 1 or 3 channels and as many values as a picture of ", image.height, " × ",
                             image.width, " × ", image.channels, " has, found ", image.pixels.size()));
}

EIGENCODER_INLINE void check_image_options(const ImageOptions& options, std::string_view who) {
  if (options.channels != 0 && options.channels != 1 && options.channels != 3)
    throw OptionError(
        message(who, ": expected channels to be 0 (as in the file), 1 (grey) or 3 (colour), found ", options.channels));
  if (options.max_pixels < 1) throw OptionError(message(who, ": expected max_pixels from 1 on, found ", options.max_pixels));
}

EIGENCODER_INLINE void check_promised_size(std::string_view name, Index height, Index width, const ImageOptions& options) {
  if (height < 1 || width < 1 || height > options.max_pixels / width)
    throw FileError(message(name, ": expected a picture of 1 to ", options.max_pixels, " pixels, found ", height, " × ", width,
                            " in its header; raise max_pixels if it is sound"));
}

}  // namespace detail

EIGENCODER_INLINE Image convert_channels(Image image, Index channels) {
  detail::check_image(image, "convert_channels");
  if (channels != 1 && channels != 3) throw ShapeError(message("convert_channels: expected 1 or 3 channels, found ", channels));
  if (channels == image.channels) return image;
  const std::size_t size = image.pixels.size() / static_cast<std::size_t>(image.channels);
  std::vector<std::uint8_t> pixels(size * static_cast<std::size_t>(channels));
  for (std::size_t i = 0; i < size; ++i) {
    if (channels == 1) {
      const std::uint8_t* rgb = &image.pixels[3 * i];
      pixels[i] = static_cast<std::uint8_t>((299U * rgb[0] + 587U * rgb[1] + 114U * rgb[2] + 500U) / 1000U);
    } else {
      std::fill_n(&pixels[3 * i], 3, image.pixels[i]);
    }
  }
  return {image.height, image.width, channels, std::move(pixels)};
}

namespace detail {

/// What an output pixel along one side takes from the input: `weights`, which sum to 1, from `first` on.
struct Taps {
  Index first = 0;
  std::vector<float> weights;
};

/// Triangles as wide as two pixels of the coarser of the two grids: linear interpolation, or averages where it gets smaller.
inline std::vector<Taps> resize_taps(Index from, Index to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to), reach = std::max(scale, 1.0);
  std::vector<Taps> all(static_cast<std::size_t>(to));
  for (Index i = 0; i < to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale - 0.5;
    Taps& taps = all[static_cast<std::size_t>(i)];
    taps.first = std::max<Index>(0, static_cast<Index>(std::floor(centre - reach)) + 1);
    const Index last = std::min(from - 1, static_cast<Index>(std::ceil(centre + reach)) - 1);
    double sum = 0;
    for (Index k = taps.first; k <= last; ++k) sum += reach - std::abs(static_cast<double>(k) - centre);
    for (Index k = taps.first; k <= last; ++k)
      taps.weights.push_back(static_cast<float>((reach - std::abs(static_cast<double>(k) - centre)) / sum));
  }
  return all;
}

}  // namespace detail

EIGENCODER_INLINE Image resize(const Image& image, Index height, Index width) {
  detail::check_image(image, "resize");
  detail::check_picture_size(height, width);
  if (height == image.height && width == image.width) return image;
  const Index c = image.channels;
  std::vector<float> narrow(static_cast<std::size_t>(image.height * width * c));
  const std::vector<detail::Taps> columns = detail::resize_taps(image.width, width);
  for (Index y = 0; y < image.height; ++y)
    for (Index x = 0; x < width; ++x) {
      const detail::Taps& taps = columns[static_cast<std::size_t>(x)];
      const std::uint8_t* in = image.pixels.data() + (y * image.width + taps.first) * c;
      float* out = narrow.data() + (y * width + x) * c;
      for (const float weight : taps.weights)
        for (Index k = 0; k < c; ++k) out[k] += weight * static_cast<float>(*in++);
    }

  Image result{height, width, c, std::vector<std::uint8_t>(static_cast<std::size_t>(height * width * c))};
  const std::vector<detail::Taps> rows = detail::resize_taps(image.height, height);
  for (Index y = 0; y < height; ++y) {
    const detail::Taps& taps = rows[static_cast<std::size_t>(y)];
    for (Index i = 0; i < width * c; ++i) {
      float sum = 0;
      const float* in = narrow.data() + taps.first * width * c + i;
      for (const float weight : taps.weights) {
        sum += weight * *in;
        in += width * c;
      }
      result.pixels[static_cast<std::size_t>(y * width * c + i)] =
          static_cast<std::uint8_t>(std::clamp(sum + 0.5F, 0.0F, 255.0F));
    }
  }
  return result;
}

}  // namespace eigencoder
