// SPDX-License-Identifier: MIT
#include "eigencoder/data/dataset.hpp"

#include <fstream>
#include <string>
#include <type_traits>
#include <vector>

#include <zlib.h>

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/out_of_memory.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
namespace fs = std::filesystem;

namespace {

using Bytes = std::vector<std::uint8_t>;

const fs::path shipped = fs::path(EIGENCODER_DATA_DIR) / "fashion-mnist";

Bytes idx(std::uint8_t type, const std::vector<std::uint32_t>& dimensions, const Bytes& values) {
  Bytes bytes{0, 0, type, static_cast<std::uint8_t>(dimensions.size())};
  for (const std::uint32_t extent : dimensions)
    for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<std::uint8_t>(extent >> shift));
  bytes.insert(bytes.end(), values.begin(), values.end());
  return bytes;
}

/// Packs what has .gz at the end of its name.
void write(const fs::path& path, const Bytes& bytes) {
  const gzFile file = gzopen(path.c_str(), path.extension() == ".gz" ? "wb" : "wbT");
  REQUIRE(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) == static_cast<int>(bytes.size()));
  REQUIRE(gzclose(file) == Z_OK);
}

/// A set of two training samples and one test sample of 1 × 3 pixels, for a test to spoil.
struct SmallSet : Folder {
  fs::path train_images = path / "train-images-idx3-ubyte", train_labels = path / "train-labels-idx1-ubyte";
  fs::path test_images = path / "t10k-images-idx3-ubyte", test_labels = path / "t10k-labels-idx1-ubyte";
  SmallSet() {
    write(train_images, idx(0x08, {2, 1, 3}, {0, 51, 255, 102, 153, 204}));
    write(train_labels, idx(0x08, {2}, {7, 200}));
    write(test_images, idx(0x08, {1, 1, 3}, {255, 0, 51}));
    write(test_labels, idx(0x08, {1}, {3}));
  }
};

/// The same with images of 28 × 28 black pixels and labels 0 and 9.
struct SmallMnist : SmallSet {
  SmallMnist() {
    write(train_images, idx(0x08, {2, 28, 28}, Bytes(1568)));
    write(train_labels, idx(0x08, {2}, {0, 9}));
    write(test_images, idx(0x08, {1, 28, 28}, Bytes(784)));
  }
};

}  // namespace

TEST_CASE("The project brings 12,000 images of Fashion-MNIST", "[data]") {
  const auto [train, test] = ec::load_fashion_mnist(shipped);
  static_assert(std::is_same_v<decltype(train), const ec::Dataset<float>>);

  CHECK(train.size() == 10'000);
  CHECK(test.size() == 2'000);
  for (const auto* set : {&train, &test}) {
    CHECK(set->shape == ec::image(28, 28));
    CHECK(set->samples.rows() == 784);
    CHECK(set->labels.size() == set->size());
    CHECK(set->samples.minCoeff() == 0.0f);
    CHECK(set->samples.maxCoeff() == 1.0f);
    for (int label = 0; label < 10; ++label) {
      const double share = static_cast<double>((set->labels.array() == label).count()) / static_cast<double>(set->size());
      CHECK(share > 0.09);
      CHECK(share < 0.11);
    }
  }
  CHECK(train.labels.head<10>().transpose() == (Eigen::RowVectorXi(10) << 9, 0, 0, 3, 0, 2, 7, 2, 5, 5).finished());
  CHECK(test.labels.head<10>().transpose() == (Eigen::RowVectorXi(10) << 9, 2, 1, 1, 6, 1, 4, 6, 5, 7).finished());
}

TEST_CASE("A pixel of Fashion-MNIST is the byte of the file over 255, row by row", "[data]") {
  const ec::Idx file = ec::read_idx(shipped / "t10k-images-idx3-ubyte.gz");
  const auto test = ec::load_fashion_mnist<double>(shipped).test;
  bool equal = true;
  for (ec::Index n = 0; n < 100; ++n)
    for (ec::Index y = 0; y < 28; ++y)
      for (ec::Index x = 0; x < 28; ++x)
        equal = equal && test.samples(y * 28 + x, n) == file.bytes[static_cast<std::size_t>((n * 28 + y) * 28 + x)] / 255.0;
  CHECK(equal);
}

TEST_CASE("Images can stay bytes", "[data]") {
  const auto bytes = ec::load_fashion_mnist<std::uint8_t>(shipped).test;
  const auto values = ec::load_fashion_mnist<float>(shipped).test;
  CHECK(bytes.shape == values.shape);
  CHECK(bytes.labels == values.labels);
  CHECK((bytes.samples.cast<float>() / 255.0F).eval() == values.samples);
}

TEST_CASE("A set is read under each of its usual names", "[data]") {
  for (const std::string ending : {"", ".gz"})
    for (const std::string separator : {"-", "."}) {
      const Folder folder;
      const auto name = [&](const std::string& part, const std::string& kind) {
        return folder.path / ec::message(part, separator, kind, "-ubyte", ending);
      };
      write(name("train-images", "idx3"), idx(0x08, {2, 1, 3}, {0, 51, 255, 102, 153, 204}));
      write(name("train-labels", "idx1"), idx(0x08, {2}, {7, 200}));
      write(name("t10k-images", "idx3"), idx(0x08, {1, 1, 3}, {255, 0, 51}));
      write(name("t10k-labels", "idx1"), idx(0x08, {1}, {3}));

      const auto [train, test] = ec::load_idx_dataset(folder.path);
      CHECK(train.shape == ec::image(1, 3));
      CHECK(train.samples == (Eigen::MatrixXf(3, 2) << 0.0f, 0.4f, 0.2f, 0.6f, 1.0f, 0.8f).finished());
      CHECK(train.labels == Eigen::Vector2i(7, 200));
      CHECK(test.samples == Eigen::Vector3f(1.0f, 0.0f, 0.2f));
      CHECK(test.labels == Eigen::VectorXi::Constant(1, 3));
    }
}

TEST_CASE("The shape of a sample follows from the dimensions of its file", "[data]") {
  const SmallSet set;
  const auto shape = [&](const std::vector<std::uint32_t>& dimensions) {
    auto test_dimensions = dimensions;
    test_dimensions[0] = 1;
    write(set.train_images, idx(0x08, dimensions, Bytes(24)));
    write(set.test_images, idx(0x08, test_dimensions, Bytes(12)));
    return ec::load_idx_dataset(set.path).train.shape;
  };
  CHECK(shape({2, 12}) == ec::features(12));
  CHECK(shape({2, 3, 4}) == ec::image(3, 4));
  CHECK(shape({2, 2, 2, 3}) == ec::image(2, 2, 3));
}

TEST_CASE("Only bytes are scaled", "[data]") {
  const SmallSet set;
  write(set.train_images, idx(0x0b, {2, 1, 3}, {1, 0, 0, 2, 0, 3, 0, 4, 0, 5, 0xff, 0xff}));
  write(set.train_labels, idx(0x0c, {2}, {0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff}));
  const auto train = ec::load_idx_dataset<double>(set.path).train;
  CHECK(train.samples == (Eigen::MatrixXd(3, 2) << 256, 4, 2, 5, 3, -1).finished());
  CHECK(train.labels == Eigen::Vector2i(65536, -1));
}

TEST_CASE("The first samples of a set are a set", "[data]") {
  const SmallSet small;
  const ec::Dataset<> train = ec::load_idx_dataset(small.path).train;

  const ec::Dataset<> one = train.first(1);
  CHECK(one.size() == 1);
  CHECK(one.samples == train.samples.leftCols(1));
  CHECK(one.labels == train.labels.head(1));
  CHECK(one.shape == train.shape);
  CHECK(train.first(2).samples == train.samples);
  CHECK(ec::Dataset<>{train.samples, {}, train.shape}.first(1).labels.size() == 0);

  for (const ec::Index count : {-1, 0, 3})
    expect_error<ec::OptionError>([&] { train.first(count); }, {"from 1 to 2", "found " + std::to_string(count)});
}

TEST_CASE("A set that is not there is asked for by name", "[data]") {
  const SmallMnist set;
  const fs::path missing = set.path / "missing";

  SECTION("no folder") {
    const auto expect_missing = [&](auto load) {
      expect_error<ec::FileError>(load, {missing.string(), "expected a folder of IDX files", "found nothing"});
    };
    expect_missing([&] { ec::load_idx_dataset(missing); });
    expect_missing([&] { ec::load_mnist(missing); });
    expect_missing([&] { ec::load_fashion_mnist(missing); });
    expect_error<ec::FileError>([&] { ec::load_fashion_mnist(missing); }, {"data/fashion-mnist", "dataset-fashion-mnist"});
  }
  SECTION("a file in place of the folder") {
    expect_error<ec::FileError>([&] { ec::load_idx_dataset(set.train_images); },
                                {set.train_images.string(), "expected a folder", "found a file"});
  }
  SECTION("a file of the four is missing") {
    fs::remove(set.test_labels);
    const auto load = GENERATE(0, 1, 2);
    expect_error<ec::FileError>(
        [&] {
          if (load == 0) ec::load_idx_dataset(set.path);
          if (load == 1) ec::load_mnist(set.path);
          if (load == 2) ec::load_fashion_mnist(set.path);
        },
        {set.path.string(),
         "t10k-labels-idx1-ubyte, t10k-labels-idx1-ubyte.gz, t10k-labels.idx1-ubyte, t10k-labels.idx1-ubyte.gz", "found none"});
  }
}

TEST_CASE("Files that do not make a set are refused with both sides of the quarrel", "[data]") {
  const SmallSet set;
  const auto expect_refused = [&](std::initializer_list<std::string_view> parts) {
    expect_error<ec::FileError>([&] { ec::load_idx_dataset(set.path); }, parts);
  };

  SECTION("images and labels differ in number") {
    write(set.train_labels, idx(0x08, {3}, {1, 2, 3}));
    expect_refused({set.train_images.string(), set.train_labels.string(), "labels, 3", "found 2"});
  }
  SECTION("labels that are not whole numbers") {
    write(set.train_labels, idx(0x0d, {2}, Bytes(8)));
    expect_refused({set.train_labels.string(), "one dimension of whole numbers", "found 2 float32"});
  }
  SECTION("images in place of labels") {
    write(set.test_labels, idx(0x08, {1, 1, 3}, {1, 2, 3}));
    expect_refused({set.test_labels.string(), "one dimension", "found 1 × 1 × 3 uint8", "swapped"});
  }
  SECTION("labels in place of images") {
    write(set.train_images, idx(0x08, {2}, {1, 2}));
    expect_refused({set.train_images.string(), "2 to 4 dimensions", "found 1"});
  }
  SECTION("more dimensions than a shape has") {
    write(set.train_images, idx(0x08, {2, 1, 1, 1, 3}, Bytes(6)));
    expect_refused({set.train_images.string(), "2 to 4 dimensions", "found 5"});
  }
  SECTION("training and test differ in shape") {
    write(set.test_images, idx(0x08, {1, 3, 1}, {1, 2, 3}));
    expect_refused({set.test_images.string(), set.train_images.string(), "expected samples of (3, 1)", "found (3, 1, 1)"});
  }
  SECTION("values that are no bytes, where bytes are wanted") {
    write(set.train_images, idx(0x0d, {2, 1, 1}, Bytes(8)));
    expect_error<ec::FileError>([&] { ec::load_idx_dataset<std::uint8_t>(set.path); },
                                {set.train_images.string(), "8-bit pixels", "float32", "as float or double"});
  }
  SECTION("a file that is no IDX file") {
    write(set.test_images, {'P', 'N', 'G', 0});
    expect_refused({set.test_images.string(), "expected 00 00 at byte 0", "found 50 4e"});
  }
}

TEST_CASE("MNIST and Fashion-MNIST are 28 × 28 pixels and ten classes", "[data]") {
  const SmallMnist set;
  const auto expect_refused = [&](std::initializer_list<std::string_view> parts) {
    expect_error<ec::FileError>([&] { ec::load_mnist(set.path); }, parts);
    expect_error<ec::FileError>([&] { ec::load_fashion_mnist(set.path); }, parts);
  };

  SECTION("as they should be") {
    CHECK(ec::load_mnist(set.path).train.labels == Eigen::Vector2i(0, 9));
    CHECK(ec::load_fashion_mnist<double>(set.path).test.size() == 1);
  }
  SECTION("another size") {
    write(set.test_images, idx(0x08, {1, 28, 27}, Bytes(756)));
    expect_refused({set.test_images.string(), "expected images of (28, 28, 1)", "found (28, 27, 1)", "load_idx_dataset"});
  }
  SECTION("a label too large") {
    write(set.train_labels, idx(0x08, {2}, {9, 10}));
    expect_refused({set.train_labels.string(), "from 0 to 9", "found 10 for sample 1"});
  }
  SECTION("a label below zero") {
    write(set.train_labels, idx(0x09, {2}, {0xff, 0}));
    expect_refused({set.train_labels.string(), "from 0 to 9", "found -1 for sample 0"});
  }
}

TEST_CASE("a set is loaded or, where memory ends, it is not: nothing is mistaken for a damaged file", "[data]") {
  SmallSet set;
  fs::remove(set.train_images);
  write(set.train_images.string() + ".gz", idx(0x08, {2, 1, 3}, {0, 51, 255, 102, 153, 204}));
  const ec::Split<float> expected = ec::load_idx_dataset(set.path);
  const long refused = refuse_each_allocation([] { return std::make_unique<ec::Split<float>>(); },
                                              [&](ec::Split<float>& split) {
                                                try {
                                                  split = ec::load_idx_dataset(set.path);
                                                } catch (const ec::Error& error) {
                                                  FAIL(error.what());
                                                }
                                              },
                                              [&](ec::Split<float>& split, bool threw) {
                                                if (threw) split = ec::load_idx_dataset(set.path);
                                                CHECK(split.train.samples == expected.train.samples);
                                                CHECK(split.train.labels == expected.train.labels);
                                                CHECK(split.test.samples == expected.test.samples);
                                              });
  CHECK(refused > 10);
}
