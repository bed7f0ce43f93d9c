// SPDX-License-Identifier: MIT
#include "eigencoder/files/safetensors.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"

// tests/readers/safetensors_cases.py holds reader and writer to the format's own library.
namespace ec = eigencoder;
using Bytes = std::vector<std::byte>;

namespace {

Bytes bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}
std::string text_of(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += static_cast<char>(byte);
  return text;
}

/// A file of a header and data, with the length that belongs to it.
Bytes file_of(std::string_view header, std::string_view data = {}) {
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) text += static_cast<char>(header.size() >> 8 * i);
  return bytes_of(text + std::string(header) + std::string(data));
}

void refused(const Bytes& bytes, std::initializer_list<std::string_view> parts) {
  INFO(text_of(bytes));
  expect_error<ec::FileError>([&] { ec::parse_safetensors(bytes, "model.safetensors"); }, parts);
}
void refused(std::string_view header, std::initializer_list<std::string_view> parts) {
  refused(file_of(header, "1234"), parts);
}

const std::string entry = R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})";

/// The entry with one text in another's place.
std::string with(std::string_view old, std::string_view text) {
  std::string changed = entry;
  changed.replace(changed.find(old), old.size(), text);
  return R"({"w":)" + changed + '}';
}

const std::array<float, 6> values{1, -2.5F, 3, 1e-30F, -0.0F, 1e30F};
const Bytes value_bytes = ec::to_bytes<float>(values);

}  // namespace

TEST_CASE("safetensors: a file is laid out as the format says, byte by byte") {
  const Bytes one = bytes_of("A"), two = bytes_of("bc"), eight = bytes_of("12345678");
  const std::vector<ec::TensorView> tensors{{"b", ec::Dtype::U8, {1}, one},
                                            {"a", ec::Dtype::I8, {2, 1}, two},
                                            {"z", ec::Dtype::F64, {}, eight},
                                            {"a\"", ec::Dtype::U8, {0, 7}, {}}};
  const std::string header =
      R"({"__metadata__":{"k":"v\u000a","more":"é"},"z":{"dtype":"F64","shape":[],"data_offsets":[0,8]},)"
      R"("a":{"dtype":"I8","shape":[2,1],"data_offsets":[8,10]},"a\"":{"dtype":"U8","shape":[0,7],"data_offsets":[10,10]},)"
      R"("b":{"dtype":"U8","shape":[1],"data_offsets":[10,11]}})";
  const std::string padded = header + std::string(7 - (header.size() + 7) % 8, ' ');
  CHECK(text_of(ec::encode_safetensors(tensors, {{"more", "é"}, {"k", "v\n"}})) == text_of(file_of(padded, "12345678bcA")));
  CHECK(text_of(ec::encode_safetensors({})) == text_of(file_of("{}      ")));
}

TEST_CASE("safetensors: what is written is read again") {
  const Folder folder;
  const auto path = folder.path / "model.safetensors";
  const std::vector<ec::TensorView> tensors{{"w", ec::Dtype::F32, {2, 3}, value_bytes}, {"a", ec::Dtype::F32, {0}, {}}};
  ec::write_safetensors(path, tensors, {{"é\n", "\""}});
  ec::SafetensorsFile moved = ec::read_safetensors(path);
  const ec::SafetensorsFile file = std::move(moved);  // the views stay good

  CHECK(file.metadata() == ec::Metadata{{"é\n", "\""}});
  REQUIRE(file.text("é\n") != nullptr);
  CHECK(*file.text("é\n") == "\"");
  CHECK(file.text("é") == nullptr);
  REQUIRE(file.tensors().size() == 2);
  CHECK(file.tensors()[0].name == "a");
  CHECK(file.find("b") == nullptr);
  CHECK(file.find("x") == nullptr);
  REQUIRE(file.find("w") != nullptr);
  CHECK(file.find("w")->shape == std::vector<std::uint64_t>{2, 3});
  std::array<float, 6> read{};
  ec::from_bytes(file.find("w")->bytes, std::span<float>(read));
  CHECK(ec::to_bytes<float>(read) == value_bytes);
  expect_error<ec::ShapeError>([&] { ec::from_bytes(file.find("a")->bytes, std::span<float>(read)); },
                               {"expected 24 bytes for 6 values, found 0"});
  expect_error<ec::FileError>([&] { ec::read_safetensors(folder.path / "none.safetensors"); }, {"none.safetensors"});
}

TEST_CASE("safetensors: types of C++ and dtypes") {
  STATIC_REQUIRE(ec::dtype_of<float> == ec::Dtype::F32);
  STATIC_REQUIRE(ec::dtype_of<double> == ec::Dtype::F64);
  STATIC_REQUIRE(ec::dtype_of<bool> == ec::Dtype::BOOL);
  STATIC_REQUIRE(ec::dtype_of<std::int8_t> == ec::Dtype::I8);
  STATIC_REQUIRE(ec::dtype_of<std::uint16_t> == ec::Dtype::U16);
  STATIC_REQUIRE(ec::dtype_of<std::int32_t> == ec::Dtype::I32);
  STATIC_REQUIRE(ec::dtype_of<std::uint64_t> == ec::Dtype::U64);
  for (std::size_t i = 0; i < ec::detail::dtypes.size(); ++i) {
    const auto dtype = static_cast<ec::Dtype>(i);
    CHECK(ec::find_dtype(to_string(dtype)) == dtype);
    if (i > 0) CHECK(bits(dtype) + 4 >= bits(static_cast<ec::Dtype>(i - 1)));  // by size, but for BOOL, which is first
  }
  CHECK(to_string(ec::Dtype::F8_E4M3FNUZ) == "F8_E4M3FNUZ");
  CHECK(to_string(ec::Dtype::U64) == "U64");
  CHECK(bits(ec::Dtype::F6_E2M3) == 6);
  CHECK(!ec::find_dtype("F33"));
}

TEST_CASE("safetensors: what cannot be written is named") {
  using ec::Dtype;
  const auto refuses = [](const std::vector<ec::TensorView>& tensors, const ec::Metadata& metadata,
                          std::initializer_list<std::string_view> parts) {
    expect_error<ec::Error>([&] { ec::encode_safetensors(tensors, metadata); }, parts);
  };
  const std::span<const std::byte> four = std::span(value_bytes).first(4);
  refuses({{"", Dtype::F32, {1}, four}}, {}, {"without a name"});
  refuses({{"__metadata__", Dtype::F32, {1}, four}}, {}, {"__metadata__"});
  refuses({{"w", Dtype::F32, {1}, four}, {"w", Dtype::I32, {1}, four}}, {}, {"two tensors", "\"w\""});
  refuses({{"w\xff", Dtype::F32, {1}, four}}, {}, {"name of a tensor", "UTF-8", "at 1"});
  refuses({{"w", Dtype::F32, {2}, four}}, {}, {"\"w\"", "expected 8 bytes for F32 [2], found 4"});
  refuses({{"w", Dtype::F4, {3}, four}}, {}, {"\"w\"", "whole number of bytes", "F4 [3]"});
  refuses({{"w", Dtype::F32, {std::uint64_t{1} << 62, 4}, {}}}, {}, {"\"w\"", "F32 [4611686018427387904, 4]", "found 0"});
  refuses({}, {{"a", "\xed\xa0\x80"}}, {"the text a", "UTF-8"});
  refuses({}, {{"\x80", "a"}}, {"the name of a text", "UTF-8"});
}

TEST_CASE("safetensors: errors say where") {
  refused(bytes_of("1234567"), {"model.safetensors", "first 8 bytes", "found 7 bytes"});
  refused(file_of(""), {"byte 8", "expected {", "empty header"});
  refused(bytes_of(std::string("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10)), {"at most 100000000", "18446744073709551615"});
  refused(bytes_of(std::string("\x03\0\0\0\0\0\0\0{}", 10)), {"a header of 3 bytes, found 2"});
  refused(" {}", {"byte 8", "expected {"});
  refused("{\"\xc0\xaf\":3}", {"byte 10", "UTF-8"});
  refused(std::string_view("{}\0", 3), {"byte 10", "NUL"});
  refused("{]", {"byte 10", "JSON", "unexpected ']'"});
  try {
    ec::parse_safetensors(file_of("{é}"), "x");
    FAIL("accepted");
  } catch (const ec::FileError& error) {
    CHECK(ec::detail::find_no_utf8(error.what()) == std::string_view::npos);
  }
  refused("{} {}", {"byte 12", "JSON"});
  refused(R"({"w":3})", {"byte 15", "tensor \"w\"", "expected an object with dtype, shape and data_offsets, found a number"});
  refused(R"({"":)" + entry + '}', {"expected the name of a tensor, found an empty one"});
  refused(R"({"w":)" + entry + R"(,"w":)" + entry + '}', {"byte 65", "tensor \"w\"", "one tensor of this name"});
  refused(R"({"w":{"dtype":"F32"}})", {"tensor \"w\"", "expected the field \"shape\""});
  refused(with("\"F32\"", "\"F33\""), {"tensor \"w\", field \"dtype\"", "found \"F33\""});
  refused(with("\"F32\"", "[]"), {"tensor \"w\", field \"dtype\"", "expected a string, found a list"});
  refused(with("\"shape\":[1]", "\"shape\":[1],\"shape\":[1]"), {"tensor \"w\", field \"shape\"", "once"});
  refused(with("[1]", "[-1]"), {"tensor \"w\", field \"shape\"", "found a negative number"});
  refused(with("[1]", "[1.0]"), {"tensor \"w\", field \"shape\"", "found 1.0"});
  refused(with("[1]", "[18446744073709551616]"), {"tensor \"w\", field \"shape\"", "2^64 - 1, found 18446744073709551616"});
  refused(with("[1]", "[\"1\"]"), {"tensor \"w\", field \"shape\"", "found a string"});
  refused(with("[1]", "{}"), {"tensor \"w\", field \"shape\"", "expected a list, found an object"});
  refused(with("[0,4]", "[4]"), {"tensor \"w\", field \"data_offsets\"", "two offsets, found 1"});
  refused(with("[0,4]", "[0,4,4]"), {"tensor \"w\", field \"data_offsets\"", "two offsets, found more"});
  refused(R"({"\ud800":)" + entry + '}', {"JSON", "surrogate"});
  refused(R"({"__metadata__":{"a":3}})", {"byte 31", "__metadata__", "text \"a\": expected a string, found a number"});
  refused(R"({"__metadata__":{"a":"b","a":"b"}})", {"__metadata__", "expected one text \"a\", found another"});
  refused(R"({"__metadata__":null,"__metadata__":{}})", {"expected __metadata__ once"});
  refused(R"({"__metadata__":[]})", {"__metadata__", "expected an object of texts or null, found a list"});

  refused(with("[0,4]", "[4,0]"), {"tensor \"w\"", "in order", "[4, 0]"});
  refused(with("[0,4]", "[1,5]"), {"tensor \"w\"", "expected its bytes to begin at 0", "[1, 5]", "hole"});
  refused(with("[0,4]", "[0,8]"), {"tensor \"w\"", "up to byte 8, found 4"});
  refused(with("[1]", "[2]"), {"tensor \"w\"", "expected 8 bytes for F32 [2], found data_offsets [0, 4]"});
  refused(with("[1]", "[4294967296,4294967296]"), {"tensor \"w\"", "below 2^64, found F32 [4294967296, 4294967296]"});
  refused(R"({"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})", {"expected 0 bytes of data", "found 4"});
  refused(file_of(R"({"a":)" + entry + R"(,"b":)" + entry + '}', "1234"), {"tensor \"b\"", "begin at 4", "overlap"});
}

TEST_CASE("safetensors: long names and deep nests stay small in errors") {
  const std::string name(1'000'000, 'n');
  try {
    ec::parse_safetensors(file_of("{\"" + name + "\":3}"), "x");
    FAIL("accepted");
  } catch (const ec::FileError& error) {
    CHECK(std::string_view(error.what()).size() < 300);
  }
  try {
    ec::parse_safetensors(file_of("{\"" + name + "\\"), "x");
    FAIL("accepted");
  } catch (const ec::FileError& error) {
    CHECK(std::string_view(error.what()).size() < 400);
  }
  const std::string deep(1'000'000, '[');
  refused(R"({"w":{"x":)" + deep, {"at most 127 levels"});
}

TEST_CASE("safetensors: a file that is cut anywhere is refused") {
  const std::vector<ec::TensorView> tensors{{"w", ec::Dtype::F32, {2, 3}, value_bytes}};
  const Bytes whole = ec::encode_safetensors(tensors, {{"a", "b"}});
  CHECK(ec::parse_safetensors(whole).tensors().size() == 1);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO(size);
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK_THROWS_AS(ec::parse_safetensors(cut), ec::FileError);
  }
}
