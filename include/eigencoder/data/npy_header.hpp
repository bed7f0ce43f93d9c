// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"

namespace eigencoder {

/// What the values of an NPY file are, by NumPy's names.
enum class NpyType { bool8, int8, uint8, int16, uint16, int32, uint32, int64, uint64, float16, float32, float64 };

namespace detail {

struct Half;

struct NpyTypeFacts {
  NpyType type;
  std::string_view name;
  char kind;  ///< of NumPy: b, i, u or f
  Index bytes;
};

inline constexpr std::array<NpyTypeFacts, 12> npy_types{{{NpyType::bool8, "bool", 'b', 1},
                                                         {NpyType::int8, "int8", 'i', 1},
                                                         {NpyType::uint8, "uint8", 'u', 1},
                                                         {NpyType::int16, "int16", 'i', 2},
                                                         {NpyType::uint16, "uint16", 'u', 2},
                                                         {NpyType::int32, "int32", 'i', 4},
                                                         {NpyType::uint32, "uint32", 'u', 4},
                                                         {NpyType::int64, "int64", 'i', 8},
                                                         {NpyType::uint64, "uint64", 'u', 8},
                                                         {NpyType::float16, "float16", 'f', 2},
                                                         {NpyType::float32, "float32", 'f', 4},
                                                         {NpyType::float64, "float64", 'f', 8}}};

/// Null if `type` is none of them.
constexpr const NpyTypeFacts* find_npy_type(NpyType type) {
  for (const NpyTypeFacts& facts : npy_types)
    if (facts.type == type) return &facts;
  return nullptr;
}

/// Of a C++ type: by its kind and size, since long and long long are both int64.
template <class T>
inline constexpr NpyType npy_type = [] {
  const char kind = std::same_as<T, bool> ? 'b' : std::floating_point<T> ? 'f' : std::is_signed_v<T> ? 'i' : 'u';
  for (const NpyTypeFacts& facts : npy_types)
    if (facts.kind == kind && facts.bytes == sizeof(T)) return facts.type;
  throw OptionError("no type of NPY files");
}();

/// visit(std::type_identity<T>{}) for the C++ type of `type`; false for no type.
template <class Visit>
bool with_npy_type(NpyType type, const Visit& visit) {
  switch (type) {
    case NpyType::bool8:
    case NpyType::uint8:
      return visit(std::type_identity<std::uint8_t>{});
    case NpyType::int8:
      return visit(std::type_identity<std::int8_t>{});
    case NpyType::int16:
      return visit(std::type_identity<std::int16_t>{});
    case NpyType::uint16:
      return visit(std::type_identity<std::uint16_t>{});
    case NpyType::int32:
      return visit(std::type_identity<std::int32_t>{});
    case NpyType::uint32:
      return visit(std::type_identity<std::uint32_t>{});
    case NpyType::int64:
      return visit(std::type_identity<std::int64_t>{});
    case NpyType::uint64:
      return visit(std::type_identity<std::uint64_t>{});
    case NpyType::float16:
      return visit(std::type_identity<Half>{});
    case NpyType::float32:
      return visit(std::type_identity<float>{});
    case NpyType::float64:
      return visit(std::type_identity<double>{});
  }
  return false;
}

}  // namespace detail

/// "uint8", "float32", … ; "unknown" for a value that is no NpyType.
constexpr std::string_view to_string(NpyType type) {
  const detail::NpyTypeFacts* facts = detail::find_npy_type(type);
  return facts ? facts->name : "unknown";
}

namespace detail {

struct NpyHeader {
  NpyType type = NpyType::float32;
  bool fortran_order = false;
  std::vector<Index> dimensions;
  Index size = 0;  ///< where the values begin
};

/// Of the file called `name`, whose bytes these are, all or the first ones.
NpyHeader parse_npy_header(std::span<const std::byte> bytes, std::string_view name);

/// Version 1.0, padded so that the values begin at a multiple of 64 bytes, as numpy.save writes it.
std::vector<std::byte> make_npy_header(NpyType type, std::span<const Index> dimensions);

}  // namespace detail

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/data/npy_header_impl.hpp"
#endif
