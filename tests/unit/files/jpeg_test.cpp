// SPDX-License-Identifier: MIT
#include "eigencoder/files/jpeg.hpp"

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "eigencoder/files/atomic_file.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
namespace fs = std::filesystem;

namespace {

using Bytes = std::vector<std::byte>;

struct Kind {
  J_COLOR_SPACE colours = JCS_RGB;
  int channels = 3;
  bool progressive = false;
};

/// A file of smooth waves, at the best quality.
Bytes make_jpeg(Kind kind, int height, int width, std::vector<JSAMPLE>* pixels = nullptr) {
  jpeg_compress_struct encoder{};
  jpeg_error_mgr errors{};
  encoder.err = jpeg_std_error(&errors);
  jpeg_create_compress(&encoder);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&encoder, &memory, &size);
  encoder.image_width = static_cast<JDIMENSION>(width);
  encoder.image_height = static_cast<JDIMENSION>(height);
  encoder.input_components = kind.channels;
  encoder.in_color_space = kind.colours;
  jpeg_set_defaults(&encoder);
  jpeg_set_quality(&encoder, 100, TRUE);
  for (int c = 0; c < kind.channels; ++c) encoder.comp_info[c].h_samp_factor = encoder.comp_info[c].v_samp_factor = 1;
  if (kind.progressive) jpeg_simple_progression(&encoder);
  jpeg_start_compress(&encoder, TRUE);
  std::vector<JSAMPLE> all, row(static_cast<std::size_t>(width * kind.channels));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < kind.channels; ++c)
        row[static_cast<std::size_t>(x * kind.channels + c)] =
            static_cast<JSAMPLE>(std::lround(128 + 100 * std::sin(0.2 * x + 0.3 * y + 2.1 * c)));
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&encoder, &pointer, 1);
    all.insert(all.end(), row.begin(), row.end());
  }
  jpeg_finish_compress(&encoder);
  jpeg_destroy_compress(&encoder);
  const auto* begin = reinterpret_cast<const std::byte*>(memory);
  Bytes bytes(begin, begin + size);
  std::free(memory);
  if (pixels) *pixels = all;
  return bytes;
}

}  // namespace

TEST_CASE("A JPEG file is read as the picture that it was made of, but for rounding", "[files]") {
  const Folder folder;
  const fs::path path = folder.path / "picture.jpg";
  const Kind kind = GENERATE(Kind{JCS_GRAYSCALE, 1, false}, Kind{JCS_RGB, 3, false}, Kind{JCS_RGB, 3, true});
  std::vector<JSAMPLE> pixels;
  ec::write_file(path, make_jpeg(kind, 21, 34, &pixels));

  const ec::Image image = ec::read_jpeg(path);
  CHECK(image.height == 21);
  CHECK(image.width == 34);
  CHECK(image.channels == kind.channels);
  REQUIRE(image.pixels.size() == pixels.size());
  int worst = 0;
  for (std::size_t i = 0; i < pixels.size(); ++i) worst = std::max(worst, std::abs(int{image.pixels[i]} - int{pixels[i]}));
  CHECK(worst <= 3);

  const ec::Image other = ec::read_jpeg(path, {.channels = kind.channels == 1 ? 3 : 1});
  CHECK(other.pixels == ec::convert_channels(image, other.channels).pixels);
  CHECK(other.channels != image.channels);
}

TEST_CASE("A JPEG file that is cut short anywhere is refused", "[files]") {
  const bool progressive = GENERATE(false, true);
  const Bytes file = make_jpeg({.progressive = progressive}, 16, 16);
  // The last two bytes are the mark of the end.
  for (std::size_t size = 0; size < file.size(); ++size) {
    INFO(size);
    CHECK_THROWS_AS(ec::decode_jpeg(std::span(file).first(size)), ec::FileError);
  }
  CHECK(ec::decode_jpeg(file).width == 16);
  expect_error<ec::FileError>([&] { ec::decode_jpeg(std::span(file).first(file.size() - 9)); },
                              {"JPEG data: expected a sound JPEG file", "Premature end of JPEG file"});
}

TEST_CASE("A JPEG file with a changed byte is a picture or an error", "[files]") {
  const Bytes file = make_jpeg({.progressive = true}, 16, 16);
  int refused = 0;
  for (std::size_t i = 0; i < file.size(); ++i)
    for (const int bit : {1, 16, 128}) {
      Bytes damaged = file;
      damaged[i] ^= static_cast<std::byte>(bit);
      try {
        const ec::Image image = ec::decode_jpeg(damaged, {.max_pixels = 1'000'000});
        CHECK(std::ssize(image.pixels) == image.height * image.width * image.channels);
      } catch (const ec::FileError&) {
        ++refused;
      }
    }
  CHECK(refused > 100);
}

TEST_CASE("Superfluous bytes before a marker do no harm", "[files]") {
  Bytes file = make_jpeg({}, 16, 16);
  const auto pixels = ec::decode_jpeg(file).pixels;
  file.insert(file.end() - 2, {std::byte{1}, std::byte{2}});
  CHECK(ec::decode_jpeg(file).pixels == pixels);
}

TEST_CASE("A JPEG file that cannot become an image is refused with what to do", "[files]") {
  expect_error<ec::FileError>(
      [] {
        ec::decode_jpeg(make_jpeg({JCS_CMYK, 4}, 8, 8));
      },
      {"1 (grey) or 3 (colour) components", "found 4 (CMYK, for print)", "save it as RGB"});
  const Bytes file = make_jpeg({}, 20, 30);
  CHECK(ec::decode_jpeg(file, {.max_pixels = 600}).height == 20);
  expect_error<ec::FileError>([&] { ec::decode_jpeg(file, {.max_pixels = 599}); }, {"1 to 599 pixels", "found 20 × 30"});
  expect_error<ec::OptionError>([&] { ec::decode_jpeg(file, {.channels = 2}); }, {"found 2"});

  const Folder folder;
  const fs::path path = folder.path / "picture.jpg";
  ec::write_file(path, "\x89PNG");
  expect_error<ec::FileError>([&] { ec::read_jpeg(path); }, {path.string(), "expected a JPEG file, which begins with ff d8"});
}
