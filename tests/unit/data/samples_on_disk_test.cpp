// SPDX-License-Identifier: MIT
#include "eigencoder/data/samples_on_disk.hpp"

#include <fstream>
#include <limits>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <zlib.h>

#include "eigencoder/data/npy.hpp"
#include "eigencoder/models/samples.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"

#if defined(__unix__)
#include <sys/stat.h>
#endif

namespace ec = eigencoder;
namespace fs = std::filesystem;

namespace {

using namespace std::string_literals;

template <class S>
using Matrix = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;

struct File : Folder {
  fs::path name = path / "samples";
  File() = default;
  explicit File(const std::string& bytes) { write_quickly(name, bytes); }

  template <class... Columns>
  void expect_refused(std::initializer_list<std::string_view> parts, const Columns&... columns) const {
    expect_error<ec::FileError>([&] { ec::samples_on_disk(name, columns...); }, {name.string() + ": "});
    expect_error<ec::FileError>([&] { ec::samples_on_disk(name, columns...); }, parts);
  }
};

/// An NPY file with this dictionary.
std::string npy(const std::string& type, const std::string& shape, const std::string& values, bool fortran = false) {
  std::string text = "{'descr': '" + type + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + "}";
  text.append(117 - text.size(), ' ');
  return "\x93NUMPY\1\0\x76\0"s + text + '\n' + values;
}

/// An IDX file with sizes of one byte.
std::string idx(char type, const std::string& sizes, const std::string& values) {
  std::string file = "\0\0"s + type + static_cast<char>(sizes.size());
  for (const char size : sizes) file += "\0\0\0"s + size;
  return file + values;
}

/// Every way to read `samples` must give `expected`.
template <class T>
void check_same(const ec::Samples<T>& samples, const std::type_identity_t<Matrix<T>>& expected) {
  REQUIRE((samples.rows() == expected.rows() && samples.cols() == expected.cols()));
  CHECK(samples.on_disk());
  CHECK(samples.matrix() == expected);
  const ec::Index last = samples.cols() - 1, most = samples.rows() - 1;
  for (const ec::Index i : {ec::Index{0}, most / 2, most}) CHECK(samples.value(i, last) == expected(i, last));
  Matrix<T> some(samples.rows(), last);
  samples.columns(1, last).columns_without_gaps(0, last, some.data());
  CHECK(some == expected.rightCols(last));
}

/// Integers of all sizes and signs, or numbers between −1 and 1.
template <class S>
Matrix<S> values(ec::Index rows, ec::Index cols) {
  if constexpr (std::floating_point<S>) {
    return Matrix<S>::Random(rows, cols);
  } else {
    using Limits = std::numeric_limits<S>;
    Matrix<S> x =
        Matrix<S>::NullaryExpr(rows, cols, [](ec::Index i, ec::Index j) { return static_cast<S>(40503 * i + 9973 * j); });
    x(0, cols - 1) = Limits::min();
    x(rows - 1, cols - 1) = Limits::max();
    return x;
  }
}

/// What T holds of `x`: integers as Samples in memory have them.
template <class T, class S>
Matrix<T> in_memory(const Matrix<S>& x) {
  if constexpr (std::floating_point<S>) {
    return x.template cast<T>();
  } else {
    return ec::Samples<T>(x).matrix();
  }
}

}  // namespace

TEST_CASE("Samples on disk are what the same NPY file is in memory, for each type, in float and double", "[data]") {
  const File file;
  const auto check = [&]<class S>(std::type_identity<S>) {
    for (const ec::Index rows : {1, 6, 255, 5000}) {  // 5000 doubles are more than is read at a time
      ec::write_npy(file.name, values<S>(rows, 4));
      const Matrix<S> read = ec::read_npy(file.name).template matrix<S>();
      check_same<float>(ec::samples_on_disk(file.name), in_memory<float>(read));
      check_same<double>(ec::samples_on_disk<double>(file.name), in_memory<double>(read));
    }
    const ec::Samples<float> samples = ec::samples_on_disk(file.name);
    CHECK(samples.integers() == std::integral<S>);
    CHECK(samples.least_integer() == (std::floating_point<S> || std::is_unsigned_v<S> ? 0.0f : -1.0f));
  };
  check(std::type_identity<std::uint8_t>{});
  check(std::type_identity<std::int8_t>{});
  check(std::type_identity<std::uint16_t>{});
  check(std::type_identity<std::int16_t>{});
  check(std::type_identity<float>{});
  check(std::type_identity<double>{});
}

TEST_CASE("A sample on disk has all axes of an array but the first, in their order", "[data]") {
  const File file;
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(12, 5);
  for (const ec::Shape shape : {ec::features(12), ec::image(3, 4), ec::image(2, 2, 3), ec::sequence(6, 2)}) {
    ec::write_npy(file.name, x, shape);
    check_same<float>(ec::samples_on_disk(file.name), ec::load_npy(file.name).samples);
  }
  const Matrix<std::uint8_t> pixels = values<std::uint8_t>(12, 5);
  ec::write_npy(file.name, pixels, ec::image(3, 4));
  check_same<float>(ec::samples_on_disk(file.name), ec::load_npy(file.name).samples);
  const File flat(npy("<f4", "(2,)", "\0\0\xc0\x3f\0\0\x28\xc2"s));
  check_same<float>(ec::samples_on_disk(flat.name), Eigen::RowVector2f(1.5f, -42.0f));
}

TEST_CASE("Samples on disk have the long headers that NPY 2.0 and 3.0 may have", "[data]") {
  for (const char version : {'\2', '\3'}) {
    std::string text = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2)}";
    text.append(69999 - text.size(), ' ');
    const std::string file = "\x93NUMPY"s + version + "\0\x70\x11\1\0"s + text + '\n';  // of 70,000 bytes
    check_same<float>(ec::samples_on_disk(File(file + "\1\2\3\xff").name), Eigen::Matrix2f{{1, 3}, {2, 255}} / 255.0f);
    File(file.substr(0, 69000)).expect_refused({"expected a header of at least 70012 bytes, found 69000"});
    File(file + "\1\2\3").expect_refused({"expected 4 bytes (2 × 2 uint8) after the header, found 3"});
  }
}

TEST_CASE("Samples on disk are read from IDX files, whose values are big endian", "[data]") {
  const auto check = [](char type, const std::string& bytes, const Eigen::MatrixXd& expected) {
    const File file(idx(type, "\2\1\2"s, bytes));
    check_same<double>(ec::samples_on_disk<double>(file.name), expected);
    check_same<float>(ec::samples_on_disk(file.name), expected.cast<float>());
    return ec::samples_on_disk(file.name)->integers();
  };
  using Columns = Eigen::Matrix2d;
  CHECK(check('\x08', "\x00\x01\x80\xff"s, Columns{{0, 128 / 255.0}, {1 / 255.0, 1}}));
  CHECK(check('\x09', "\x00\x01\x80\xff"s, Columns{{0, -1}, {1 / 128.0, -1 / 128.0}}));
  CHECK(check('\x0b', "\x01\x02\x7f\xff\x80\x00\xff\xfe"s, Columns{{258 / 32768.0, -1}, {32767 / 32768.0, -2 / 32768.0}}));
  CHECK(!check('\x0d', "\x3f\xc0\0\0\xc2\x28\0\0\0\0\0\0\xbf\x80\0\0"s, Columns{{1.5, 0}, {-42, -1}}));
  CHECK(!check('\x0e', "\x3f\xf8\0\0\0\0\0\0\xc0\x45\0\0\0\0\0\1\0\0\0\0\0\0\0\0\xbf\xf0\0\0\0\0\0\0"s,
               Columns{{1.5, 0}, {-42.000000000000007, -1}}));

  const fs::path images = fs::path(EIGENCODER_DATA_DIR) / "fashion-mnist" / "train-images-idx3-ubyte.gz";
  const ec::Idx packed = ec::read_idx(images);
  const std::string bytes(packed.bytes.begin(), packed.bytes.begin() + 100 * 784);
  const File file("\0\0\x08\3\0\0\0\x64\0\0\0\x1c\0\0\0\x1c"s + bytes);
  check_same<float>(ec::samples_on_disk(file.name), packed.matrix().leftCols(100) / 255.0f);
}

TEST_CASE("Samples on disk are read from columns without a header", "[data]") {
  const Matrix<std::uint16_t> x = values<std::uint16_t>(3, 4);
  const std::string bytes(reinterpret_cast<const char*>(x.data()), 24);
  const Matrix<float> expected = in_memory<float>(x);
  static_assert(std::endian::native == std::endian::little);
  const File file("header!" + bytes);
  check_same<float>(ec::samples_on_disk(file.name, {.rows = 3, .type = ec::NpyType::uint16, .offset = 7}), expected);
  check_same<float>(ec::samples_on_disk(file.name, {.rows = 3, .type = ec::NpyType::uint16, .offset = 7, .cols = 3}),
                    expected.leftCols(3));
  const Matrix<std::uint16_t> swapped =
      x.unaryExpr([](std::uint16_t v) { return static_cast<std::uint16_t>(v << 8 | v >> 8); });
  check_same<float>(
      ec::samples_on_disk(file.name, {.rows = 3, .type = ec::NpyType::uint16, .offset = 7, .byte_order = std::endian::big}),
      in_memory<float>(swapped));

  using Raw = ec::RawColumns;
  file.expect_refused({"expected whole columns of 3 uint8 from byte 0 on, found 31 bytes"},
                      Raw{.rows = 3, .type = ec::NpyType::uint8});
  file.expect_refused({"expected 5 columns of 3 uint16 from byte 7 on, found 24 bytes"},
                      Raw{.rows = 3, .type = ec::NpyType::uint16, .offset = 7, .cols = 5});
  file.expect_refused({"expected at least 1 column of 31 uint8 from byte 1 on, found 30 bytes"},
                      Raw{.rows = 31, .type = ec::NpyType::uint8, .offset = 1});
  file.expect_refused({"expected 1 column of 31 uint8 from byte 1 on, found 30 bytes"},
                      Raw{.rows = 31, .type = ec::NpyType::uint8, .offset = 1, .cols = 1});
  file.expect_refused({"found 0 bytes"}, Raw{.rows = 3, .offset = 32});
  file.expect_refused({"found 31 bytes"}, Raw{.rows = std::numeric_limits<ec::Index>::max()});
  file.expect_refused({"found 31 bytes"}, Raw{.rows = 3, .cols = std::numeric_limits<ec::Index>::max()});
  const auto expect_wrong = [&](const Raw& raw, std::initializer_list<std::string_view> parts) {
    expect_error<ec::OptionError>([&] { ec::samples_on_disk(file.name, raw); }, parts);
  };
  expect_wrong({}, {"rows must be at least 1, found 0"});
  expect_wrong({.rows = 3, .offset = -1}, {"offset must not be negative, found -1"});
  expect_wrong({.rows = 3, .cols = -1}, {"cols must not be negative, found -1", "0 is for all"});
  expect_wrong({.rows = 3, .type = ec::NpyType::int64}, {"expected a type of uint8", "found int64"});
  expect_wrong({.rows = 3, .type = ec::NpyType::bool8}, {"found bool"});
}

TEST_CASE("What cannot be read in place is refused, and what to do is said", "[data]") {
  const std::string ones(16, '\1');
  const auto expect_refused = [](const std::string& bytes, std::initializer_list<std::string_view> parts) {
    File(bytes).expect_refused(parts);
  };
  const File packed;
  const gzFile gzip = gzopen(packed.name.c_str(), "wb");
  const std::string plain = npy("|u1", "(2, 2)", "\1\2\3\4");
  REQUIRE(gzwrite(gzip, plain.data(), static_cast<unsigned>(plain.size())) == static_cast<int>(plain.size()));
  REQUIRE(gzclose(gzip) == Z_OK);
  packed.expect_refused({"packed with gzip", "gunzip < '" + packed.name.string() + "' > '" + packed.name.string() + ".plain'"});
  const fs::path gz = packed.path / "samples.gz";
  fs::rename(packed.name, gz);
  expect_error<ec::FileError>([&] { ec::samples_on_disk(gz); }, {"gunzip -k '" + gz.string() + "'"});

  expect_refused("PK\3\4and so on", {"NPZ", "numpy.save"});
  expect_refused("1.0,2.0\n", {"93 4e", "00 00", "found 31 2e", "RawColumns"});
  expect_refused("", {"found 0 bytes"});
  expect_refused("\x93", {"found 1 bytes"});
  expect_refused(npy("<f4", "(2, 2)", ones, true),
                 {"C order", "2 × 2 float32 in Fortran order", "numpy.ascontiguousarray", "load_npy"});
  expect_refused(npy(">f4", "(2, 2)", ones), {"little-endian", "array.astype('<f4')"});
  expect_refused(npy("|O", "(2, 2)", ones), {"Python objects"});
  expect_refused(npy("<i8", "(1, 2)", ones), {"float32 or float64, found 1 × 2 int64", "array.astype('<f4')", "load_npy"});
  expect_refused(npy("<f2", "(4, 2)", ones), {"found 4 × 2 float16"});
  expect_refused(npy("|b1", "(4, 4)", ones), {"found 4 × 4 bool"});
  expect_refused(npy("|u1", "(4, 0)", ""), {"one value, found 4 × 0 uint8"});
  expect_refused(npy("|u1", "()", "\1"), {"at least one dimension", "a single uint8"});
  expect_refused(npy("<f4", "(2, 2)", ones.substr(1)),
                 {"expected 16 bytes (2 × 2 float32) after the header, found 15", "cut short"});
  expect_refused(npy("<f4", "(2, 2)", ones + '\1'), {"found 17", "damaged"});
  expect_refused(npy("<f4", "(4611686018427387904, 2)", ones), {"a size that a file can have", "header is damaged"});
  expect_refused(npy("<f4", "(2, 2)", ones).substr(0, 50), {"expected a header of at least"});
  expect_refused(idx('\x0c', "\2\2", ones), {"found 2 × 2 int32", "read_idx"});
  expect_refused(idx('\x08', "\4\4", ones.substr(2)),
                 {"expected 16 bytes (4 × 4 uint8) after the header, found 14", "cut short"});
  expect_refused(idx('\x08', "\4\4", ones).substr(0, 9), {"expected a header of at least 12 bytes, found 9"});
  expect_refused(idx('\x0a', "\4\4", ones), {"a type of value at byte 2", "not an IDX file; of a file without a header, RawColumns says"});
  expect_refused("\0\0\x80\x3f"s + ones, {"byte 2", "RawColumns"});  // float32 1 as a raw file has it

  const Folder folder;
  expect_error<ec::FileError>([&] { ec::samples_on_disk(folder.path); }, {folder.path.string() + ": cannot be read", "folder"});
  expect_error<ec::FileError>([&] { ec::samples_on_disk(folder.path / "no"); }, {"no: cannot be read", "No such file"});
#if defined(__unix__)
  REQUIRE(::mkfifo((folder.path / "pipe").c_str(), 0600) == 0);  // opening it would wait for ever
  expect_error<ec::FileError>([&] { ec::samples_on_disk(folder.path / "pipe"); }, {"pipe: cannot be read", "no regular file"});
#endif
}

TEST_CASE("A file that becomes shorter while it is open is an error where a column is missing, and nothing more", "[data]") {
  const auto check = [](auto type) {
    using S = typename decltype(type)::type;
    const File file;
    const Matrix<S> x = values<S>(5, 6);
    ec::write_npy(file.name, x);
    const ec::Samples<float> samples = ec::samples_on_disk(file.name);
    fs::resize_file(file.name, 128 + 18 * sizeof(S) + 2);  // within column 3
    const Matrix<float> expected = in_memory<float>(x);
    CHECK(samples.columns(0, 3).matrix() == expected.leftCols(3));
    CHECK(samples.value(2, 3) == expected(2, 3));
    Eigen::VectorXf column(5);
    const std::string bytes = std::to_string(5 * sizeof(S)), place = std::to_string(128 + 15 * sizeof(S));
    expect_error<ec::FileError>([&] { samples.copy_column(3, column.data()); },
                                {file.name.string() + ": expected " + bytes + " bytes at byte " + place + ", found " +
                                     std::to_string(3 * sizeof(S) + 2) + "; column 3 of 6 is no longer whole",
                                 "shorter since it was opened"});
    expect_error<ec::FileError>([&] { samples.columns(3, 3).copy_column(2, column.data()); }, {"found 0; column 5 of 6"});
    CHECK(samples.columns(0, 3).matrix() == expected.leftCols(3));
    ec::write_npy(file.name, x);  // another file under the name: the one that was opened is as short as it was
    expect_error<ec::FileError>([&] { samples.matrix(); }, {"column 3 of 6"});
  };
  check(std::type_identity<std::int16_t>{});
  check(std::type_identity<float>{});
  check(std::type_identity<double>{});
}

TEST_CASE("Samples on disk say which columns lie together, and take hints", "[data]") {
  const File file;
  const auto block = [&](ec::Index rows, ec::Index cols) {
    ec::write_npy(file.name, values<std::int16_t>(rows, cols));
    const ec::Samples<float> samples = ec::samples_on_disk(file.name);
    samples.will_need(0, cols);
    CHECK(samples.value(rows - 1, cols - 1) == 32767 / 32768.0f);
    return samples.block();
  };
  CHECK(block(1024, 600) == 512);  // of 2 KiB each
  CHECK(block(4, 600) == 600);
  CHECK(block(700000, 3) == 1);
}

TEST_CASE("Threads read samples on disk at the same time, each what it asked for", "[data]") {
  const File file;
  const Matrix<std::uint8_t> x = values<std::uint8_t>(300, 97);
  ec::write_npy(file.name, x);
  const Eigen::MatrixXf expected = in_memory<float>(x);
  const ec::Samples<float> samples = ec::samples_on_disk(file.name);
  std::vector<ec::Index> wrong(4);
  std::vector<std::thread> threads;
  for (ec::Index t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      Eigen::VectorXf column(300);
      for (ec::Index k = 0; k < 20 * 97; ++k) {
        const ec::Index j = (31 * k + 7 * t) % 97;
        samples.copy_column(j, column.data());
        if (column != expected.col(j)) ++wrong[static_cast<std::size_t>(t)];
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<ec::Index>(4));
}
