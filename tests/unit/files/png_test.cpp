// SPDX-License-Identifier: MIT
#include "eigencoder/files/png.hpp"

#include <initializer_list>
#include <string>
#include <vector>

#include <png.h>
#include <zlib.h>

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
namespace fs = std::filesystem;

namespace {

using Pixels = std::vector<std::uint8_t>;
using Bytes = std::vector<std::byte>;

/// What a PNG file can be beyond what encode_png writes.
struct Kind {
  int bits = 8, colour = PNG_COLOR_TYPE_GRAY;
  bool interlaced = false;
  std::vector<png_color> palette = {};
  Pixels palette_alpha = {};
  int transparent_grey = -1;
  double gamma = 0;
};

/// The file with these rows, packed as the kind wants them.
Bytes make_png(Kind kind, png_uint_32 width, const std::vector<Pixels>& rows) {
  Bytes bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &bytes,
      [](png_structp writer, png_bytep from, png_size_t count) {
        auto& to = *static_cast<Bytes*>(png_get_io_ptr(writer));
        for (png_size_t i = 0; i < count; ++i) to.push_back(std::byte{from[i]});
      },
      [](png_structp) {});
  png_set_IHDR(png, info, width, static_cast<png_uint_32>(rows.size()), kind.bits, kind.colour,
               kind.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (!kind.palette.empty()) png_set_PLTE(png, info, kind.palette.data(), static_cast<int>(kind.palette.size()));
  if (!kind.palette_alpha.empty())
    png_set_tRNS(png, info, kind.palette_alpha.data(), static_cast<int>(kind.palette_alpha.size()), nullptr);
  if (kind.transparent_grey >= 0) {
    png_color_16 colour{};
    colour.gray = static_cast<png_uint_16>(kind.transparent_grey);
    png_set_tRNS(png, info, nullptr, 0, &colour);
  }
  if (kind.gamma > 0) png_set_gAMA(png, info, kind.gamma);
  png_write_info(png, info);
  std::vector<png_bytep> pointers;
  for (const Pixels& row : rows) pointers.push_back(const_cast<png_bytep>(row.data()));
  png_write_image(png, pointers.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

ec::Image ramp(ec::Index height, ec::Index width, ec::Index channels) {
  ec::Image image{height, width, channels, {}};
  for (ec::Index i = 0; i < height * width * channels; ++i) image.pixels.push_back(static_cast<std::uint8_t>(i * 37 % 256));
  return image;
}

}  // namespace

TEST_CASE("A picture survives its PNG file", "[files]") {
  const Folder folder;
  const fs::path path = folder.path / "picture.png";
  const auto channels = GENERATE(ec::Index{1}, ec::Index{3});
  ec::Image image{5, 7, channels, {}};
  for (ec::Index i = 0; i < 35 * channels; ++i) image.pixels.push_back(static_cast<std::uint8_t>(i * 37 % 256));

  ec::write_png(path, image);
  const ec::Image read = ec::read_png(path);
  CHECK(read.height == 5);
  CHECK(read.width == 7);
  CHECK(read.channels == channels);
  CHECK(read.pixels == image.pixels);
  CHECK(folder.names() == 1);
}

TEST_CASE("A picture that cannot be written is refused", "[files]") {
  const Folder folder;
  const fs::path path = folder.path / "picture.png";
  const ec::Image dot{1, 1, 1, {128}};
  const auto expect_refused = [&](const ec::Image& image, std::initializer_list<std::string_view> parts) {
    expect_error<ec::ShapeError>([&] { ec::write_png(path, image); }, parts);
    CHECK(fs::is_empty(folder.path));
  };

  SECTION("no pixels") { expect_refused({0, 5, 1, {}}, {"from 1 to 1000000", "found 0 × 5"}); }
  SECTION("more pixels than PNG files have") { expect_refused({1, 1'000'001, 1, {}}, {"1000000", "found 1 × 1000001"}); }
  SECTION("two channels") { expect_refused({1, 1, 2, {0, 0}}, {"1 or 3 channels", "1 × 1 × 2", "found 2"}); }
  SECTION("values missing") { expect_refused({2, 2, 3, {0, 0}}, {"2 × 2 × 3", "found 2"}); }
  SECTION("no folder") {
    const fs::path elsewhere = folder.path / "missing" / "picture.png";
    expect_error<ec::FileError>([&] { ec::write_png(elsewhere, dot); }, {elsewhere.string(), "No such file", "folder exists"});
    CHECK(fs::is_empty(folder.path));
  }
  SECTION("the name is taken") {
    fs::create_directory(path);
    expect_error<ec::FileError>([&] { ec::write_png(path, dot); }, {path.string(), "Is a directory"});
    CHECK(folder.names() == 1);
  }
}

TEST_CASE("A PNG file of any kind is read", "[files]") {
  SECTION("grey of 1, 2 and 4 bits takes all of 0 to 255") {
    CHECK(ec::decode_png(make_png({.bits = 1}, 4, {{0b0110'0000}})).pixels == Pixels{0, 255, 255, 0});
    CHECK(ec::decode_png(make_png({.bits = 2}, 4, {{0b0001'1011}})).pixels == Pixels{0, 85, 170, 255});
    CHECK(ec::decode_png(make_png({.bits = 4}, 4, {{0x05, 0xaf}})).pixels == Pixels{0, 85, 170, 255});
  }
  SECTION("of 16 bits the nearest of 256 steps stays, v / 257") {
    // 128 and 385 are 0.498 and 1.498 of a step, 129 and 386 are 0.502 and 1.502.
    const Bytes file = make_png({.bits = 16}, 6, {{0, 128, 0, 129, 1, 129, 1, 130, 255, 0, 255, 255}});
    CHECK(ec::decode_png(file).pixels == Pixels{0, 1, 1, 2, 254, 255});
  }
  SECTION("grey on white, by its alpha") {
    const ec::Image image =
        ec::decode_png(make_png({.colour = PNG_COLOR_TYPE_GRAY_ALPHA}, 4, {{100, 255, 100, 0, 0, 51, 100, 102}}));
    CHECK(image.channels == 1);
    CHECK(image.pixels == Pixels{100, 255, 204, 193});  // 100 · 0.4 + 255 · 0.6
  }
  SECTION("colours on white, by their alpha") {
    const ec::Image image =
        ec::decode_png(make_png({.colour = PNG_COLOR_TYPE_RGB_ALPHA}, 2, {{10, 20, 30, 255, 255, 0, 100, 51}}));
    CHECK(image.channels == 3);
    CHECK(image.pixels == Pixels{10, 20, 30, 255, 204, 224});
  }
  SECTION("a palette, of which a colour may be transparent") {
    Kind kind{.bits = 4, .colour = PNG_COLOR_TYPE_PALETTE, .palette = {{1, 2, 3}, {40, 50, 60}, {7, 8, 9}}};
    CHECK(ec::decode_png(make_png(kind, 3, {{0x10, 0x20}})).pixels == Pixels{40, 50, 60, 1, 2, 3, 7, 8, 9});
    kind.palette_alpha = {255, 0};
    CHECK(ec::decode_png(make_png(kind, 3, {{0x10, 0x20}})).pixels == Pixels{255, 255, 255, 1, 2, 3, 7, 8, 9});
  }
  SECTION("a grey that stands for nothing") {
    CHECK(ec::decode_png(make_png({.transparent_grey = 7}, 3, {{6, 7, 8}})).pixels == Pixels{6, 255, 8});
  }
  SECTION("values as they are, whatever the gamma") {
    CHECK(ec::decode_png(make_png({.gamma = 1.0}, 3, {{6, 7, 8}})).pixels == Pixels{6, 7, 8});
  }
  SECTION("interlaced") {
    const ec::Image image = ramp(11, 13, 3);
    std::vector<Pixels> rows;
    for (ec::Index y = 0; y < 11; ++y) rows.emplace_back(image.pixels.begin() + y * 39, image.pixels.begin() + (y + 1) * 39);
    const ec::Image read = ec::decode_png(make_png({.colour = PNG_COLOR_TYPE_RGB, .interlaced = true}, 13, rows));
    CHECK(read.pixels == image.pixels);
  }
}

TEST_CASE("Pictures are turned to grey or colour where they are wanted so", "[files]") {
  const Bytes colours = ec::encode_png({1, 5, 3, {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 9, 9, 9}});
  CHECK(ec::decode_png(colours, {.channels = 1}).pixels == Pixels{76, 150, 29, 255, 9});  // 76.245, 149.685, 29.07
  CHECK(ec::decode_png(ec::encode_png({1, 2, 1, {3, 200}}), {.channels = 3}).pixels == Pixels{3, 3, 3, 200, 200, 200});
  CHECK(ec::decode_png(colours, {.channels = 3}).pixels == ec::decode_png(colours).pixels);
  expect_error<ec::OptionError>([&] { ec::decode_png(colours, {.channels = 4}); },
                                {"0 (as in the file), 1 (grey) or 3 (colour)", "found 4"});
  expect_error<ec::OptionError>([&] { ec::decode_png(colours, {.max_pixels = 0}); }, {"max_pixels from 1 on", "found 0"});
  expect_error<ec::ShapeError>([] { ec::convert_channels({1, 1, 1, {7}}, 2); }, {"1 or 3 channels, found 2"});
}

TEST_CASE("A PNG file that is cut short or damaged anywhere is refused", "[files]") {
  const Bytes file = ec::encode_png(ramp(9, 7, 3));
  const Pixels pixels = ec::decode_png(file).pixels;
  for (std::size_t size = 0; size < file.size(); ++size) {
    INFO(size);
    CHECK_THROWS_AS(ec::decode_png(std::span(file).first(size)), ec::FileError);
  }
  for (std::size_t i = 0; i < file.size(); ++i) {
    INFO(i);
    Bytes damaged = file;
    damaged[i] ^= std::byte{16};
    if (i >= 37 && i < 46) {  // in the chunk sRGB, which says nothing on the values
      CHECK(ec::decode_png(damaged).pixels == pixels);
    } else {
      CHECK_THROWS_AS(ec::decode_png(damaged), ec::FileError);
    }
  }
  expect_error<ec::FileError>([&] { ec::decode_png(std::span(file).first(file.size() - 20)); },
                              {"PNG data: expected a sound PNG file", "cut short"});
}

TEST_CASE("A picture too large for the options is refused by its header", "[files]") {
  const Bytes file = ec::encode_png(ramp(20, 30, 1));
  CHECK(ec::decode_png(file, {.max_pixels = 600}).width == 30);
  expect_error<ec::FileError>([&] { ec::decode_png(file, {.max_pixels = 599}); },
                              {"1 to 599 pixels", "found 20 × 30", "raise max_pixels"});

  // Ten gigapixels by their header, whose check sum is right, and one row.
  const auto promise = [](png_uint_32 height, png_uint_32 width) {
    Bytes bytes = make_png({}, 1, {{0}});
    for (int i = 0; i < 4; ++i) {
      bytes[static_cast<std::size_t>(16 + i)] = static_cast<std::byte>(width >> (24 - 8 * i));
      bytes[static_cast<std::size_t>(20 + i)] = static_cast<std::byte>(height >> (24 - 8 * i));
    }
    const auto sum = crc32(0, reinterpret_cast<const Bytef*>(bytes.data() + 12), 17);
    for (int i = 0; i < 4; ++i) bytes[static_cast<std::size_t>(29 + i)] = static_cast<std::byte>(sum >> (24 - 8 * i));
    return bytes;
  };
  expect_error<ec::FileError>([&] { ec::decode_png(promise(100'000, 100'000)); }, {"found 100000 × 100000"});
  expect_error<ec::FileError>([&] { ec::decode_png(promise(9'000, 9'000)); },
                              {"a picture of 9000 × 9000, found only", "cut short"});
}

TEST_CASE("What is no PNG file is refused by name", "[files]") {
  const Folder folder;
  const fs::path path = folder.path / "picture.png";
  ec::write_file(path, "GIF89a and more");
  expect_error<ec::FileError>([&] { ec::read_png(path); },
                              {path.string(), "expected a PNG file, which begins with 89 50 4e 47", "other bytes"});
  expect_error<ec::FileError>([&] { ec::read_png(folder.path / "missing.png"); }, {"missing.png", "No such file"});
}

TEST_CASE("A picture takes another size", "[files]") {
  const auto resized = [](Pixels row, ec::Index width) {
    const ec::Index size = std::ssize(row);
    const Pixels across = ec::resize({1, size, 1, row}, 1, width).pixels;
    CHECK(ec::resize({size, 1, 1, row}, width, 1).pixels == across);  // rows are columns
    return across;
  };
  CHECK(resized({10, 20, 30}, 3) == Pixels{10, 20, 30});
  CHECK(resized({0, 100}, 4) == Pixels{0, 25, 75, 100});  // at -0.25, 0.25, 0.75 and 1.25
  CHECK(resized({80}, 3) == Pixels{80, 80, 80});
  // Half the size: weights 1, 3, 3, 1 of 8, and 3, 3, 1 of 7 at the border.
  CHECK(resized({70, 16, 0, 0, 0, 140}, 3) == Pixels{37, 2, 60});  // 258 / 7, 16 / 8, 420 / 7

  const ec::Image colours = ec::resize({2, 2, 3, {9, 0, 90, 9, 0, 90, 9, 0, 90, 9, 0, 90}}, 5, 3);
  CHECK(colours.height == 5);
  CHECK(colours.width == 3);
  for (std::size_t i = 0; i < 15; ++i) CHECK(Pixels(&colours.pixels[3 * i], &colours.pixels[3 * i] + 3) == Pixels{9, 0, 90});
  expect_error<ec::ShapeError>([] { ec::resize({1, 1, 1, {7}}, 0, 5); }, {"from 1 to 1000000", "found 0 × 5"});
}
