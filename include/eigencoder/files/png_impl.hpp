// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

#include <png.h>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"
#include "eigencoder/files/png.hpp"
#include "eigencoder/files/read_file.hpp"

namespace eigencoder {

static_assert(detail::longest_side == PNG_USER_WIDTH_MAX && detail::longest_side == PNG_USER_HEIGHT_MAX);

EIGENCODER_INLINE std::vector<std::byte> encode_png(const Image& image) {
  detail::check_image(image, "encode_png");
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.height = static_cast<png_uint_32>(image.height);
  header.width = static_cast<png_uint_32>(image.width);
  header.format = image.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(header);
  std::vector<std::byte> bytes(size);
  if (!png_image_write_to_memory(&header, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr))
    throw FileError(
        message("encode_png: a picture of ", image.height, " × ", image.width, " cannot be encoded (", header.message, ")"));
  bytes.resize(size);
  return bytes;
}

namespace detail {

/// A PNG that is being read by libpng, whose errors jump. The functions that may jump into this hold no C++ objects.
class PngReader {
 public:
  explicit PngReader(std::span<const std::byte> bytes) : left_(bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, &on_error, [](png_structp, png_const_charp) {});
    if (png_) info_ = png_create_info_struct(png_);
    if (info_) return;
    png_destroy_read_struct(&png_, nullptr, nullptr);
    throw std::bad_alloc();
  }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }

  /// False, with a reason, if libpng has failed. Whatever the file has, rows are 8 bits of grey or RGB, perhaps with alpha.
  bool read_header() {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_set_read_fn(png_, this, &read);
    png_set_user_limits(png_, longest_side, longest_side);
    png_set_chunk_malloc_max(png_, 1 << 22);
    png_set_chunk_cache_max(png_, 100);
    png_read_info(png_, info_);
    height = png_get_image_height(png_, info_);
    width = png_get_image_width(png_, info_);
    stored_bytes = static_cast<Index>(png_get_rowbytes(png_, info_)) * height;
    grey_bytes = png_get_color_type(png_, info_) == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(png_, info_) == 8;
    png_set_expand(png_);    // palettes to RGB, 1 to 4 bits to 8, a transparent colour to alpha
    png_set_scale_16(png_);  // 16 bits to the nearest of 8
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    values = png_get_channels(png_, info_);
    return true;
  }

  /// All rows, and what follows them up to the end of the picture.
  bool read_rows(std::uint8_t** rows) {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_read_image(png_, rows);
    png_read_end(png_, nullptr);
    return true;
  }

  const char* reason() const { return reason_.data(); }

  Index height = 0, width = 0, values = 0;  ///< `values` of a pixel: 1 or 3, and 1 more for alpha
  Index stored_bytes = 0;                   ///< of all rows as the file packs them
  bool grey_bytes = false;                  ///< the file's pixels are grey and of 8 bits: they are read as they are

 private:
  static void on_error(png_structp png, png_const_charp text) {
    auto& self = *static_cast<PngReader*>(png_get_error_ptr(png));
    std::strncpy(self.reason_.data(), text, self.reason_.size() - 1);
    png_longjmp(png, 1);
  }
  static void read(png_structp png, png_bytep to, png_size_t count) {
    auto& self = *static_cast<PngReader*>(png_get_io_ptr(png));
    if (count > self.left_.size()) png_error(png, "it is cut short");
    std::memcpy(to, self.left_.data(), count);
    self.left_ = self.left_.subspan(count);
  }

  std::span<const std::byte> left_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::array<char, 128> reason_{};
};

EIGENCODER_INLINE Image decode_png(std::span<const std::byte> bytes, const ImageOptions& options, std::string_view name,
                                   bool numbers) {
  check_image_options(options, name);
  if (bytes.size() < 8 || png_sig_cmp(reinterpret_cast<const png_byte*>(bytes.data()), 0, 8) != 0)
    throw FileError(message(name, ": expected a PNG file, which begins with 89 50 4e 47 0d 0a 1a 0a, found other bytes"));
  PngReader png(bytes);
  const auto refuse = [&] {
    throw FileError(message(name, ": expected a sound PNG file, found damage (", png.reason(), "); get or save it again"));
  };
  if (!png.read_header()) refuse();
  if (numbers && !png.grey_bytes)
    throw FileError(message(name, ": expected a picture in grey of 8 bits, whose values are numbers, found another kind"));
  check_promised_size(name, png.height, png.width, options);
  // Deflate packs nothing tighter than 1032 : 1, so less than that cannot hold the picture.
  if (png.stored_bytes / 1032 > std::ssize(bytes))
    throw FileError(message(name, ": expected a picture of ", png.height, " × ", png.width, ", found only ", bytes.size(),
                            " bytes; it is cut short or damaged"));

  const auto row_bytes = static_cast<std::size_t>(png.width * png.values);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(png.height) * row_bytes);
  std::vector<std::uint8_t*> rows(static_cast<std::size_t>(png.height));
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = pixels.data() + y * row_bytes;
  if (!png.read_rows(rows.data())) refuse();

  const Index channels = png.values < 3 ? 1 : 3;
  if (channels != png.values) {  // on white
    const std::uint8_t* in = pixels.data();
    std::uint8_t* out = pixels.data();
    for (Index i = 0; i < png.height * png.width; ++i, in += png.values) {
      const unsigned alpha = in[channels];
      for (Index c = 0; c < channels; ++c)
        *out++ = static_cast<std::uint8_t>((in[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
    pixels.resize(static_cast<std::size_t>(png.height * png.width * channels));
  }
  Image image{png.height, png.width, channels, std::move(pixels)};
  if (options.channels != 0) image = convert_channels(std::move(image), options.channels);
  return image;
}

}  // namespace detail

EIGENCODER_INLINE Image read_png(const std::filesystem::path& path, const ImageOptions& options) {
  return detail::decode_png(read_file(path), options, path.string());
}

}  // namespace eigencoder
