// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <vector>

#include "eigencoder/core/eigen.hpp"
#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"

namespace eigencoder {

namespace detail {

inline bool contains(std::span<const Index> list, Index item) { return std::ranges::find(list, item) != list.end(); }

inline void check_ranking(const char* what, std::span<const Index> relevant, Index k) {
  if (k < 1) throw OptionError(message(what, ": expected k of 1 or more, found ", k));
  if (relevant.empty()) throw OptionError(message(what, ": expected a relevant item or more, found none; leave this user out"));
}

}  // namespace detail

/// The numbers of the up to `count` items of the highest scores, the highest first, of equal ones the smaller number. Those in
/// `seen` are no candidates. scores: one an item. Throws OptionError for a count below 1, NonFiniteError.
template <class Scores>
std::vector<Index> recommend(const Eigen::DenseBase<Scores>& scores, std::span<const Index> seen, Index count) {
  static_assert(Scores::IsVectorAtCompileTime, "recommend takes the scores of one user: a vector, such as scores.col(j)");
  if (count < 1) throw OptionError(message("recommend: expected a count of 1 or more, found ", count));
  const auto values = scores.derived().eval();
  for (Index i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i]))
      throw NonFiniteError(message("recommend: expected finite scores, found ", values[i], " for item ", i));
  }
  std::vector<char> excluded(static_cast<std::size_t>(values.size()));
  for (const Index item : seen) {
    if (item < 0 || item >= values.size())
      throw OptionError(message("recommend: expected items 0 to ", values.size() - 1, " to be seen, found ", item));
    excluded[static_cast<std::size_t>(item)] = 1;
  }
  std::vector<Index> order;
  for (Index i = 0; i < values.size(); ++i) {
    if (!excluded[static_cast<std::size_t>(i)]) order.push_back(i);
  }
  const auto kept = std::min(count, std::ssize(order));
  std::partial_sort(order.begin(), order.begin() + kept, order.end(),
                    [&](Index a, Index b) { return values[a] > values[b] || (values[a] == values[b] && a < b); });
  order.resize(static_cast<std::size_t>(kept));
  return order;
}

/// Recall@k as Liang et al. (2018) define it: how many of the first k recommended items are relevant, as a share of min(k,
/// number of relevant items), so that 1 can be reached. `ranked`: the best first, k of them or all there are. Throws
/// OptionError for k below 1 and where nothing is relevant.
inline double recall_at_k(std::span<const Index> ranked, std::span<const Index> relevant, Index k) {
  detail::check_ranking("recall_at_k", relevant, k);
  const auto first = ranked.first(std::min(ranked.size(), static_cast<std::size_t>(k)));
  const auto hits = std::ranges::count_if(first, [&](Index item) { return detail::contains(relevant, item); });
  return static_cast<double>(hits) / static_cast<double>(std::min(k, std::ssize(relevant)));
}

/// NDCG@k of relevance 0 and 1: Σ 1 / log₂(p + 1) over the places p = 1 … k of relevant items, divided by what it is if all
/// relevant items come first. scikit-learn's ndcg_score. Järvelin and Kekäläinen, 2002. Throws as recall_at_k does.
inline double ndcg_at_k(std::span<const Index> ranked, std::span<const Index> relevant, Index k) {
  detail::check_ranking("ndcg_at_k", relevant, k);
  const auto gain = [](Index place) { return 1 / std::log2(static_cast<double>(place + 2)); };
  double found = 0, ideal = 0;
  for (Index p = 0; p < std::min(k, std::ssize(ranked)); ++p) {
    if (detail::contains(relevant, ranked[static_cast<std::size_t>(p)])) found += gain(p);
  }
  for (Index p = 0; p < std::min(k, std::ssize(relevant)); ++p) ideal += gain(p);
  return found / ideal;
}

}  // namespace eigencoder
