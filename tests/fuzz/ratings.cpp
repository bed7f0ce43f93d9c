// SPDX-License-Identifier: MIT
#include "eigencoder/data/ratings.hpp"

#include <cstdlib>
#include <set>
#include <utility>

#include "memory_file.hpp"

namespace ec = eigencoder;

// Any error of the library is right, anything else is a find: ratings, or titles of items, as the first byte says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const MemoryFile file(data + 1, size - 1);
  try {
    if (data[0] % 2 == 0) {
      const ec::RatingSet set = ec::read_ratings(file.path());
      if (set.ratings.empty()) std::abort();
      std::set<std::pair<ec::Index, ec::Index>> pairs;
      for (const ec::Rating& rating : set.ratings) {
        if (rating.user < 0 || rating.user >= set.users.size() || rating.item < 0 || rating.item >= set.items.size())
          std::abort();
        if (!(rating.value >= 0.5F && rating.value <= 5)) std::abort();
        if (!pairs.emplace(rating.user, rating.item).second) std::abort();
      }
      for (ec::Index user = 0; user < set.users.size(); ++user) {
        if (set.users[user].empty() || set.users.find(set.users[user]) != user) std::abort();
      }
    } else {
      ec::RatingSet set;
      set.items.add("1");
      set.items.add("242");
      ec::read_titles(file.path(), set);
      if (set.titles.size() != 2) std::abort();
    }
  } catch (const ec::Error&) {
  }
  return 0;
}
