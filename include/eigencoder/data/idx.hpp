// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"

namespace eigencoder {

/// What the values of an IDX file are: the third byte of the file.
enum class IdxType : std::uint8_t { uint8 = 0x08, int8 = 0x09, int16 = 0x0B, int32 = 0x0C, float32 = 0x0D, float64 = 0x0E };

namespace detail {

struct IdxTypeFacts {
  IdxType type;
  std::string_view name;
  Index bytes;
};

inline constexpr std::array<IdxTypeFacts, 6> idx_types{{{IdxType::uint8, "uint8", 1},
                                                        {IdxType::int8, "int8", 1},
                                                        {IdxType::int16, "int16", 2},
                                                        {IdxType::int32, "int32", 4},
                                                        {IdxType::float32, "float32", 4},
                                                        {IdxType::float64, "float64", 8}}};

/// Null if `type` is none of the six.
constexpr const IdxTypeFacts* find_idx_type(IdxType type) {
  for (const IdxTypeFacts& facts : idx_types)
    if (facts.type == type) return &facts;
  return nullptr;
}

/// "60000 × 28 × 28 uint8"
std::string describe_idx(std::string_view type, std::span<const Index> dimensions);

}  // namespace detail

/// "uint8", "float32", … ; "unknown" for a value that is no IdxType.
constexpr std::string_view to_string(IdxType type) {
  for (const detail::IdxTypeFacts& facts : detail::idx_types)
    if (facts.type == type) return facts.name;
  return "unknown";
}

/// What samples are kept in: float or double, or 8-bit pixels as files have them.
template <class T>
concept SampleScalar = std::floating_point<T> || std::same_as<T, std::uint8_t>;

/// The contents of an IDX file, the format of MNIST and similar sets: an array of any number of dimensions and one type of value.
struct Idx {
  IdxType type = IdxType::uint8;
  std::vector<Index> dimensions;    ///< The first counts the samples, the last varies fastest.
  std::vector<std::uint8_t> bytes;  ///< The values as they lie in the file, big endian.

  /// The values as a matrix with one sample a column: (product of the other dimensions) × (first dimension), unscaled.
  /// A sample keeps the order of the file, which is the library's: an image row by row, its channels, if any, innermost.
  /// As std::uint8_t only where that is the type. Throws ShapeError if it is not, and if the dimensions are none or do not
  /// account for `bytes`.
  template <SampleScalar T = float>
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> matrix() const;
};

/// Reads an IDX file, plain or packed with gzip. Memory grows with the bytes that are there, never with what the header says.
/// Throws FileError if the file cannot be read, is damaged, does not end where its header says, or holds no values.
Idx read_idx(const std::filesystem::path& path);

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/data/idx_impl.hpp"
#endif
