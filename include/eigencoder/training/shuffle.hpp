// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "eigencoder/core/random.hpp"

namespace eigencoder::detail {

/// The shuffle of Fisher and Yates, by counter-based random numbers, so that the order is the same on every machine.
inline void shuffle(std::vector<Index>& order, const Random& random) {
  const auto swap_last = [&](std::size_t count, double uniform) {
    std::swap(order[count - 1], order[static_cast<std::size_t>(uniform * static_cast<double>(count))]);
  };
  for (std::size_t count = order.size(); count > 1; count -= 2) {
    const auto [first, second] = random.uniforms(0, static_cast<Index>(count));
    swap_last(count, first);
    swap_last(count - 1, second);
  }
}

/// Draws `held_out` of `count` numbers 0, 1, 2, … and puts them and the others apart, each in rising order.
inline void split(Index count, Index held_out, Seed seed, std::vector<Index>& kept, std::vector<Index>& held) {
  kept.resize(static_cast<std::size_t>(count));
  std::iota(kept.begin(), kept.end(), Index{0});
  shuffle(kept, Random(seed, 0, stream(RandomStream::splits)));
  held.assign(kept.end() - held_out, kept.end());
  kept.resize(static_cast<std::size_t>(count - held_out));
  std::sort(kept.begin(), kept.end());
  std::sort(held.begin(), held.end());
}

}  // namespace eigencoder::detail
