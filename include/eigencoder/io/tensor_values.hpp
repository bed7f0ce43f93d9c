// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <vector>

#include "eigencoder/files/safetensors_writer.hpp"

// The values of tensors, whatever float they are in the file.
namespace eigencoder::detail {

/// IEEE 754 binary16, exactly: a sign, 5 bits of exponent, 10 of fraction.
float from_half(std::uint16_t bits);
/// bfloat16, the upper half of a float.
float from_bfloat16(std::uint16_t bits);

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

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/io/tensor_values_impl.hpp"
#endif
