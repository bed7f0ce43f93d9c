// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <utility>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"

namespace eigencoder {

/// How samples are divided among ranks that train together: into `parts` of nearly equal size, of which each rank has some in a row.
struct Division {
  int rank = 0, ranks = 1;
  std::size_t parts = 1;      ///< of all ranks; a power of two where `fixed`
  bool fixed = false;         ///< whatever is of a part is found for itself, and put together in one order for any number of ranks

  /// The first part of a rank; of rank `ranks` their number.
  constexpr std::size_t first_of(int r) const { return parts * static_cast<std::size_t>(r) / static_cast<std::size_t>(ranks); }
  constexpr std::size_t first() const { return first_of(rank); }
  constexpr std::size_t end() const { return first_of(rank + 1); }
  constexpr std::size_t mine() const { return end() - first(); }
  constexpr bool has(std::size_t part) const { return first() <= part && part < end(); }
  constexpr int owner(std::size_t part) const {
    int r = 0;
    while (first_of(r + 1) <= part) ++r;
    return r;
  }
  /// One process that has no parts to heed.
  constexpr bool trivial() const { return ranks == 1 && !fixed; }

  /// Of `count` samples, the number before a part.
  constexpr Index begin_of(std::size_t part, Index count) const {
    return count * static_cast<Index>(part) / static_cast<Index>(parts);
  }

  /// Of a batch of `count` samples, those of a rank's parts.
  constexpr Index share(Index count, int r) const { return begin_of(first_of(r + 1), count) - begin_of(first_of(r), count); }
  constexpr Index share(Index count) const { return share(count, rank); }

  /// Calls join(to, from, end) for each inner node of the binary tree over the parts [to, end), whose halves begin at `to` and at
  /// `from`, after its halves'.
  template <class Join>
  constexpr void for_each_join(Join join) const {
    for (std::size_t half = 1; half < parts; half *= 2) {
      for (std::size_t to = 0; to < parts; to += 2 * half) join(to, to + half, to + 2 * half);
    }
  }
};

/// Which of `count` samples are those of rank `rank` of `size`: where they begin, and how many they are. They are whole parts of
/// `parts`; 0: of as many as there are ranks. Throws OptionError.
inline std::pair<Index, Index> range_of_part(Index count, int rank, int size, std::size_t parts = 0) {
  if (size < 1 || rank < 0 || rank >= size) {
    raise<OptionError>("part_of: expected a rank from 0 to ", size - 1, ", found ", rank);
  }
  const Division division{rank, size, parts > 0 ? parts : static_cast<std::size_t>(size), false};
  const Index begin = division.begin_of(division.first(), count);
  return {begin, division.begin_of(division.end(), count) - begin};
}

}  // namespace eigencoder
