// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "eigencoder/core/random.hpp"

namespace eigencoder::detail {

/// The shuffle of Fisher and Yates, by counter-based random numbers, so that the order is the same on every machine. The draws are
/// those of that sample.
inline void shuffle(std::span<Index> order, const Random& random, Index sample = 0) {
  const auto swap_last = [&](std::size_t count, double uniform) {
    std::swap(order[count - 1], order[static_cast<std::size_t>(uniform * static_cast<double>(count))]);
  };
  for (std::size_t count = order.size(); count > 1; count -= 2) {
    const auto [first, second] = random.uniforms(sample, static_cast<Index>(count));
    swap_last(count, first);
    swap_last(count - 1, second);
  }
}

/// Draws `held_out` of the `count` numbers from `first` on, as `stratum` says, and appends them and the others, each in rising order.
/// Not shuffled: the last ones.
inline void split(Index first, Index count, Index held_out, bool shuffled, Seed seed, Index stratum, std::vector<Index>& kept,
                  std::vector<Index>& held) {
  std::vector<Index> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), first);
  if (shuffled) shuffle(all, Random(seed, 0, stream(RandomStream::splits), stratum));
  std::sort(all.begin(), all.end() - held_out);
  std::sort(all.end() - held_out, all.end());
  kept.insert(kept.end(), all.begin(), all.end() - held_out);
  held.insert(held.end(), all.end() - held_out, all.end());
}

}  // namespace eigencoder::detail
