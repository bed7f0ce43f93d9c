// SPDX-License-Identifier: MIT
#include "eigencoder/data/image_folder.hpp"

#include <cstdlib>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
namespace fs = std::filesystem;

namespace {

using Names = std::vector<std::string>;

/// One grey value all over, as JPEG keeps it exactly.
void write_jpeg(const fs::path& path, JSAMPLE value, int size) {
  jpeg_compress_struct encoder{};
  jpeg_error_mgr errors{};
  encoder.err = jpeg_std_error(&errors);
  jpeg_create_compress(&encoder);
  unsigned char* memory = nullptr;
  unsigned long bytes = 0;
  jpeg_mem_dest(&encoder, &memory, &bytes);
  encoder.image_width = encoder.image_height = static_cast<JDIMENSION>(size);
  encoder.input_components = 1;
  encoder.in_color_space = JCS_GRAYSCALE;
  jpeg_set_defaults(&encoder);
  jpeg_set_quality(&encoder, 100, TRUE);
  jpeg_start_compress(&encoder, TRUE);
  std::vector<JSAMPLE> row(static_cast<std::size_t>(size), value);
  JSAMPROW pointer = row.data();
  for (int y = 0; y < size; ++y) jpeg_write_scanlines(&encoder, &pointer, 1);
  jpeg_finish_compress(&encoder);
  jpeg_destroy_compress(&encoder);
  ec::write_file(path, std::as_bytes(std::span(memory, bytes)));
  std::free(memory);
}

void write_grey(const fs::path& path, std::uint8_t value, ec::Index height = 2, ec::Index width = 3) {
  fs::create_directories(path.parent_path());
  ec::write_png(path, {height, width, 1, std::vector<std::uint8_t>(static_cast<std::size_t>(height * width), value)});
}

void expect_refused(const fs::path& folder, std::initializer_list<std::string_view> parts,
                    const ec::ImageFolderOptions& options = {}) {
  expect_error<ec::FileError>([&] { ec::load_image_folder(folder, options); }, parts);
}

}  // namespace

TEST_CASE("A folder with one folder a class is a labelled set", "[data]") {
  const Folder folder;
  write_grey(folder.path / "dog" / "b.png", 51);
  write_grey(folder.path / "dog" / "a.PNG", 102);
  write_grey(folder.path / "cat" / "10.png", 153);
  write_grey(folder.path / "cat" / "9.png", 204);
  write_grey(folder.path / "Zebra" / "z.png", 255);
  ec::write_file(folder.path / "cat" / ".DS_Store", "hidden");
  ec::write_file(folder.path / ".hidden", "hidden");

  const auto set = ec::load_image_folder(folder.path);
  CHECK(set.class_names == Names{"Zebra", "cat", "dog"});
  CHECK(set.labels == (Eigen::VectorXi(5) << 0, 1, 1, 2, 2).finished());
  CHECK(set.shape == ec::image(2, 3));
  CHECK(set.samples.rows() == 6);
  CHECK(set.samples.row(5).transpose() == (Eigen::VectorXf(5) << 1.0F, 0.6F, 0.8F, 0.4F, 0.2F).finished());  // "10" before "9"
  CHECK(ec::load_image_folder<std::uint8_t>(folder.path).samples.row(0).cast<int>() ==
        (Eigen::RowVectorXi(5) << 255, 153, 204, 102, 51).finished());
  CHECK(ec::load_image_folder<double>(folder.path).samples(0, 1) == 153.0 / 255.0);
}

TEST_CASE("A folder of pictures is a set without labels", "[data]") {
  const Folder folder;
  write_jpeg(folder.path / "b.jpg", 100, 8);
  write_jpeg(folder.path / "c.JPEG", 200, 8);
  ec::write_png(folder.path / "a.png", {8, 8, 1, std::vector<std::uint8_t>(64, 7)});
  const auto set = ec::load_image_folder<std::uint8_t>(folder.path);
  CHECK(set.labels.size() == 0);
  CHECK(set.class_names.empty());
  CHECK(set.samples.row(63).cast<int>() == Eigen::RowVector3i(7, 100, 200));
}

TEST_CASE("Colours and sizes are made equal where an option says so", "[data]") {
  const Folder folder;
  write_grey(folder.path / "a.png", 60);
  ec::write_png(folder.path / "b.png", {2, 3, 3, {0, 0, 90, 0, 0, 90, 0, 0, 90, 0, 0, 90, 0, 0, 90, 0, 0, 90}});
  expect_refused(folder.path,
                 {"b.png: expected a picture of 2 × 3 in grey as in ", "a.png, found 2 × 3 in colour", "set channels"});

  const auto colour = ec::load_image_folder<std::uint8_t>(folder.path, {.channels = 3});
  CHECK(colour.shape == ec::image(2, 3, 3));
  CHECK(colour.samples.topRows(3).cast<int>() == (Eigen::MatrixXi(3, 2) << 60, 0, 60, 0, 60, 90).finished());
  const auto grey = ec::load_image_folder<std::uint8_t>(folder.path, {.channels = 1});
  CHECK(grey.shape == ec::image(2, 3));
  CHECK(grey.samples.row(0).cast<int>() == Eigen::RowVector2i(60, 10));  // 0.114 · 90

  write_grey(folder.path / "c.png", 70, 3, 2);
  expect_refused(folder.path,
                 {"c.png: expected a picture of 2 × 3 in grey as in ", "found 3 × 2 in grey", "set height and width"},
                 {.channels = 1});
  const auto resized = ec::load_image_folder<std::uint8_t>(folder.path, {.channels = 1, .height = 5, .width = 4});
  CHECK(resized.shape == ec::image(5, 4));
  CHECK(resized.samples.row(19).cast<int>() == Eigen::RowVector3i(60, 10, 70));
}

TEST_CASE("A folder that is no set is refused with the file", "[data]") {
  const Folder folder;
  SECTION("missing") { expect_refused(folder.path / "missing", {"missing: expected a folder of pictures", "No such file"}); }
  SECTION("empty") {
    expect_refused(folder.path, {folder.path.string(), "expected pictures in .png, .jpg or .jpeg files, found none"});
  }
  SECTION("an empty class") {
    write_grey(folder.path / "a" / "1.png", 1);
    fs::create_directory(folder.path / "b");
    expect_refused(folder.path, {"b: expected pictures", "found none"});
  }
  SECTION("another file") {
    write_grey(folder.path / "a" / "1.png", 1);
    ec::write_file(folder.path / "a" / "notes.txt", "text");
    expect_refused(folder.path, {"notes.txt: expected a file whose name ends in .png, .jpg or .jpeg", "skip_others"});
    CHECK(ec::load_image_folder(folder.path, {.skip_others = true}).size() == 1);
    ec::write_file(folder.path / "README", "text");
    CHECK(ec::load_image_folder(folder.path, {.skip_others = true}).size() == 1);
  }
  SECTION("pictures beside classes") {
    write_grey(folder.path / "a" / "1.png", 1);
    write_grey(folder.path / "2.png", 1);
    expect_refused(folder.path, {"either pictures or one folder a class, found both"}, {.skip_others = true});
  }
  SECTION("classes in a class") {
    write_grey(folder.path / "a" / "b" / "1.png", 1);
    expect_refused(folder.path, {"b: expected pictures, found a folder among them"});
  }
  SECTION("a picture of another format under the name") {
    write_grey(folder.path / "a.png", 1);
    fs::rename(folder.path / "a.png", folder.path / "a.jpg");
    expect_refused(folder.path, {"a.jpg: expected a JPEG file"});
  }
  SECTION("more pixels than allowed") {
    write_grey(folder.path / "a.png", 1);
    expect_refused(folder.path, {"a.png: expected a picture of 1 to 5 pixels, found 2 × 3"}, {.max_pixels = 5});
  }
  SECTION("options") {
    const auto refused = [&](const ec::ImageFolderOptions& options, std::string_view part) {
      expect_error<ec::OptionError>([&] { ec::load_image_folder(folder.path, options); },
                                    {"load_image_folder: expected", part});
    };
    refused({.channels = 2}, "found 2");
    refused({.height = 5}, "found 5 and 0");
    refused({.height = -5, .width = -5}, "found -5 and -5");
    refused({.max_pixels = 0}, "found 0");
  }
}
