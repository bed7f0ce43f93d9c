// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>

#include "eigencoder/files/jpeg.hpp"

// JPEG files by libjpeg, to compare with.
namespace jpeg {

namespace ec = eigencoder;

/// The bytes of a grey JPEG with Huffman tables of its own. Throws ShapeError for a picture that is too large for one.
inline std::vector<std::byte> encode(const ec::Image& picture, int quality) {
  if (picture.height > JPEG_MAX_DIMENSION || picture.width > JPEG_MAX_DIMENSION)
    throw ec::ShapeError(ec::message("JPEG: expected at most ", JPEG_MAX_DIMENSION, " pixels a side, found ", picture.height,
                                     " x ", picture.width));
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &buffer, &size);
  jpeg.image_width = static_cast<JDIMENSION>(picture.width);
  jpeg.image_height = static_cast<JDIMENSION>(picture.height);
  jpeg.input_components = 1;
  jpeg.in_color_space = JCS_GRAYSCALE;
  jpeg_set_defaults(&jpeg);
  jpeg.optimize_coding = TRUE;
  jpeg_set_quality(&jpeg, quality, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    auto* row = const_cast<JSAMPROW>(&picture.pixels[jpeg.next_scanline * static_cast<std::size_t>(picture.width)]);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  const auto all = std::as_bytes(std::span(buffer, size));
  std::vector<std::byte> bytes(all.begin(), all.end());
  jpeg_destroy_compress(&jpeg);
  std::free(buffer);
  return bytes;
}

/// How many bytes come before the coded pixels: up to the end of the segment that begins with ff da.
inline std::size_t header(const std::vector<std::byte>& bytes) {
  std::size_t at = 2;
  while (true) {
    const bool scan = bytes[at + 1] == std::byte{0xda};
    at += 2 + (std::to_integer<std::size_t>(bytes[at + 2]) << 8 | std::to_integer<std::size_t>(bytes[at + 3]));
    if (scan) return at;
  }
}

}  // namespace jpeg
