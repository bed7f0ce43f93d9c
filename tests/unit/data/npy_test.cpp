// SPDX-License-Identifier: MIT
#include "eigencoder/data/npy.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
namespace fs = std::filesystem;

namespace {

using namespace std::string_literals;

/// An NPY file with this dictionary, as it is, of version 1.0 or another.
std::string npy(const std::string& dictionary, const std::string& values, char version = 1) {
  const std::size_t size = dictionary.size();
  std::string file = "\x93NUMPY"s + version + '\0' + static_cast<char>(size & 0xff) + static_cast<char>(size >> 8);
  if (version > 1) file += "\0\0"s;
  return file + dictionary + values;
}

std::string dictionary(const std::string& type, const std::string& shape, bool fortran = false) {
  return "{'descr': '" + type + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }\n";
}

std::string ramp(int size) {
  std::string values;
  for (int i = 0; i < size; ++i) values += static_cast<char>(i);
  return values;
}

struct File : Folder {
  fs::path name = path / "array.npy";
  explicit File(const std::string& contents) { write_quickly(name, contents); }
  ec::NpyArray read() const { return ec::read_npy(name); }
  void expect_refused(std::initializer_list<std::string_view> parts) const {
    expect_error<ec::FileError>([&] { read(); }, {name.string() + ": expected"});
    expect_error<ec::FileError>([&] { read(); }, parts);
  }
};

}  // namespace

TEST_CASE("An NPY file holds values of twelve types, little endian, one sample a column", "[data]") {
  const auto check = [](const std::string& type, ec::NpyType expected_type, const std::string& bytes,
                        const std::vector<double>& expected) {
    const File file(npy(dictionary(type, "(" + std::to_string(expected.size()) + ", )"), bytes));
    const ec::NpyArray array = file.read();
    CHECK(array.type == expected_type);
    CHECK(array.dimensions == std::vector{std::ssize(expected)});
    const Eigen::MatrixXd values = array.matrix<double>();
    REQUIRE(values.cols() == std::ssize(expected));
    for (ec::Index i = 0; i < values.cols(); ++i) {
      const double value = expected[static_cast<std::size_t>(i)];
      CHECK((std::isnan(value) ? std::isnan(values(0, i)) : values(0, i) == value));
    }
  };
  constexpr double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  check("|b1", ec::NpyType::bool8, "\1\0"s, {1, 0});
  check("|i1", ec::NpyType::int8, "\x7f\x80\xff"s, {127, -128, -1});
  check("|u1", ec::NpyType::uint8, "\x7f\x80\xff"s, {127, 128, 255});
  check("<i2", ec::NpyType::int16, "\2\1\xfe\xff"s, {258, -2});
  check("<u2", ec::NpyType::uint16, "\2\1\xfe\xff"s, {258, 65534});
  check("<i4", ec::NpyType::int32, "\4\3\2\1\0\0\0\x80"s, {16909060, -2147483648.0});
  check("<u4", ec::NpyType::uint32, "\0\0\0\x80"s, {2147483648.0});
  check("<i8", ec::NpyType::int64, "\xfe\xff\xff\xff\xff\xff\xff\xff"s, {-2});
  check("<u8", ec::NpyType::uint64, "\0\0\0\0\0\0\0\x80"s, {9223372036854775808.0});
  check("<f2", ec::NpyType::float16, "\0\x3c\0\xc1\1\0\0\x7c\1\x7c\xff\x7b\0\4"s,
        {1, -2.5, std::ldexp(1.0, -24), infinity, nan, 65504, std::ldexp(1.0, -14)});
  check("<f4", ec::NpyType::float32, "\0\0\xc0\x3f\0\0\x28\xc2"s, {1.5, -42});
  check("<f8", ec::NpyType::float64, "\0\0\0\0\0\0\xf8\x3f\1\0\0\0\0\0\x45\xc0"s, {1.5, -42.000000000000007});
}

TEST_CASE("Whatever the order of an NPY file is, a sample is a column in C order", "[data]") {
  // Values are 100 · sample + their place in the sample.
  const auto check = [](const std::vector<int>& extents) {
    int rows = 1;
    std::string shape = "(2, ";
    for (const int extent : extents) {
      rows *= extent;
      shape += std::to_string(extent) + ", ";
    }
    std::string c, fortran(static_cast<std::size_t>(2 * rows), '\0');
    for (int n = 0; n < 2; ++n)
      for (int i = 0; i < rows; ++i) {
        c += static_cast<char>(100 * n + i);
        int rest = i, place = 0;
        for (std::size_t k = extents.size(); k-- > 0; rest /= extents[k]) {  // where the place in C order is in Fortran order
          int stride = 2;
          for (std::size_t j = 0; j < k; ++j) stride *= extents[j];
          place += rest % extents[k] * stride;
        }
        fortran[static_cast<std::size_t>(place + n)] = static_cast<char>(100 * n + i);
      }
    for (const bool order : {false, true}) {
      const Eigen::MatrixXf values = File(npy(dictionary("|u1", shape + ")", order), order ? fortran : c)).read().matrix();
      REQUIRE(values.rows() == rows);
      REQUIRE(values.cols() == 2);
      for (int n = 0; n < 2; ++n)
        for (int i = 0; i < rows; ++i) CHECK(values(i, n) == static_cast<float>(100 * n + i));
    }
  };
  check({});
  check({6});
  check({3, 4});
  check({2, 3, 4});
  check({2, 1, 3, 2});
}

TEST_CASE("An NPY file is a set whose first axis counts the samples", "[data]") {
  const auto load = [](const std::string& shape, ec::NpyOptions options = {}) {
    return ec::load_npy(File(npy(dictionary("|u1", shape), ramp(24))).name, options);
  };
  CHECK(load("(4, 6)").shape == ec::features(6));
  CHECK(load("(4, 2, 3)").shape == ec::image(2, 3));
  CHECK(load("(2, 2, 2, 3)").shape == ec::image(2, 2, 3));
  const auto first = load("(2, 3, 2, 2)", {.channels_first = true});
  CHECK(first.shape == ec::image(2, 2, 3));
  // Pixel (y, x) of channel c is 4 c + 2 y + x; bytes are over 255.
  CHECK(first.samples.col(0) == (Eigen::VectorXf(12) << 0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11).finished() / 255.0F);
  CHECK(first.labels.size() == 0);

  const File bytes(npy(dictionary("|u1", "(4, 6)"), ramp(24)));
  CHECK(ec::load_npy<std::uint8_t>(bytes.name).samples(5, 3) == 23);
  CHECK(ec::load_npy<double>(File(npy(dictionary("<i2", "(4, 3)"), ramp(24))).name).samples(0, 0) == 256);  // not scaled
}

TEST_CASE("Labels are in a file of their own", "[data]") {
  const File samples(npy(dictionary("|u1", "(3, 2)"), ramp(6)));
  const auto load = [&](const std::string& type, const std::string& shape, const std::string& values) {
    const File labels(npy(dictionary(type, shape), values));
    return ec::load_npy(samples.name, {.labels = labels.name.string()}).labels;
  };
  CHECK(load("|u1", "(3,)", "\1\0\xff"s) == Eigen::Vector3i(1, 0, 255));
  CHECK(load("<i8", "(3, 1)", "\1\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\x7f\0\0\0\0"s) ==
        Eigen::Vector3i(1, -1, 0x7f000000));
  expect_error<ec::FileError>([&] { load("|u1", "(2,)", "\1\2"); },
                              {"array.npy", "as many labels as there are samples, 3, found 2"});
  expect_error<ec::FileError>([&] { load("<f4", "(3,)", ramp(12)); }, {"one dimension of integers, found 3 float32"});
  expect_error<ec::FileError>([&] { load("|u1", "(3, 2)", ramp(6)); }, {"one dimension of integers, found 3 × 2 uint8"});
  expect_error<ec::ShapeError>([&] { load("<i8", "(3,)", std::string(23, '\0') + '\1'); },
                               {"integers that fit", "2147483647", "found 3 int64"});
}

TEST_CASE("What is no set is read as an array alone", "[data]") {
  const auto expect_refused = [](const std::string& type, const std::string& shape, int size,
                                 std::initializer_list<std::string_view> parts, ec::NpyOptions options = {}) {
    const File file(npy(dictionary(type, shape), ramp(size)));
    expect_error<ec::FileError>([&] { ec::load_npy(file.name, options); }, parts);
  };
  expect_refused("|u1", "(6,)", 6, {"2 to 4 dimensions", "found 6 uint8", "reshape(-1, 1)"});
  expect_refused("|u1", "()", 1, {"found a single uint8"});
  expect_refused("|u1", "(1, 1, 1, 1, 6)", 6, {"found 1 × 1 × 1 × 1 × 6 uint8"});
  expect_refused("|u1", "(0, 6)", 0, {"at least one value", "0 × 6 uint8"});
  expect_refused("|u1", "(2, 3)", 6, {"samples, channels, height and width", "found 2 × 3"}, {.channels_first = true});
  const File reals(npy(dictionary("<f4", "(2, 3)"), ramp(24)));
  expect_error<ec::FileError>([&] { ec::load_npy<std::uint8_t>(reals.name); },
                              {"8-bit pixels", "2 × 3 float32", "as float or double"});
  expect_error<ec::ShapeError>([&] { reals.read().matrix<int>(); },
                               {"expected integers from", "found 2 × 3 float32", "ask for float or double"});

  CHECK(File(npy(dictionary("|u1", "()"), "\7")).read().dimensions.empty());
  CHECK(File(npy(dictionary("<f8", "(0, 6)"), "")).read().matrix().rows() == 0);
  expect_error<ec::ShapeError>([] { ec::NpyArray{}.matrix(); }, {"at least one dimension"});
  expect_error<ec::ShapeError>(
      [] {
        ec::NpyArray{ec::NpyType::float32, {2}, false, std::vector<std::byte>(7)}.matrix();
      },
      {"2 float32", "found 7 bytes"});
}

TEST_CASE("A header is written in more than one way", "[data]") {
  const std::string values = ramp(6);
  const auto check = [&](const std::string& text, char version = 1) {
    INFO(text);
    const ec::NpyArray array = File(npy(text, values, version)).read();
    CHECK(array.dimensions == std::vector<ec::Index>{2, 3});
    CHECK(array.bytes.size() == 6);
    CHECK(array.fortran_order);
  };
  check("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }    \n");
  check("{'shape':(2,3,),\"descr\":\"|u1\",'fortran_order':True}");
  check("  { 'fortran_order' : True , 'shape' : ( 2L , 3L ) , 'descr' : '|u1' } \n");  // as Python 2 wrote it
  check(dictionary("|u1", "(2, 3)", true), 2);
  check(dictionary("|u1", "(2, 3)", true), 3);
}

TEST_CASE("What is no NPY header is refused with the place", "[data]") {
  const auto refused = [](const std::string& text, std::initializer_list<std::string_view> parts) {
    INFO(text);
    File(npy(text, "")).expect_refused(parts);
  };
  refused("", {"'{' at byte 10"});
  refused("{}", {"the keys 'descr', 'fortran_order' and 'shape'"});
  refused("{'descr': '|u1', 'fortran_order': False}", {"the keys 'descr', 'fortran_order' and 'shape'"});
  refused("{'descr': '|u1', 'descr': '|u1'}", {"'descr' once at byte 36"});
  refused("{'descr': '|u1', 'order': False}", {"not 'order'"});
  refused("{'descr': '|u1' 'shape': ()}", {"'}' at byte 26"});
  refused("{'descr': '|u1, 'shape': ()}", {"another type ('|u1, ')"});
  refused("{'descr': '|u1", {"closing quote"});
  refused("{descr: '|u1'}", {"a key", "at byte 11"});
  refused("{'descr': 7}", {"a type in quotes"});
  refused("{'fortran_order': 1}", {"True or False at byte 28"});
  refused("{'shape': 7}", {"'(' at byte 20"});
  refused("{'shape': (7)}", {"a comma after the only size"});
  refused("{'shape': (-7,)}", {"a size from 0 on at byte 21"});
  refused("{'shape': (1.5,)}", {"')' at byte"});
  refused("{'shape': (,)}", {"a size from 0 on"});
  refused("{'shape': (99999999999999999999,)}", {"a size that a file can have"});
  refused(dictionary("|u1", "(1,)") + "x", {"nothing but spaces after the dictionary"});
  refused(dictionary("<f8", "(3037000500, 3037000500)"),
          {"a size that a file can have", "3037000500 × 3037000500 float64", "header is damaged"});
  refused(dictionary("<f8", "(2000000000, 2000000000)"), {"a size that a file can have"});
  refused(dictionary("|u1", "(1000000000000,)"), {"1000000000000 bytes", "after the header, found 0", "cut short"});

  File("\x93NUMPX..").expect_refused({"93 4e 55 4d 50 59", "another byte at 5", "numpy.save"});
  File("PK\3\4....").expect_refused({"use read_npz"});
  File("\x93NUMPY\4\0\0\0\0\0"s).expect_refused({"version 1.0, 2.0 or 3.0", "byte 6, found 4.0"});
  File("\x93NUMPY\1\1\0\0\0\0"s).expect_refused({"found 1.1"});
}

TEST_CASE("A type that is not read is refused with what to write in NumPy", "[data]") {
  const auto refused = [](const std::string& type, std::initializer_list<std::string_view> parts) {
    INFO(type);
    File(npy("{'descr': " + type + ", 'fortran_order': False, 'shape': (1,), }\n", "x")).expect_refused(parts);
  };
  refused("'>f4'", {"big-endian ones ('>f4')", "astype('<f4')"});
  refused("'|O'", {"Python objects", "dtype='<f4'"});
  refused("'<U5'", {"texts ('<U5')", "numpy.unique"});
  refused("'|S3'", {"texts"});
  refused("'<c8'", {"complex numbers", "array.real"});
  refused("'<M8[ns]'", {"another type ('<M8[ns]')"});
  refused("'<f16'", {"another type"});
  refused("'<f1'", {"another type"});
  refused("[('x', '<f4'), ('y', '<i4')]", {"a structured type", "array['name']"});
}

TEST_CASE("An NPY file that is cut short anywhere or goes on is refused", "[data]") {
  const std::string file = npy(dictionary("<f4", "(2, 3)"), ramp(24));
  CHECK(File(file).read().bytes.size() == 24);
  for (std::size_t size = 0; size < file.size(); ++size) File(file.substr(0, size)).expect_refused({"found"});
  File(file.substr(0, file.size() - 1)).expect_refused({"24 bytes (2 × 3 float32) after the header, found 23", "cut short"});
  File(file + 'x').expect_refused({"found 25", "damaged"});
}

TEST_CASE("A matrix survives its NPY file", "[data]") {
  const Folder folder;
  const fs::path path = folder.path / "x.npy";
  const auto check = [&]<class T>(T) {
    using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
    Matrix x(3, 4);
    for (ec::Index i = 0; i < 12; ++i) x(i) = static_cast<T>(std::same_as<T, bool> ? i % 2 : 7 * i + 1);
    ec::write_npy(path, x);
    CHECK(fs::file_size(path) == 128 + 12 * sizeof(T));  // values begin at a multiple of 64
    const ec::NpyArray array = ec::read_npy(path);
    CHECK(array.dimensions == std::vector<ec::Index>{4, 3});
    CHECK(array.matrix<T>() == x);
    ec::write_npy(path, Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>(x));
    CHECK(ec::read_npy(path).matrix<T>() == x);
    ec::write_npy(path, x.bottomRows(2));
    CHECK(ec::read_npy(path).matrix<T>() == x.bottomRows(2));
  };
  check(float{});
  check(double{});
  check(bool{});
  check(std::int8_t{});
  check(std::uint8_t{});
  check(std::int16_t{});
  check(std::uint32_t{});
  check(long{});
  check(static_cast<unsigned long long>(0));

  const Eigen::VectorXi labels = Eigen::Vector3i(4, -5, 6);
  ec::write_npy(path, labels);
  CHECK(ec::read_npy(path).dimensions == std::vector<ec::Index>{3});
  CHECK(ec::read_npy(path).matrix<int>() == labels.transpose());
}

TEST_CASE("Samples of a shape become an array of that shape", "[data]") {
  const Folder folder;
  const fs::path path = folder.path / "x.npy";
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(12, 5);
  const auto dimensions = [&](ec::Shape shape) {
    ec::write_npy(path, x, shape);
    CHECK(ec::read_npy(path).matrix() == x);
    return ec::read_npy(path).dimensions;
  };
  using Sizes = std::vector<ec::Index>;
  CHECK(dimensions(ec::features(12)) == Sizes{5, 12});
  CHECK(dimensions(ec::image(3, 4)) == Sizes{5, 3, 4});
  CHECK(dimensions(ec::image(12, 1)) == Sizes{5, 12, 1});
  CHECK(dimensions(ec::image(2, 2, 3)) == Sizes{5, 2, 2, 3});
  CHECK(ec::load_npy(path).shape == ec::image(2, 2, 3));
  CHECK(dimensions(ec::sequence(6, 2)) == Sizes{5, 6, 2});
  CHECK(dimensions(ec::sequence(12, 1)) == Sizes{5, 12, 1});
  expect_error<ec::ShapeError>([&] { ec::write_npy(path, x, ec::features(11)); },
                               {"samples of (11), 11 values a column, found 12"});
}
