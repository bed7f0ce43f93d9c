// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace eigencoder::detail {

/// The remainders of all bytes by the polynomial of Castagnoli et al. (1993), 0x1edc6f41, lowest bit first.
inline constexpr std::array<std::uint32_t, 256> crc32c_remainders = [] {
  std::array<std::uint32_t, 256> all{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = rest >> 1 ^ (rest & 1 ? 0x82f63b78U : 0U);
    all[byte] = rest;
  }
  return all;
}();

/// CRC-32C of RFC 3720 (iSCSI), appendix B.4.
constexpr std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t rest = ~0U;
  for (const char byte : bytes) rest = rest >> 8 ^ crc32c_remainders[(rest ^ static_cast<unsigned char>(byte)) & 0xff];
  return ~rest;
}

}  // namespace eigencoder::detail
