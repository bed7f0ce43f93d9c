// SPDX-License-Identifier: MIT
#include "eigencoder/data/idx.hpp"

#include <fstream>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include <zlib.h>

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
namespace fs = std::filesystem;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes header(std::uint8_t type, const std::vector<std::uint32_t>& dimensions) {
  Bytes bytes{0, 0, type, static_cast<std::uint8_t>(dimensions.size())};
  for (const std::uint32_t extent : dimensions)
    for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<std::uint8_t>(extent >> shift));
  return bytes;
}

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Bytes noise(std::size_t size) {
  Bytes bytes(size);
  std::uint32_t state = 1;
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

void write_plain(const fs::path& path, const Bytes& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

void write_gzip(const fs::path& path, const Bytes& bytes) {
  const gzFile file = gzopen(path.c_str(), "wb");
  REQUIRE(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) == static_cast<int>(bytes.size()));
  REQUIRE(gzclose(file) == Z_OK);
}

/// Reading `path` must fail with a message that names it and holds `parts`.
void expect_unreadable(const fs::path& path, std::initializer_list<std::string_view> parts) {
  expect_error<ec::FileError>([&] { ec::read_idx(path); }, {path.string() + ": "});
  expect_error<ec::FileError>([&] { ec::read_idx(path); }, parts);
}

}  // namespace

TEST_CASE("An IDX file holds values of six types, big endian, one sample a column", "[data]") {
  const Folder folder;
  const fs::path plain = folder.path / "values", packed = folder.path / "values.gz";
  const auto check = [&](ec::IdxType type, const Bytes& bytes, const std::vector<double>& expected) {
    const Bytes file = header(static_cast<std::uint8_t>(type), {static_cast<std::uint32_t>(expected.size())}) + bytes;
    write_plain(plain, file);
    write_gzip(packed, file);
    for (const fs::path& path : {plain, packed}) {
      const ec::Idx idx = ec::read_idx(path);
      CHECK(idx.type == type);
      CHECK(idx.dimensions == std::vector{static_cast<ec::Index>(expected.size())});
      CHECK(idx.bytes == bytes);
      const Eigen::MatrixXd values = idx.matrix<double>();
      REQUIRE(values.rows() == 1);
      REQUIRE(values.cols() == static_cast<ec::Index>(expected.size()));
      for (ec::Index i = 0; i < values.cols(); ++i) CHECK(values(0, i) == expected[static_cast<std::size_t>(i)]);
      CHECK(idx.matrix() == values.cast<float>());
    }
  };

  SECTION("uint8") { check(ec::IdxType::uint8, {0, 1, 127, 128, 255}, {0, 1, 127, 128, 255}); }
  SECTION("int8") { check(ec::IdxType::int8, {0, 1, 127, 128, 255}, {0, 1, 127, -128, -1}); }
  SECTION("int16") { check(ec::IdxType::int16, {0x01, 0x02, 0x7f, 0xff, 0x80, 0x00, 0xff, 0xfe}, {258, 32767, -32768, -2}); }
  SECTION("int32") {
    check(ec::IdxType::int32, {0x01, 0x02, 0x03, 0x04, 0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, {16909060, -2147483648.0, -1});
  }
  SECTION("float32") {
    check(ec::IdxType::float32, {0x3f, 0xc0, 0, 0, 0xc2, 0x28, 0, 0, 0x7f, 0x80, 0, 0},
          {1.5, -42, std::numeric_limits<double>::infinity()});
  }
  SECTION("float64") {
    check(ec::IdxType::float64, {0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0xc0, 0x45, 0, 0, 0, 0, 0, 0x01}, {1.5, -42.000000000000007});
  }
}

TEST_CASE("The first dimension of an IDX file counts the columns, the others make the rows in the order of the file",
          "[data]") {
  const Folder folder;
  const fs::path path = folder.path / "images";
  Bytes bytes(24);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);

  for (const auto& dimensions : std::vector<std::vector<std::uint32_t>>{{2, 12}, {2, 3, 4}, {2, 2, 3, 2}, {2, 1, 2, 3, 1, 2}}) {
    write_plain(path, header(0x08, dimensions) + bytes);
    const Eigen::MatrixXf values = ec::read_idx(path).matrix();
    REQUIRE(values.rows() == 12);
    REQUIRE(values.cols() == 2);
    for (ec::Index i = 0; i < 24; ++i) CHECK(values(i % 12, i / 12) == static_cast<float>(i));
  }
}

TEST_CASE("An IDX file larger than what is read at a time is read whole", "[data]") {
  const Folder folder;
  const Bytes bytes = noise(3 * (1 << 20) + 5);
  const Bytes file = header(0x08, {static_cast<std::uint32_t>(bytes.size())}) + bytes;
  write_plain(folder.path / "large", file);
  write_gzip(folder.path / "large.gz", file);
  CHECK(ec::read_idx(folder.path / "large").bytes == bytes);
  CHECK(ec::read_idx(folder.path / "large.gz").bytes == bytes);
}

TEST_CASE("What is gzip is unpacked under any name", "[data]") {
  const Folder folder;
  write_gzip(folder.path / "packed", header(0x08, {2}) + Bytes{3, 4});
  CHECK(ec::read_idx(folder.path / "packed").bytes == Bytes{3, 4});
}

TEST_CASE("What is no readable file is refused by name", "[data]") {
  const Folder folder;
  SECTION("missing") { expect_unreadable(folder.path / "missing", {"cannot be opened", "No such file", "check the path"}); }
  SECTION("unreadable") {
    const fs::path memory = "/proc/self/mem";  // opens, but its first bytes are nobody's
    if (fs::exists(memory)) expect_unreadable(memory, {"cannot be read after byte 0", "Input/output error"});
  }
  SECTION("a folder") { expect_unreadable(folder.path, {"expected a file", "found a folder"}); }
}

TEST_CASE("What is not sound gzip is refused", "[data]") {
  const Folder folder;
  const fs::path path = folder.path / "images.gz";
  const Bytes file = header(0x08, {1000}) + noise(1000);

  SECTION("a web page") {
    write_plain(path, {'<', '!', 'D', 'O', 'C'});
    expect_unreadable(path, {"expected gzip data", "1f 8b at byte 0", "found 3c 21", "download it again"});
  }
  SECTION("an unpacked file under a packed name") {
    write_plain(path, file);
    expect_unreadable(path, {"1f 8b at byte 0", "found 00 00", "take .gz off its name"});
  }
  SECTION("an empty file") {
    write_plain(path, {});
    expect_unreadable(path, {"1f 8b", "found an empty file"});
  }

  write_gzip(path, file);
  Bytes packed(fs::file_size(path));
  std::ifstream(path, std::ios::binary)
      .read(reinterpret_cast<char*>(packed.data()), static_cast<std::streamsize>(packed.size()));
  SECTION("cut in its data") {
    fs::resize_file(path, packed.size() / 2);
    expect_unreadable(path, {"expected sound gzip data", "found that they stop after byte", "download it again"});
  }
  SECTION("cut in its check sum") {
    fs::resize_file(path, packed.size() - 6);
    expect_unreadable(path, {"expected sound gzip data", "found that they stop after byte 1008"});
  }
  SECTION("a changed byte") {
    packed[packed.size() / 2] ^= 1;
    write_plain(path, packed);
    expect_unreadable(path, {"expected sound gzip data", "found damage after byte", "download it again"});
  }
  SECTION("a changed check sum") {
    packed[packed.size() - 8] ^= 1;
    write_plain(path, packed);
    expect_unreadable(path, {"expected sound gzip data", "found damage after byte"});
  }
}

TEST_CASE("A header that is not IDX is refused with the place and the bytes", "[data]") {
  const Folder folder;
  const fs::path path = folder.path / "header";

  SECTION("empty") {
    write_plain(path, {});
    expect_unreadable(path, {"expected a header of at least 4 bytes", "found 0 bytes"});
  }
  SECTION("cut in the magic number") {
    write_plain(path, {0, 0, 8});
    expect_unreadable(path, {"expected a header of at least 4 bytes", "found 3 bytes"});
  }
  SECTION("cut in the sizes") {
    write_plain(path, {0, 0, 8, 2, 0, 0, 0, 1, 0});
    expect_unreadable(path, {"expected a header of at least 12 bytes", "found 9 bytes"});
  }
  SECTION("no zeros at the start") {
    write_plain(path, {0x93, 0x4e, 8, 1, 0, 0, 0, 1, 7});
    expect_unreadable(path, {"expected 00 00 at byte 0", "found 93 4e", "not an IDX file"});
  }
  SECTION("one zero at the start") {
    write_plain(path, {0, 1, 8, 1, 0, 0, 0, 1, 7});
    expect_unreadable(path, {"expected 00 00 at byte 0", "found 00 01"});
  }
  SECTION("unknown type") {
    write_plain(path, header(0x0a, {1}) + Bytes{7});
    expect_unreadable(path, {"type of value at byte 2", "08, 09, 0b, 0c, 0d, 0e", "found 0a"});
  }
  SECTION("no dimensions") {
    write_plain(path, header(0x08, {}) + Bytes{7});
    expect_unreadable(path, {"at least one dimension at byte 3", "found 0"});
  }
  SECTION("no samples") {
    write_plain(path, header(0x08, {0, 28, 28}));
    expect_unreadable(path, {"positive size at byte 4", "dimension 1 of 3", "found 0", "empty set"});
  }
  SECTION("samples of no values") {
    write_plain(path, header(0x08, {10, 28, 0}));
    expect_unreadable(path, {"positive size at byte 12", "dimension 3 of 3", "found 0"});
  }
}

TEST_CASE("A file that does not end where its header says is refused", "[data]") {
  const Folder folder;
  const fs::path plain = folder.path / "images", packed = folder.path / "images.gz";
  const auto expect_both = [&](const Bytes& file, std::initializer_list<std::string_view> parts) {
    write_plain(plain, file);
    expect_unreadable(plain, parts);
    write_gzip(packed, file);
    expect_unreadable(packed, parts);
  };

  SECTION("too short") {
    expect_both(header(0x0b, {2, 3}) + Bytes(11), {"expected 24 bytes", "2 × 3 int16", "found only 23", "cut short"});
  }
  SECTION("nothing after the header") { expect_both(header(0x08, {5}), {"expected 13 bytes", "5 uint8", "found only 8"}); }
  SECTION("too long") {
    expect_both(header(0x0b, {2, 3}) + Bytes(13), {"expected 24 bytes", "2 × 3 int16", "found more", "damaged"});
  }
  SECTION("far too long") { expect_both(header(0x08, {5}) + Bytes(1 << 21), {"expected 13 bytes", "found more"}); }
  SECTION("terabytes are not set aside on a header's word") {
    expect_both(header(0x08, {4294967295, 1000}) + Bytes(3), {"4294967295 × 1000 uint8", "found only 15"});
  }
  SECTION("sizes whose product overflows") {
    expect_both(header(0x0e, {4294967295, 4294967295, 2}) + Bytes(3), {"4294967295 × 4294967295 float64", "header is damaged"});
  }
  SECTION("sizes whose product does not overflow, but with the header") {  // 2^63 - 1
    expect_both(header(0x08, {153092023, 92737, 649657}) + Bytes(3), {"153092023 × 92737 × 649657 uint8", "header is damaged"});
  }
  SECTION("a product that wraps round to something small") {
    expect_both(header(0x08, {65536, 65536, 65536, 65536}) + Bytes(3), {"65536 × 65536 × 65536 × 65536 uint8"});
  }
}

TEST_CASE("An IDX array made by hand must agree with itself", "[data]") {
  const auto expect_wrong = [](const ec::Idx& idx, std::initializer_list<std::string_view> parts) {
    expect_error<ec::ShapeError>([&] { idx.matrix(); }, parts);
  };
  const ec::Idx sound{ec::IdxType::int16, {2, 1}, {0, 1, 0, 2}};
  CHECK(sound.matrix() == Eigen::RowVector2f(1, 2));

  expect_wrong({ec::IdxType::int16, {}, {0, 1}}, {"found 2 bytes"});
  expect_wrong({ec::IdxType::int16, {2, 1}, {0, 1, 0}}, {"2 × 1 int16", "found 3 bytes"});
  expect_wrong({ec::IdxType::int16, {-1, -2}, {0, 1, 0, 2}}, {"-1 × -2 int16", "found 4 bytes"});
  expect_wrong({ec::IdxType::int16, {0, 2}, {}}, {"0 × 2 int16", "found 0 bytes"});
  expect_wrong({ec::IdxType{7}, {4}, {0, 1, 0, 2}}, {"4 unknown", "found 4 bytes"});
  expect_error<ec::ShapeError>([&] { sound.matrix<std::uint8_t>(); }, {"expected uint8", "found int16"});
}

TEST_CASE("The types of an IDX file have names", "[data]") {
  static_assert(ec::to_string(ec::IdxType::uint8) == "uint8");
  static_assert(ec::to_string(ec::IdxType::int8) == "int8");
  static_assert(ec::to_string(ec::IdxType::int16) == "int16");
  static_assert(ec::to_string(ec::IdxType::int32) == "int32");
  static_assert(ec::to_string(ec::IdxType::float32) == "float32");
  static_assert(ec::to_string(ec::IdxType::float64) == "float64");
  static_assert(std::is_same_v<decltype(ec::Idx{}.matrix()), Eigen::MatrixXf>);
}
