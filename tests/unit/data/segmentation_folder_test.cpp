// SPDX-License-Identifier: MIT
#include "eigencoder/data/segmentation_folder.hpp"

#include <vector>

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
namespace fs = std::filesystem;
using ec::Index;

namespace {

void write(const fs::path& path, Index height, Index width, Index channels, const std::vector<std::uint8_t>& pixels) {
  fs::create_directories(path.parent_path());
  ec::write_png(path, {height, width, channels, pixels});
}
/// A picture of one colour, and a mask.
void write_pair(const fs::path& folder, const std::string& part, const std::string& name, std::uint8_t red,
                const std::vector<std::uint8_t>& mask, const std::string& masks = "annot", const std::string& ending = "") {
  std::vector<std::uint8_t> picture;
  for (int i = 0; i < 6; ++i) picture.insert(picture.end(), {red, static_cast<std::uint8_t>(i), 7});
  write(folder / part / (name + ".png"), 2, 3, 3, picture);
  write(folder / (part + masks) / (name + ending + ".png"), 2, 3, 1, mask);
}

/// A folder as CamVid's is, of two pictures to train on and one to test on.
void write_camvid(const fs::path& folder) {
  write_pair(folder, "train", "b", 51, {0, 1, 2, 3, 10, 11});
  write_pair(folder, "train", "a", 102, {5, 5, 5, 255, 0, 0});
  write_pair(folder, "test", "c", 255, {1, 1, 1, 1, 1, 1});
}

void expect_refused(const fs::path& folder, std::initializer_list<std::string_view> parts,
                    const ec::SegmentationFolderOptions& options = ec::camvid_options()) {
  expect_error<ec::FileError>([&] { ec::load_camvid(folder, options); }, parts);
}

}  // namespace

TEST_CASE("A folder as CamVid's: pictures by name, with a class number for each pixel and -1 where it is void", "[data]") {
  const Folder folder;
  write_camvid(folder.path);
  const auto [train, test] = ec::load_camvid<double>(folder.path);
  CHECK(train.shape == ec::image(2, 3, 3));
  REQUIRE(train.size() == 2);
  CHECK(test.size() == 1);
  CHECK(train.samples(0, 0) == 102 / 255.0);  // a before b
  CHECK(train.samples(0, 1) == 51 / 255.0);
  CHECK(train.samples(3 * 4 + 1, 1) == 4 / 255.0);  // the fifth pixel's green
  CHECK(train.masks.col(0) == Eigen::VectorXi{{5, 5, 5, -1, 0, 0}});
  CHECK(train.masks.col(1) == Eigen::VectorXi{{0, 1, 2, 3, 10, -1}});
  const auto bytes = ec::load_camvid<std::uint8_t>(folder.path);
  CHECK(bytes.train.samples(0, 0) == 102);

  // The names of Kaggle's copies.
  const Folder other;
  write_pair(other.path, "train", "x", 1, {0, 1, 2, 3, 4, 5}, "_labels", "_L");
  write_pair(other.path, "test", "y", 1, {0, 1, 2, 3, 4, 5}, "_labels", "_L");
  CHECK(ec::load_camvid(other.path).train.masks.col(0) == Eigen::VectorXi{{0, 1, 2, 3, 4, 5}});
}

TEST_CASE("Masks are resized without making new classes", "[data]") {
  const Folder folder;
  std::vector<std::uint8_t> picture(8 * 4, 100), mask(8 * 4, 0);
  for (Index y = 0; y < 4; ++y) {
    for (Index x = 0; x < 8; ++x) mask[static_cast<std::size_t>(y * 8 + x)] = x < 3 ? 0 : 9;
  }
  write(folder.path / "pictures" / "a.png", 4, 8, 1, picture);
  write(folder.path / "masks" / "a.png", 4, 8, 1, mask);
  const auto load = [&](Index height, Index width) {
    return ec::load_segmentation_folder(folder.path / "pictures", folder.path / "masks",
                                        {.classes = 10, .channels = 1, .height = height, .width = width});
  };
  CHECK(load(2, 4).shape == ec::image(2, 4));
  CHECK(load(2, 4).masks.col(0) == Eigen::VectorXi{{0, 9, 9, 9, 0, 9, 9, 9}});  // the centres are columns 1, 3, 5 and 7
  CHECK(load(1, 16).masks.col(0) == Eigen::VectorXi{{0, 0, 0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}});
  CHECK(load(0, 0).masks.col(0).sum() == 9 * 5 * 4);
}

TEST_CASE("What is wrong with pictures and masks is said with the file's name", "[data]") {
  const Folder folder;
  write_camvid(folder.path);
  const auto spoil = [&](auto what, std::initializer_list<std::string_view> parts,
                         const ec::SegmentationFolderOptions& options = ec::camvid_options()) {
    fs::remove_all(folder.path / "train"), fs::remove_all(folder.path / "trainannot");
    write_camvid(folder.path);
    what();
    expect_refused(folder.path, parts, options);
  };
  const fs::path pictures = folder.path / "train", masks = folder.path / "trainannot";
  spoil(
      [&] {
        write(masks / "a.png", 2, 3, 1, {0, 0, 0, 0, 12, 0});
      },
      {"trainannot/a.png: expected class numbers from 0 to 10, found 12 in row 1, column 1"});
  spoil(
      [&] {
        write(masks / "a.png", 3, 2, 1, {0, 0, 0, 0, 0, 0});
      },
      {"trainannot/a.png: expected a mask of 2 × 3, as ", "train/a.png is, found 3 × 2"});
  spoil([&] { write(masks / "a.png", 2, 3, 3, std::vector<std::uint8_t>(18, 3)); },
        {"trainannot/a.png: expected a picture in grey of 8 bits, whose values are numbers, found another kind"});
  // 2 × 3 pixels of one bit, as a paint program may write them: 0 and 1 would be read as 0 and 255.
  constexpr unsigned char one_bit[] = {0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
                                       0x44, 0x52, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x02, 0x01, 0x00, 0x00, 0x00,
                                       0x00, 0xb5, 0x0f, 0x5b, 0xb7, 0x00, 0x00, 0x00, 0x0c, 0x49, 0x44, 0x41, 0x54, 0x78,
                                       0x9c, 0x63, 0x70, 0x60, 0x58, 0x00, 0x00, 0x01, 0x64, 0x00, 0xe1, 0x91, 0x3a, 0xdf,
                                       0x2c, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};
  spoil([&] { ec::write_file(masks / "a.png", std::string_view(reinterpret_cast<const char*>(one_bit), sizeof one_bit)); },
        {"trainannot/a.png: expected a picture in grey of 8 bits"});
  spoil([&] { fs::remove(masks / "b.png"); }, {"trainannot/b.png: expected the mask of ", "train/b.png, found none"});
  spoil([&] { fs::remove(pictures / "b.png"); },
        {"trainannot/b.png: expected a mask of a picture, found that there is none of this name"});
  spoil([&] { fs::remove_all(masks); }, {"trainannot: expected the folder of the masks of ", "or train_labels, found neither"});
  spoil([&] { fs::remove_all(pictures); }, {"train: expected a folder of pictures, found none that can be read"});
  spoil([&] { ec::write_file(pictures / "a.png", "no picture"); }, {"train/a.png"});
  spoil([&] { fs::rename(pictures / "a.png", pictures / "a.jpg"); }, {"train/a.jpg: expected a PNG file"});
  spoil(
      [&] {
        write(pictures / "b.png", 3, 2, 3, std::vector<std::uint8_t>(18, 3));
        write(masks / "b.png", 3, 2, 1, std::vector<std::uint8_t>(6, 3));
      },
      {"train/b.png: expected a picture of shape (2, 3, 3) as ", "found (3, 2, 3); set height and width"});
  spoil([] {}, {"expected class numbers from 0 to 3, found 5"}, {.classes = 4});
  spoil(
      [&] {
        write(folder.path / "test" / "c.png", 3, 2, 3, std::vector<std::uint8_t>(18, 3));
        write(folder.path / "testannot" / "c.png", 3, 2, 1, std::vector<std::uint8_t>(6, 3));
      },
      {"test: expected pictures of shape (2, 3, 3) as in train, found (3, 2, 3)"});
}

TEST_CASE("Options of a segmentation folder that make no sense", "[data]") {
  const auto check = [](const ec::SegmentationFolderOptions& options, std::initializer_list<std::string_view> parts) {
    expect_error<ec::OptionError>([&] { ec::load_segmentation_folder("nowhere", "nowhere", options); }, parts);
  };
  check({}, {"expected 2 to 256 classes, found 0"});
  check({.classes = 257}, {"found 257"});
  check({.classes = 3, .channels = 2}, {"channels"});
  check({.classes = 3, .height = 4}, {"found 4 and 0"});
  check({.classes = 3, .max_pixels = 0}, {"max_pixels"});
}
