// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <span>

// Values whose bytes lie in a file in one order, whatever the machine's is.
namespace eigencoder::detail {

/// Copies values of `size` bytes each, in the order `Order` on one side and in the machine's on the other.
template <std::endian Order>
void copy_values(std::size_t size, std::span<const std::byte> from, std::byte* to) {
  if constexpr (Order == std::endian::native) {
    std::copy(from.begin(), from.end(), to);
  } else {
    for (; from.size() >= size; from = from.subspan(size), to += size)
      std::reverse_copy(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(size), to);
  }
}

/// The value whose bytes begin there.
template <class Value, std::endian Order>
Value read_value(const void* bytes) {
  std::array<std::byte, sizeof(Value)> native;
  copy_values<Order>(sizeof(Value), std::span(static_cast<const std::byte*>(bytes), sizeof(Value)), native.data());
  return std::bit_cast<Value>(native);
}

}  // namespace eigencoder::detail
