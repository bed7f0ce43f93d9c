// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <vector>

#include "eigencoder/files/safetensors_writer.hpp"

// The values of tensors, whatever float they are in the file.
namespace eigencoder::detail {

/// IEEE 754 binary16, exactly: a sign, 5 bits of exponent, 10 of fraction.
inline float from_half(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000) << 16, exponent = bits >> 10 & 0x1f,
                      fraction = bits & 0x3ff;
  if (exponent == 0)
    return std::copysign(std::ldexp(static_cast<float>(fraction), -24), std::bit_cast<float>(sign | 0x3f800000));
  const std::uint32_t wide = exponent == 0x1f ? 0xff : exponent + 112;  // the exponents' biases are 15 and 127
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}
/// bfloat16, the upper half of a float.
inline float from_bfloat16(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

constexpr bool is_real(Dtype dtype) {
  return dtype == Dtype::F16 || dtype == Dtype::BF16 || dtype == Dtype::F32 || dtype == Dtype::F64;
}

/// The values of a tensor that is_real, as T: exact, but that a double becomes the nearest float.
template <std::floating_point T>
std::vector<T> real_values(const TensorView& tensor) {
  std::vector<T> values;
  const auto read = [&]<class Stored>(Stored, auto convert) {
    std::vector<Stored> stored(tensor.bytes.size() / sizeof(Stored));
    from_bytes(tensor.bytes, std::span(stored));
    values.reserve(stored.size());
    for (const Stored value : stored) values.push_back(static_cast<T>(convert(value)));
  };
  const auto same = [](auto value) { return value; };
  if (tensor.dtype == Dtype::F16) read(std::uint16_t{}, from_half);
  if (tensor.dtype == Dtype::BF16) read(std::uint16_t{}, from_bfloat16);
  if (tensor.dtype == Dtype::F32) read(float{}, same);
  if (tensor.dtype == Dtype::F64) read(double{}, same);
  return values;
}

}  // namespace eigencoder::detail
