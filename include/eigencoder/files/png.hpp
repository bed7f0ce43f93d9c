// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "eigencoder/files/atomic_file.hpp"
#include "eigencoder/files/image.hpp"

namespace eigencoder {

/// The bytes of a PNG file. Throws ShapeError if the sizes of `image` do not agree, FileError if libpng does not encode it.
std::vector<std::byte> encode_png(const Image& image);

/// Writes a picture as a PNG file, whole or not at all (see write_file).
/// Throws ShapeError if its sizes do not agree, FileError with the reason if the file cannot be written.
inline void write_png(const std::filesystem::path& path, const Image& image) { write_file(path, encode_png(image)); }

namespace detail {

/// `numbers`: pixels mean numbers, so that a file in which they would be converted is refused.
Image decode_png(std::span<const std::byte> bytes, const ImageOptions& options, std::string_view name, bool numbers = false);

}  // namespace detail

/// The picture in the bytes of a PNG file, of any kind that there is, interlaced or not. Values are those of the file, whatever
/// gamma or colour profile it names. Palettes become RGB; 1, 2 and 4 bits become 8 (0 stays 0, the greatest becomes 255); of 16
/// bits the nearest of 256 steps stays. What is transparent lies on white: v · a + 255 · (1 − a).
/// Throws FileError with libpng's reason for data that are cut short or damaged, and for more pixels than the options allow,
/// before memory is taken for them; OptionError for options out of range.
inline Image decode_png(std::span<const std::byte> bytes, const ImageOptions& options = {}) {
  return detail::decode_png(bytes, options, "PNG data");
}

/// The picture in a PNG file: see decode_png, and read_file for what cannot be read at all.
Image read_png(const std::filesystem::path& path, const ImageOptions& options = {});

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/files/png_impl.hpp"
#endif
