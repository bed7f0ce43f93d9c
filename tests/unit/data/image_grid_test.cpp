// SPDX-License-Identifier: MIT
#include "eigencoder/data/image_grid.hpp"

#include <numeric>
#include <vector>

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
namespace fs = std::filesystem;

namespace {

/// Every value another one, as far as there are 256.
fs::path write_counted(const fs::path& path, ec::Index height, ec::Index width, ec::Index channels) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(height * width * channels));
  std::iota(pixels.begin(), pixels.end(), std::uint8_t{0});
  ec::write_png(path, {height, width, channels, pixels});
  return path;
}

}  // namespace

TEST_CASE("A grid is cut into cells, row by row", "[data]") {
  const Folder folder;
  const fs::path file = write_counted(folder.path / "grid.png", 4, 6, 1);  // the value is 6 y + x
  const auto set = ec::load_image_grid<std::uint8_t>(file, {.height = 2, .width = 3});
  CHECK(set.shape == ec::image(2, 3));
  CHECK(set.labels.size() == 0);
  Eigen::MatrixXi expected(6, 4);
  expected << 0, 3, 12, 15,  //
      1, 4, 13, 16,          //
      2, 5, 14, 17,          //
      6, 9, 18, 21,          //
      7, 10, 19, 22,         //
      8, 11, 20, 23;
  CHECK(set.samples.cast<int>() == expected);

  const auto first = ec::load_image_grid<double>(file, {.height = 2, .width = 3, .count = 3});
  CHECK(first.samples == expected.leftCols(3).cast<double>() / 255.0);
  CHECK(ec::load_image_grid<float>(file, {.height = 4, .width = 6}).size() == 1);
}

TEST_CASE("Cells of colour have their channels innermost", "[data]") {
  const Folder folder;
  const fs::path file = write_counted(folder.path / "grid.png", 2, 4, 3);  // the value is 12 y + 3 x + c
  const auto set = ec::load_image_grid<std::uint8_t>(file, {.height = 2, .width = 2});
  CHECK(set.shape == ec::image(2, 2, 3));
  Eigen::MatrixXi expected(12, 2);
  for (int y = 0; y < 2; ++y)
    for (int i = 0; i < 6; ++i) expected.row(6 * y + i) << 12 * y + i, 12 * y + i + 6;
  CHECK(set.samples.cast<int>() == expected);

  const auto grey = ec::load_image_grid<std::uint8_t>(file, {.height = 1, .width = 1, .channels = 1});
  CHECK(grey.shape == ec::image(1, 1));
  CHECK(grey.samples.cast<int>() ==
        (Eigen::RowVectorXi(8) << 1, 4, 7, 10, 13, 16, 19, 22).finished());  // luma of v, v + 1, v + 2
}

TEST_CASE("A picture that is no such grid is refused", "[data]") {
  const Folder folder;
  const fs::path file = write_counted(folder.path / "grid.png", 4, 6, 1);
  const auto refused = [&](const ec::ImageGridOptions& options, std::initializer_list<std::string_view> parts) {
    expect_error<ec::FileError>([&] { ec::load_image_grid(file, options); }, parts);
  };
  refused({.height = 3, .width = 3}, {"grid.png: expected a grid of cells of 3 × 3 pixels, found a picture of 4 × 6"});
  refused({.height = 2, .width = 4}, {"cells of 2 × 4 pixels, found a picture of 4 × 6, which is no multiple"});
  refused({.height = 8, .width = 6}, {"cells of 8 × 6 pixels, found a picture of 4 × 6"});
  refused({.height = 2, .width = 3, .count = 5}, {"grid.png: expected a grid of 5 cells or more, found 2 × 2 = 4"});
  refused({.height = 2, .width = 3, .max_pixels = 23}, {"grid.png: expected a picture of 1 to 23 pixels, found 4 × 6"});
  expect_error<ec::FileError>([&] { ec::load_image_grid(folder.path / "missing.png", {.height = 2, .width = 3}); },
                              {"missing.png"});
  ec::write_file(folder.path / "text.png", "text");
  expect_error<ec::FileError>([&] { ec::load_image_grid(folder.path / "text.png", {.height = 2, .width = 3}); },
                              {"text.png: expected a PNG file"});
}

TEST_CASE("Options of load_image_grid are checked before the file is read", "[data]") {
  const auto refused = [](const ec::ImageGridOptions& options, std::string_view part) {
    expect_error<ec::OptionError>([&] { ec::load_image_grid("missing.png", options); }, {"load_image_grid: expected", part});
  };
  refused({}, "height and width of a cell, from 1 to 1000000, found 0 and 0");
  refused({.height = 32}, "found 32 and 0");
  refused({.height = -1, .width = 32}, "found -1 and 32");
  refused({.height = 32, .width = 1'000'001}, "found 32 and 1000001");
  refused({.height = 32, .width = 32, .count = -1}, "a count of cells, or 0 for all, found -1");
  refused({.height = 32, .width = 32, .channels = 2}, "channels to be 0 (as in the file), 1 (grey) or 3 (colour), found 2");
  refused({.height = 32, .width = 32, .max_pixels = 0}, "max_pixels from 1 on, found 0");
}

TEST_CASE("The emoji are those of their list", "[data]") {
  const auto faces = ec::load_image_grid<std::uint8_t>(fs::path(EIGENCODER_DATA_DIR) / "emoji" / "smileys-emotion.png",
                                                       {.height = 32, .width = 32, .count = 166});
  REQUIRE(faces.shape == ec::image(32, 32, 3));
  CHECK(faces.samples.topRows(3).minCoeff() == 255);  // the corners are white
  // A yellow forehead: red, green, blue of the pixel above the middle of the first face.
  const auto pixel = faces.samples.col(0).segment((8 * 32 + 16) * 3, 3).cast<int>();
  CHECK((pixel[0] > 220 && pixel[1] > 160 && pixel[2] < 120));
}
