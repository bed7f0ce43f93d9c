// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/io/tensor_values.hpp"

namespace eigencoder::detail {

EIGENCODER_INLINE float from_half(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000) << 16, exponent = bits >> 10 & 0x1f,
                      fraction = bits & 0x3ff;
  if (exponent == 0)
    return std::copysign(std::ldexp(static_cast<float>(fraction), -24), std::bit_cast<float>(sign | 0x3f800000));
  const std::uint32_t wide = exponent == 0x1f ? 0xff : exponent + 112;  // the exponents' biases are 15 and 127
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

EIGENCODER_INLINE float from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

}  // namespace eigencoder::detail
