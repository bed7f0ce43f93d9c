// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eigencoder/files/atomic_file.hpp"
#include "eigencoder/files/byte_order.hpp"
#include "eigencoder/files/json.hpp"

namespace eigencoder {

/// What a tensor of a safetensors file holds, by the format's own names and in its order, which is by size.
enum class Dtype : std::uint8_t {
  BOOL,
  F4,
  F6_E2M3,
  F6_E3M2,
  U8,
  I8,
  F8_E5M2,
  F8_E4M3,
  F8_E8M0,
  F8_E4M3FNUZ,
  F8_E5M2FNUZ,
  I16,
  U16,
  F16,
  BF16,
  I32,
  U32,
  F32,
  C64,
  F64,
  I64,
  U64,
};

namespace detail {

struct DtypeRow {
  std::string_view name;
  unsigned bits;
};
inline constexpr std::array<DtypeRow, 22> dtypes{{
    {"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6},     {"U8", 8},          {"I8", 8},
    {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I16", 16},
    {"U16", 16},    {"F16", 16},    {"BF16", 16},   {"I32", 32},        {"U32", 32},        {"F32", 32},
    {"C64", 64},    {"F64", 64},    {"I64", 64},    {"U64", 64},
}};

}  // namespace detail

/// As the file has it: "F32".
constexpr std::string_view to_string(Dtype dtype) { return detail::dtypes[static_cast<std::size_t>(dtype)].name; }
/// Of one value: 4 or 6 for the small floats, of which several lie in a byte.
constexpr unsigned bits(Dtype dtype) { return detail::dtypes[static_cast<std::size_t>(dtype)].bits; }
constexpr std::optional<Dtype> find_dtype(std::string_view name) {
  for (std::size_t i = 0; i < detail::dtypes.size(); ++i) {
    if (detail::dtypes[i].name == name) return static_cast<Dtype>(i);
  }
  return {};
}

/// The dtype of a type of C++: dtype_of<float> is F32.
template <class T>
inline constexpr Dtype dtype_of = [] {
  static_assert(std::is_arithmetic_v<T>, "a tensor of numbers is of integers, float or double");
  constexpr std::size_t size = std::bit_width(sizeof(T)) - 1;
  using enum Dtype;
  if constexpr (std::is_same_v<T, bool>) {
    return BOOL;
  } else if constexpr (std::is_floating_point_v<T>) {
    static_assert(std::numeric_limits<T>::is_iec559 && (sizeof(T) == 4 || sizeof(T) == 8),
                  "a real tensor is of float or double");
    return sizeof(T) == 4 ? F32 : F64;
  } else if constexpr (std::is_signed_v<T>) {
    return std::array{I8, I16, I32, I64}[size];
  } else {
    return std::array{U8, U16, U32, U64}[size];
  }
}();

/// A tensor of a file, or one to be written. It owns its name and shape and no bytes.
struct TensorView {
  std::string name;
  Dtype dtype = Dtype::F32;
  std::vector<std::uint64_t> shape;  ///< none: a scalar
  std::span<const std::byte> bytes;  ///< little endian, the last axis fastest
};

/// Texts by name, the user's own among them.
using Metadata = std::map<std::string, std::string>;

namespace detail {

inline constexpr std::uint64_t longest_header = 100'000'000;
inline constexpr std::string_view metadata_name = "__metadata__";

/// How many bytes a tensor has, or nothing where a file cannot hold it: too many, or no whole number of bytes.
std::optional<std::uint64_t> byte_count(Dtype dtype, std::span<const std::uint64_t> shape);

/// At most so many bytes of a text, without half a character at the end.
std::string shortened(std::string_view text, std::size_t most);
/// A name in an error: in quotation marks, with escapes, and not longer than a line.
std::string shown_name(std::string_view name);

/// "[2, 3]"
std::string shape_text(std::span<const std::uint64_t> shape);

}  // namespace detail

/// The bytes of values in a file: little endian.
template <class T>
std::vector<std::byte> to_bytes(std::span<const T> values) {
  std::vector<std::byte> bytes(values.size_bytes());
  detail::copy_values<std::endian::little>(sizeof(T), std::as_bytes(values), bytes.data());
  return bytes;
}

/// The reverse. Throws ShapeError unless there are as many bytes as `values` has room for.
template <class T>
void from_bytes(std::span<const std::byte> bytes, std::span<T> values) {
  if (bytes.size() != values.size_bytes()) {
    throw ShapeError(message("expected ", values.size_bytes(), " bytes for ", values.size(), " values, found ", bytes.size()));
  }
  detail::copy_values<std::endian::little>(sizeof(T), bytes, std::as_writable_bytes(values).data());
}

/// A safetensors file as the format's own library writes it: 8 bytes with the header's length, a header in JSON padded with
/// spaces to a multiple of 8, then the tensors, those of the largest values first, by name within a dtype. Throws Error for a
/// name that is empty, given twice, `__metadata__` or no UTF-8, for texts that are no UTF-8, and where a tensor has not the
/// bytes that its shape and dtype need.
/// https://huggingface.co/docs/safetensors
std::vector<std::byte> encode_safetensors(std::span<const TensorView> tensors, const Metadata& metadata = {});

/// Writes such a file, as write_file does: whoever reads it finds the old file or all of the new one. Throws FileError too.
void write_safetensors(const std::filesystem::path& path, std::span<const TensorView> tensors, const Metadata& metadata = {});

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/files/safetensors_writer_impl.hpp"
#endif
