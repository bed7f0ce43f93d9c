// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "eigencoder/core/shape.hpp"

namespace eigencoder::detail {

/// Calls f(first, count) for all columns: enough at a time for Eigen's products, few enough for the cache.
template <class F>
void for_columns(Index columns, F f) {
  constexpr Index piece = 256;
  for (Index first = 0; first < columns; first += piece) f(first, std::min(piece, columns - first));
}

}  // namespace eigencoder::detail
