// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The codes of messages depend on the library's version, which the first of these defines.
// clang-format off
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"
#include "eigencoder/files/image.hpp"
#include "eigencoder/files/read_file.hpp"

namespace eigencoder {

namespace detail {

/// A JPEG that is being read by libjpeg, whose errors jump. The functions that may jump into this hold no C++ objects.
class JpegReader {
 public:
  JpegReader() {
    decoder_.err = jpeg_std_error(&errors_);
    decoder_.client_data = this;
    errors_.error_exit = &on_error;
    errors_.output_message = [](j_common_ptr) {};
    // Its warnings are of data that are damaged or cut short, where it goes on with grey. Only superfluous bytes do no harm.
    errors_.emit_message = [](j_common_ptr any, int level) {
      if (level < 0 && any->err->msg_code != JWRN_EXTRANEOUS_DATA) any->err->error_exit(any);
    };
    progress_.progress_monitor = [](j_common_ptr any) {
      // A few bytes are a scan of the whole picture, so that a small file could take hours.
      if (reinterpret_cast<j_decompress_ptr>(any)->input_scan_number > 500) jump(any, "more than 500 scans");
    };
  }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;
  ~JpegReader() { jpeg_destroy_decompress(&decoder_); }

  /// False, with a reason, if libjpeg has failed.
  bool read_header(std::span<const std::byte> bytes) {
    if (setjmp(jump_)) return false;
    jpeg_create_decompress(&decoder_);
    decoder_.progress = &progress_;
    jpeg_mem_src(&decoder_, reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<unsigned long>(bytes.size()));
    jpeg_read_header(&decoder_, TRUE);
    return true;
  }

  /// All rows, and what follows them up to the end of the picture.
  bool read_rows(std::uint8_t* to, std::size_t row_bytes) {
    if (setjmp(jump_)) return false;
    decoder_.out_color_space = decoder_.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(&decoder_);
    while (decoder_.output_scanline < decoder_.output_height) {
      JSAMPROW row = to + decoder_.output_scanline * row_bytes;
      jpeg_read_scanlines(&decoder_, &row, 1);
    }
    jpeg_finish_decompress(&decoder_);
    return true;
  }

  Index height() const { return decoder_.image_height; }
  Index width() const { return decoder_.image_width; }
  int components() const { return decoder_.num_components; }
  const char* reason() const { return reason_.data(); }

 private:
  [[noreturn]] static void on_error(j_common_ptr any) {
    char text[JMSG_LENGTH_MAX];
    any->err->format_message(any, text);
    jump(any, text);
  }
  [[noreturn]] static void jump(j_common_ptr any, const char* text) {
    auto& self = *static_cast<JpegReader*>(any->client_data);
    std::memcpy(self.reason_.data(), text, std::min(std::strlen(text), self.reason_.size() - 1));
    std::longjmp(self.jump_, 1);
  }

  jpeg_decompress_struct decoder_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf jump_{};
  std::array<char, JMSG_LENGTH_MAX> reason_{};
};

inline Image decode_jpeg(std::span<const std::byte> bytes, const ImageOptions& options, std::string_view name) {
  check_image_options(options, name);
  if (bytes.size() < 2 || bytes[0] != std::byte{0xff} || bytes[1] != std::byte{0xd8})
    throw FileError(message(name, ": expected a JPEG file, which begins with ff d8, found other bytes"));
  JpegReader jpeg;
  const auto refuse = [&] {
    throw FileError(message(name, ": expected a sound JPEG file, found damage (", jpeg.reason(), "); get or save it again"));
  };
  if (!jpeg.read_header(bytes)) refuse();
  check_promised_size(name, jpeg.height(), jpeg.width(), options);
  if (jpeg.components() != 1 && jpeg.components() != 3)
    throw FileError(message(name, ": expected a JPEG of 1 (grey) or 3 (colour) components, found ", jpeg.components(),
                            jpeg.components() == 4 ? " (CMYK, for print)" : "", "; save it as RGB"));

  const Index channels = jpeg.components();
  Image image{jpeg.height(), jpeg.width(), channels, {}};
  image.pixels.resize(static_cast<std::size_t>(image.height * image.width * channels));
  if (!jpeg.read_rows(image.pixels.data(), static_cast<std::size_t>(image.width * channels))) refuse();
  if (options.channels != 0) image = convert_channels(std::move(image), options.channels);
  return image;
}

}  // namespace detail

/// The picture in the bytes of a JPEG file, grey or colour, baseline or progressive. Pixels are in the order of the file: a
/// camera's note that it was turned (EXIF orientation) is ignored, as Keras and torchvision ignore it.
/// Throws FileError with libjpeg's reason for data that are cut short or damaged, for CMYK, and for more pixels than the
/// options allow, before memory is taken for them; OptionError for options out of range.
inline Image decode_jpeg(std::span<const std::byte> bytes, const ImageOptions& options = {}) {
  return detail::decode_jpeg(bytes, options, "JPEG data");
}

/// The picture in a JPEG file: see decode_jpeg, and read_file for what cannot be read at all.
inline Image read_jpeg(const std::filesystem::path& path, const ImageOptions& options = {}) {
  return detail::decode_jpeg(read_file(path), options, path.string());
}

}  // namespace eigencoder
