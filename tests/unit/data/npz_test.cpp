// SPDX-License-Identifier: MIT
#include "eigencoder/data/npz.hpp"

#include <string>
#include <vector>

#include <zlib.h>

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
namespace fs = std::filesystem;

namespace {

using namespace std::string_literals;

std::string little(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(i < 8 ? value >> 8 * i : 0);
  return text;
}

std::string npy(const std::string& shape, const std::string& values) {
  const std::string text = "{'descr': '|u1', 'fortran_order': False, 'shape': " + shape + "}\n";
  return "\x93NUMPY\1\0"s + little(text.size(), 2) + text + values;
}

std::string deflate(const std::string& text) {
  std::string out(text.size() + 100, '\0');
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(::deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// An entry of an archive that a test may spoil.
struct Entry {
  std::string name, contents;
  std::uint16_t method = 0, flags = 0;
  std::int64_t more = 0;  ///< added to the size that the directory gives of what is unpacked
  std::uint32_t crc_change = 0;
  bool wide = false;       ///< Sizes and place are in 64 bits in the directory.
  std::int64_t moved = 0;  ///< added to the place that the directory gives
};

std::string zip(const std::vector<Entry>& entries, bool wide_end = false, const std::string& comment = "") {
  std::string file, directory;
  for (const Entry& entry : entries) {
    const std::string data = entry.method == 8 ? deflate(entry.contents) : entry.contents;
    const auto crc = static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(entry.contents.data()),
                                                      static_cast<uInt>(entry.contents.size()))) ^
                     entry.crc_change;
    const auto unpacked = static_cast<std::uint64_t>(std::ssize(entry.contents) + entry.more),
               place = static_cast<std::uint64_t>(std::ssize(file) + entry.moved);
    // As NumPy does it, sizes in the entry's own header are in 64 bits and of no concern.
    const std::string extra = little(1, 2) + little(16, 2) + little(unpacked, 8) + little(data.size(), 8);
    file += "PK\3\4" + little(45, 2) + little(entry.flags, 2) + little(entry.method, 2) + little(0, 4) + little(crc, 4) +
            little(0xffffffff, 4) + little(0xffffffff, 4) + little(entry.name.size(), 2) + little(extra.size(), 2) +
            entry.name + extra + data;
    const std::string wide =
        entry.wide ? little(1, 2) + little(24, 2) + little(unpacked, 8) + little(data.size(), 8) + little(place, 8) : "";
    directory += "PK\1\2" + little(45, 2) + little(45, 2) + little(entry.flags, 2) + little(entry.method, 2) + little(0, 4) +
                 little(crc, 4) + little(entry.wide ? 0xffffffff : data.size(), 4) +
                 little(entry.wide ? 0xffffffff : unpacked, 4) + little(entry.name.size(), 2) + little(wide.size(), 2) +
                 little(0, 10) + little(entry.wide ? 0xffffffff : place, 4) + entry.name + wide;
  }
  const std::uint64_t begin = file.size(), count = entries.size();
  file += directory;
  const std::uint64_t end = file.size();
  if (wide_end)
    file += "PK\6\6" + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 8) + little(count, 8) + little(count, 8) +
            little(directory.size(), 8) + little(begin, 8) + "PK\6\7" + little(0, 4) + little(end, 8) + little(1, 4);
  return file + "PK\5\6" + little(0, 4) + little(wide_end ? 0xffff : count, 2) + little(wide_end ? 0xffff : count, 2) +
         little(wide_end ? 0xffffffff : directory.size(), 4) + little(wide_end ? 0xffffffff : begin, 4) +
         little(comment.size(), 2) + comment;
}

const std::string x = npy("(3, 4)", "abcdefghijkl"), y = npy("(3,)", "\1\2\3");

struct File : Folder {
  fs::path name = path / "arrays.npz";
  explicit File(const std::string& contents) { write_quickly(name, contents); }
  void expect_refused(std::initializer_list<std::string_view> parts) const {
    expect_error<ec::FileError>([&] { ec::read_npz(name); }, {name.string()});
    expect_error<ec::FileError>([&] { ec::read_npz(name); }, parts);
  }
};

}  // namespace

TEST_CASE("An NPZ file holds arrays by name, stored or deflated, with sizes of 32 or 64 bits", "[data]") {
  const std::uint16_t method = GENERATE(std::uint16_t{0}, std::uint16_t{8});
  const bool wide = GENERATE(false, true);
  const std::string comment = GENERATE(""s, "made on a Tuesday"s);
  const File file(zip(
      {{.name = "x.npy", .contents = x, .method = method, .wide = wide}, {.name = "y.npy", .contents = y, .method = method}},
      wide, comment));
  const auto arrays = ec::read_npz(file.name);
  REQUIRE(arrays.size() == 2);
  CHECK(arrays.at("x").dimensions == std::vector<ec::Index>{3, 4});
  CHECK(arrays.at("x").matrix<int>()(1, 2) == 'j');
  CHECK(arrays.at("y").matrix<int>() == Eigen::RowVector3i(1, 2, 3));

  const auto set = ec::load_npz(file.name, "x", {.labels = "y"});
  CHECK(set.shape == ec::features(4));
  CHECK(set.samples(0, 0) == 97.0F / 255.0F);
  CHECK(set.labels == Eigen::Vector3i(1, 2, 3));
  CHECK(ec::load_npz<std::uint8_t>(file.name, "x").samples(3, 2) == 'l');
  expect_error<ec::FileError>([&] { ec::load_npz(file.name, "z"); }, {file.name.string(), "an array called \"z\", found x, y"});
  expect_error<ec::FileError>([&] { ec::load_npz(file.name, "y"); }, {"array \"y\": expected an array of 2 to 4 dimensions"});
  expect_error<ec::FileError>([&] { ec::load_npz(file.name, "x", {.labels = "x"}); }, {"array \"x\": expected labels"});
}

TEST_CASE("An archive with many bytes is unpacked piece by piece", "[data]") {
  const std::string values(5'000'000, 'v');
  const File file(zip({{.name = "v.npy", .contents = npy("(1000, 5000)", values), .method = 8}}));
  CHECK(fs::file_size(file.name) < 20'000);
  CHECK(ec::load_npz<std::uint8_t>(file.name, "v").samples.array().cast<int>().sum() == 5'000'000 * 'v');
  CHECK(ec::read_npz(File(zip({})).name).empty());
}

TEST_CASE("An NPZ file that is cut short or damaged anywhere is refused", "[data]") {
  const std::uint16_t method = GENERATE(std::uint16_t{0}, std::uint16_t{8});
  const std::string sound =
      zip({{.name = "x.npy", .contents = x, .method = method}, {.name = "y.npy", .contents = y, .method = method}});
  for (std::size_t size = 0; size < sound.size(); ++size) File(sound.substr(0, size)).expect_refused({"expected"});
  int refused = 0;
  const File file("");
  for (std::size_t i = 0; i < sound.size(); ++i) {
    std::string damaged = sound;
    damaged[i] ^= 8;
    write_quickly(file.name, damaged);
    try {
      for (const auto& [name, array] : ec::read_npz(file.name))
        CHECK(array.matrix<int>().sum() == (array.dimensions.size() == 2 ? 1230 : 6));
    } catch (const ec::FileError&) {
      ++refused;
    }
  }
  CHECK(refused > 200);
  File(sound + "x").expect_refused({"the directory of a ZIP archive at its end, found none"});
}

TEST_CASE("An archive that says what is not so is refused with the array's name", "[data]") {
  const Entry sound{.name = "x.npy", .contents = x, .method = 8};
  Entry spoilt = sound;
  const auto expect_refused = [&](std::initializer_list<std::string_view> parts) {
    File(zip({sound, spoilt})).expect_refused(parts);
  };
  spoilt.name = "y.npy";
  SECTION("a bomb") {
    spoilt.contents = npy("(1000,)", std::string(1000, '\0'));
    spoilt.more = -900;
    expect_refused({"\"y.npy\" to unpack to", "found more", "damaged"});
  }
  SECTION("less than promised") {
    spoilt.more = 1'000'000'000'000;
    spoilt.wide = true;
    expect_refused({"\"y.npy\" to unpack from", "1000000000"});
  }
  SECTION("check sum") {
    spoilt.crc_change = 1;
    expect_refused({"the check sum of \"y.npy\""});
  }
  SECTION("encrypted") {
    spoilt.flags = 1;
    expect_refused({"not encrypted, found \"y.npy\""});
  }
  SECTION("another method") {
    spoilt.method = 12;
    expect_refused({"methods 0 and 8", "found method 12 for \"y.npy\""});
  }
  SECTION("stored, of two sizes") {
    spoilt.method = 0;
    spoilt.more = 1;
    expect_refused({"equal sizes of what is stored"});
  }
  SECTION("two of one name") {
    spoilt.name = "x.npy";
    expect_refused({"one array a name, found two"});
  }
  SECTION("two that share their bytes") {
    spoilt.moved = -static_cast<std::int64_t>(30 + 5 + 20 + deflate(x).size());
    expect_refused({"overlaps the one before"});
  }
  SECTION("beyond the end") {
    spoilt.wide = true;
    spoilt.moved = 1'000'000'000'000'000;
    expect_refused({"the header of \"y.npy\" at byte 1000000000", "found none"});
  }
  SECTION("an entry that is no NPY file") {
    spoilt.contents = "hello world";
    expect_refused({"array \"y\": expected an NPY file"});
  }
  SECTION("no archive") { File(x).expect_refused({"a ZIP archive, which begins with 50 4b 03 04", "numpy.savez"}); }
}
