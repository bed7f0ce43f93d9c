// SPDX-License-Identifier: MIT
#include "eigencoder/io/png.hpp"

#include <limits>
#include <set>
#include <string>
#include <vector>

#include "eigencoder/io/font.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
namespace fs = std::filesystem;

namespace {

using Pixel = std::vector<int>;
const Pixel white{255, 255, 255}, black{0, 0, 0}, red{214, 39, 40};

Pixel pixel(const ec::Image& image, ec::Index y, ec::Index x) {
  const auto begin = image.pixels.begin() + (y * image.width + x) * image.channels;
  return {begin, begin + image.channels};
}

bool has_ink(const ec::Image& image, ec::Index left, ec::Index right) {
  for (ec::Index y = 0; y < image.height; ++y)
    for (ec::Index x = left; x < right; ++x)
      if (pixel(image, y, x) != white) return true;
  return false;
}

std::string drawing(char character) {
  std::string rows;
  for (ec::Index y = 0; y < ec::font::height; ++y) {
    for (ec::Index x = 0; x < ec::font::width; ++x) rows += ec::font::ink(character, x, y) ? '#' : '.';
    rows += '\n';
  }
  return rows;
}

}  // namespace

TEST_CASE("A grid puts each image in its place", "[io]") {
  const Eigen::MatrixXf first = (Eigen::MatrixXf(2, 2) << 0.0f, 0.2f, 0.6f, 0.4f).finished();
  const Eigen::MatrixXd second = Eigen::Vector2d(0.6, 0.8);
  const ec::Image grid = ec::image_grid({{"", first}, {"", second}}, ec::image(1, 2), {.scale = 2, .gap = 1});

  // Margins of 3, images of 2 × 4 pixels, gaps of 1.
  REQUIRE(grid.height == 3 + 2 + 1 + 2 + 3);
  REQUIRE(grid.width == 3 + 4 + 1 + 4 + 3);
  REQUIRE(grid.channels == 3);
  const std::vector<std::string> expected{"...............",  // a digit counts steps of 0.2
                                          "...............",  //
                                          "...............",  //
                                          "...0033.1122...",  //
                                          "...0033.1122...",  //
                                          "...............",  //
                                          "...3344........",  //
                                          "...3344........",  //
                                          "...............",  //
                                          "...............",  //
                                          "..............."};
  for (ec::Index y = 0; y < grid.height; ++y)
    for (ec::Index x = 0; x < grid.width; ++x) {
      const char mark = expected[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)];
      CHECK(pixel(grid, y, x) == (mark == '.' ? white : Pixel(3, (mark - '0') * 51)));
    }
}

TEST_CASE("An image of three channels is shown in colour, channels innermost, row by row", "[io]") {
  Eigen::VectorXf values(12);
  values << 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0;
  const ec::Image grid = ec::image_grid({{"", values}}, ec::image(2, 2, 3), {.scale = 1, .gap = 0});
  REQUIRE(grid.pixels.size() == 12);
  CHECK(pixel(grid, 0, 0) == Pixel{255, 0, 0});
  CHECK(pixel(grid, 0, 1) == Pixel{0, 255, 0});
  CHECK(pixel(grid, 1, 0) == Pixel{0, 0, 255});
  CHECK(pixel(grid, 1, 1) == Pixel{255, 255, 0});
}

TEST_CASE("Values outside [0, 1] are shown as its ends, and NaN is red", "[io]") {
  constexpr float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  Eigen::VectorXf values(8);
  values << -0.5f, 1.5f, -infinity, infinity, nan, 0.5f, 0.001f, 0.999f;
  const ec::Image grid = ec::image_grid({{"", values}}, ec::image(1, 8), {.scale = 1, .gap = 0});
  CHECK(pixel(grid, 0, 0) == black);
  CHECK(pixel(grid, 0, 1) == white);
  CHECK(pixel(grid, 0, 2) == black);
  CHECK(pixel(grid, 0, 3) == white);
  CHECK(pixel(grid, 0, 4) == red);
  CHECK(pixel(grid, 0, 5) == Pixel{128, 128, 128});
  CHECK(pixel(grid, 0, 6) == black);
  CHECK(pixel(grid, 0, 7) == white);

  const Eigen::Vector3f colour(0.5f, nan, 0.5f);
  CHECK(pixel(ec::image_grid({{"", colour}}, ec::image(1, 1, 3), {.scale = 1, .gap = 0}), 0, 0) == red);
}

TEST_CASE("Small images are enlarged until a person can see them", "[io]") {
  const auto enlarged = [](ec::Index height, ec::Index width, ec::Index scale) {
    const Eigen::MatrixXf images = Eigen::MatrixXf::Zero(height * width, 1);
    return ec::image_grid({{"", images}}, ec::image(height, width), {.scale = scale, .gap = 0}).width;
  };
  CHECK(enlarged(28, 28, 0) == 84);
  CHECK(enlarged(8, 8, 0) == 80);
  CHECK(enlarged(28, 14, 0) == 42);
  CHECK(enlarged(1, 84, 0) == 84);
  CHECK(enlarged(200, 200, 0) == 200);
  CHECK(enlarged(28, 28, 1) == 28);
  CHECK(enlarged(28, 28, 5) == 140);
}

TEST_CASE("A grid shows as many columns as it is asked for and there are", "[io]") {
  const Eigen::MatrixXf images = Eigen::MatrixXf::Zero(1, 30);
  const auto width = [&](ec::Index count, ec::Index columns) {
    return ec::image_grid({{"", images.leftCols(count)}}, ec::image(1, 1), {.columns = columns, .scale = 1, .gap = 0}).width;
  };
  CHECK(width(30, 10) == 10);
  CHECK(width(30, 25) == 25);
  CHECK(width(7, 10) == 7);
  CHECK(ec::image_grid({{"", images}}, ec::image(1, 1)).width == 840 + 36 + 24);  // ten images, nine gaps, two margins
}

TEST_CASE("Labels stand at the left, by their rows, and end where the images begin", "[io]") {
  const Eigen::MatrixXf blank = Eigen::MatrixXf::Ones(784, 1);
  const ec::Image grid = ec::image_grid({{"long label", blank}, {"I", blank}}, ec::image(28, 28));
  const ec::Index label_width = 2 * ec::font::text_width("long label");
  REQUIRE(grid.width == 12 + label_width + 12 + 84 + 12);
  REQUIRE(grid.height == 12 + 84 + 4 + 84 + 12);

  CHECK_FALSE(has_ink(grid, 0, 12));
  CHECK(has_ink(grid, 12, 12 + label_width));
  CHECK_FALSE(has_ink(grid, 12 + label_width, grid.width));

  // The second row has an I alone: two pixels wide, in the third of five columns, seven rows of two around the middle.
  const ec::Index middle = 12 + 84 + 4 + 42, left = 12 + label_width - 6;
  for (ec::Index y = middle - 7; y < middle + 7; ++y) CHECK(pixel(grid, y, left) != white);
  CHECK(pixel(grid, middle - 8, left) == white);
  CHECK(pixel(grid, middle + 7, left) == white);
  CHECK(pixel(grid, middle, left - 1) == white);
  CHECK(pixel(grid, middle, left + 2) == white);
}

TEST_CASE("Pixels of 8 bits are shown as what they stand for", "[io]") {
  const auto bytes = Eigen::Matrix<std::uint8_t, 256, 1>::LinSpaced(256, 0, 255).eval();
  const Eigen::MatrixXf values = bytes.cast<float>() / 255.0F;
  CHECK(ec::image_grid({{"", bytes}}, ec::image(16, 16)).pixels == ec::image_grid({{"", values}}, ec::image(16, 16)).pixels);
}

TEST_CASE("A label higher than its images has room", "[io]") {
  const ec::Image grid = ec::image_grid({{"g", Eigen::MatrixXf::Ones(1, 1)}}, ec::image(1, 1), {.scale = 1, .gap = 0});
  CHECK(grid.height == 2 * (2 + ec::font::cap_height + 2));  // as much above capitals as hangs below them
  CHECK(grid.width == 2 * ec::font::width + 1);
}

TEST_CASE("A grid refuses what it cannot show", "[io]") {
  const Eigen::MatrixXf images = Eigen::MatrixXf::Zero(784, 2);
  const std::vector<ec::ImageRow> rows{{"original", images}};
  const auto expect_shape_error = [](const std::vector<ec::ImageRow>& given, ec::Shape shape,
                                     std::initializer_list<std::string_view> parts) {
    expect_error<ec::ShapeError>([&] { ec::image_grid(given, shape); }, parts);
  };
  expect_shape_error(rows, ec::image(28, 28, 2), {"1 or 3 channels", "found (28, 28, 2)"});
  expect_shape_error(rows, {.channels = 1, .height = 0, .width = 0}, {"found (1)"});
  expect_shape_error(rows, ec::image(28, 27), {"row \"original\"", "(28, 27, 1), 756 values", "found 784"});
  expect_shape_error({}, ec::image(28, 28), {"at least one image", "found none in 0 rows"});
  expect_shape_error({{"", images.leftCols(0)}}, ec::image(28, 28), {"at least one image", "found none in 1 rows"});

  const auto expect_option_error = [&](ec::GridOptions options, std::initializer_list<std::string_view> parts) {
    expect_error<ec::OptionError>([&] { ec::image_grid(rows, ec::image(28, 28), options); }, parts);
  };
  expect_option_error({.columns = 0}, {"columns from 1 to 1000000", "found 0"});
  expect_option_error({.scale = -1}, {"scale from 0 to 1000000", "found -1"});
  expect_option_error({.gap = -2}, {"gap from 0 to 1000000", "found -2"});
  expect_option_error({.gap = 1'000'001}, {"gap from 0 to 1000000", "found 1000001"});
  expect_error<ec::ShapeError>([&] { ec::image_grid(rows, ec::image(28, 28), {.scale = 100'000}); }, {"from 1 to 1000000"});
}

TEST_CASE("write_image_grid writes the picture that image_grid makes", "[io]") {
  const Folder folder;
  const fs::path path = folder.path / "grid.png";
  const Eigen::MatrixXf images = (Eigen::MatrixXf::Random(784, 3).array() + 1.0f) / 2.0f;
  ec::write_image_grid(path, {{"original", images}, {"reconstruction", images.cast<double>()}}, ec::image(28, 28));
  const ec::Image read = ec::read_png(path);
  const ec::Image made = ec::image_grid({{"original", images}, {"reconstruction", images}}, ec::image(28, 28));
  CHECK(read.height == made.height);
  CHECK(read.width == made.width);
  CHECK(read.pixels == made.pixels);

  const auto write_nothing = [&] { ec::write_image_grid(path, {}, ec::image(28, 28)); };
  expect_error<ec::ShapeError>(write_nothing, {"at least one image"});
  CHECK(ec::read_png(path).pixels == made.pixels);
}

TEST_CASE("The font draws every printable character of ASCII, no two alike", "[io]") {
  CHECK(drawing('R') ==
        "####.\n"
        "#...#\n"
        "#...#\n"
        "####.\n"
        "#.#..\n"
        "#..#.\n"
        "#...#\n"
        ".....\n"
        ".....\n");
  CHECK(drawing('g') ==
        ".....\n"
        ".....\n"
        ".####\n"
        "#...#\n"
        "#...#\n"
        "#...#\n"
        ".####\n"
        "....#\n"
        ".###.\n");
  CHECK(drawing(' ').find('#') == std::string::npos);

  std::set<std::string> drawings;
  for (char character = ' '; character <= '~'; ++character) drawings.insert(drawing(character));
  CHECK(drawings.size() == 95);
  drawings.insert(drawing('\n'));
  CHECK(drawings.size() == 96);
  CHECK(drawing('\n') == drawing('\xc3'));

  CHECK(ec::font::text_width("") == 0);
  CHECK(ec::font::text_width("a") == 5);
  CHECK(ec::font::text_width("ab") == 11);
  CHECK(ec::font::text_width("\xc3\xa9t\xc3\xa9") == 17);
}
