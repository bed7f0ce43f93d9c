// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/random.hpp"

namespace eigencoder {

/// What a user gives to an item: their numbers, and the value.
struct Rating {
  Index user = 0, item = 0;
  float value = 0;
  friend bool operator==(const Rating&, const Rating&) = default;
};

/// Numbers 0, 1, 2, … of ids, in the order in which they come first.
class Ids {
 public:
  Index size() const { return std::ssize(names_); }
  const std::string& operator[](Index number) const { return names_[static_cast<std::size_t>(number)]; }
  const std::vector<std::string>& names() const { return names_; }

  std::optional<Index> find(std::string_view id) const {
    const auto found = numbers_.find(id);
    return found == numbers_.end() ? std::nullopt : std::optional(found->second);
  }
  /// The number of an id, a new one if it has none.
  Index add(std::string_view id) {
    if (const auto known = find(id)) return *known;
    numbers_.emplace(id, size());
    names_.emplace_back(id);
    return size() - 1;
  }

 private:
  std::vector<std::string> names_;
  std::map<std::string, Index, std::less<>> numbers_;
};

/// Ratings as a file has them, and the ids behind the numbers.
struct RatingSet {
  std::vector<Rating> ratings;
  Ids users, items;
  std::vector<std::string> titles = {};  ///< of the items, empty where one has none; no titles at all: empty
};

/// Ratings to learn from, and ratings to be predicted.
struct RatingSplit {
  std::vector<Rating> train, test;
};

namespace detail {

/// The first `count` of a random order of 0 … size − 1, by the first steps of Fisher and Yates' shuffle with the draws of
/// `sample`.
inline std::vector<Index> draw_some(const Random& random, Index sample, Index size, Index count) {
  std::vector<Index> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), Index{0});
  for (Index k = 0; k < count; ++k) {
    const auto at = static_cast<std::size_t>(k);
    std::swap(order[at], order[at + static_cast<std::size_t>(random.below(size - k, sample, k))]);
  }
  order.resize(static_cast<std::size_t>(count));
  return order;
}

}  // namespace detail

/// Draws a share of the ratings for the test, without regard to user or item, rounded to whole ratings. Both parts keep the
/// order. The same seed draws the same ones on every machine. Throws OptionError unless 0 < test_share < 1 and both parts get a
/// rating.
inline RatingSplit split_ratings(const std::vector<Rating>& ratings, double test_share, Seed seed) {
  if (!(test_share > 0 && test_share < 1))
    throw OptionError(message("split_ratings: expected a share between 0 and 1, found ", test_share));
  const auto count = std::ssize(ratings);
  const auto tested = static_cast<Index>(test_share * static_cast<double>(count) + 0.5);
  if (tested < 1 || tested >= count)
    throw OptionError(message("split_ratings: expected ratings enough that both parts get one, found ", count,
                              " for a share of ", test_share));
  const Random random(seed, 0, stream(RandomStream::splits));
  std::vector<char> test(ratings.size());
  for (const Index k : detail::draw_some(random, 0, count, tested)) test[static_cast<std::size_t>(k)] = 1;
  RatingSplit split;
  for (std::size_t k = 0; k < ratings.size(); ++k) (test[k] ? split.test : split.train).push_back(ratings[k]);
  return split;
}

}  // namespace eigencoder
