// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <limits>
#include <type_traits>

#include "eigencoder/core/shape.hpp"

// Samples of 8- and 16-bit integers, which stand for shares of 1.
namespace eigencoder::detail {

/// The integer that stands for 1: 255 and 65535, and 128 and 32768, which signed integers just do not reach.
template <class S>
inline constexpr int one = std::numeric_limits<S>::max() + (std::is_signed_v<S> ? 1 : 0);

/// What integers stand for. `to` may be the memory of `from`, if value i of `to` ends no later than value i of `from`.
template <class S, class T>
void shares_of_one(const std::byte* from, Index count, T* to) {
  constexpr std::size_t piece = 64;
  const auto convert = [&]<std::size_t n>(std::integral_constant<std::size_t, n>, Index i) {
    std::array<S, n> values;
    std::memcpy(values.data(), from + i * static_cast<Index>(sizeof(S)), n * sizeof(S));
    for (std::size_t k = 0; k < n; ++k) to[i + static_cast<Index>(k)] = static_cast<T>(values[k]) / static_cast<T>(one<S>);
  };
  // Pieces of a known size, which g++ vectorises at -O2 too.
  Index i = 0;
  for (; i + Index{piece} <= count; i += Index{piece}) convert(std::integral_constant<std::size_t, piece>{}, i);
  for (; i < count; ++i) convert(std::integral_constant<std::size_t, 1>{}, i);
}

}  // namespace eigencoder::detail
