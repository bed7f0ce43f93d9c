// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "eigencoder/data/sparse_samples.hpp"
#include "eigencoder/tasks/recommendation_metrics.hpp"

// Clicks to learn from, and users on whom recommendations are judged.
namespace eigencoder {

struct ClickOptions {
  double least = 4;         ///< a rating of so much is a click
  double test_users = 0.2;  ///< share of the users
  double hidden = 0.2;      ///< share of the clicks of each of them, which is to be recommended
  Index least_clicks = 5;   ///< users with fewer are not tested
  Seed seed{};
};

/// Strong generalisation (Liang et al., 2018): no click of the tested users is trained on. Of each of them some clicks are
/// given, and the others are to be found among all items that are not given.
struct ClickSplit {
  SparseColumns<float> train;          ///< items × users that are trained on, 1 for each click
  SparseColumns<float> given, hidden;  ///< items × tested users
  std::vector<Index> tested;           ///< the numbers of these users
};

/// Draws tested users and their hidden clicks, the same for a seed on every machine. Clicks of tested users on items that no
/// user that is trained on has clicked are left out, since nothing can be known of them. Users without clicks are left out.
/// Throws OptionError for shares out of (0, 1), and where no user is left to train or to test on.
inline ClickSplit split_clicks(std::span<const Rating> ratings, Index users, Index items, const ClickOptions& options = {}) {
  for (const double share : {options.test_users, options.hidden}) {
    if (!(share > 0 && share < 1)) throw OptionError(message("split_clicks: expected shares between 0 and 1, found ", share));
  }
  std::vector<Rating> clicks;
  for (const Rating& rating : ratings) {
    if (static_cast<double>(rating.value) >= options.least) clicks.push_back({rating.user, rating.item, 1});
  }
  const SparseColumns<float> all = rating_columns(clicks, users, items, ColumnOf::user);
  const Random random(options.seed, 1, stream(RandomStream::splits));
  const auto draw = [&](Index size, Index count, Index sample) {
    std::vector<Index> some = detail::draw_some(random, sample, size, count);
    std::ranges::sort(some);
    return some;
  };
  const auto share_of = [](double share, Index count) {
    return std::max<Index>(1, static_cast<Index>(share * static_cast<double>(count) + 0.5));
  };

  std::vector<Index> enough;
  for (Index user = 0; user < users; ++user) {
    if (all.col(static_cast<int>(user)).nonZeros() >= options.least_clicks) enough.push_back(user);
  }
  if (enough.size() < 2)
    throw OptionError(message("split_clicks: expected two users or more with ", options.least_clicks, " ratings of at least ",
                              options.least, ", found ", enough.size()));
  std::vector<char> is_tested(static_cast<std::size_t>(users)), known(static_cast<std::size_t>(items));
  ClickSplit split;
  for (const Index k :
       draw(std::ssize(enough), std::min(share_of(options.test_users, std::ssize(enough)), std::ssize(enough) - 1), users)) {
    split.tested.push_back(enough[static_cast<std::size_t>(k)]);
    is_tested[static_cast<std::size_t>(split.tested.back())] = 1;
  }

  std::vector<Rating> train, given, hidden;
  Index trained = 0;
  for (Index user = 0; user < users; ++user) {
    const auto column = static_cast<int>(user);
    if (is_tested[static_cast<std::size_t>(user)] || all.col(column).nonZeros() == 0) continue;
    for (SparseColumns<float>::InnerIterator click(all, column); click; ++click) {
      train.push_back({trained, click.row(), 1});
      known[static_cast<std::size_t>(click.row())] = 1;
    }
    ++trained;
  }
  std::vector<Index> tested;
  for (const Index user : split.tested) {
    std::vector<Index> of_user;
    for (SparseColumns<float>::InnerIterator click(all, static_cast<int>(user)); click; ++click) {
      if (known[static_cast<std::size_t>(click.row())]) of_user.push_back(click.row());
    }
    if (of_user.size() < 2) continue;
    const auto count = std::ssize(of_user);
    const std::vector<Index> held = draw(count, std::min(share_of(options.hidden, count), count - 1), user);
    for (Index k = 0; k < count; ++k) {
      const bool held_out = std::ranges::binary_search(held, k);
      (held_out ? hidden : given).push_back({std::ssize(tested), of_user[static_cast<std::size_t>(k)], 1});
    }
    tested.push_back(user);
  }
  if (tested.empty())
    throw OptionError(
        "split_clicks: expected tested users with two clicks or more on items that others have clicked, found none");
  split.tested = std::move(tested);
  split.train = rating_columns(train, trained, items, ColumnOf::user);
  split.given = rating_columns(given, std::ssize(split.tested), items, ColumnOf::user);
  split.hidden = rating_columns(hidden, std::ssize(split.tested), items, ColumnOf::user);
  return split;
}

/// The rows of a column's entries, rising.
template <class T>
std::vector<Index> entries_of(const SparseColumns<T>& columns, Index j) {
  std::vector<Index> rows;
  for (typename SparseColumns<T>::InnerIterator entry(columns, j); entry; ++entry) rows.push_back(entry.row());
  return rows;
}

/// Recall@k and NDCG@k, in the mean over users.
struct RankingQuality {
  Index k = 0;
  double recall = 0, ndcg = 0;
};

/// Ranks the items of each user by scores, items × N or more rows of which the first count, without those that are given, and
/// compares with what is hidden. One result for each k. Throws ShapeError, OptionError, NonFiniteError.
template <class Scores>
std::vector<RankingQuality> ranking_quality(const Eigen::MatrixBase<Scores>& scores, const SparseColumns<float>& given,
                                            const SparseColumns<float>& hidden, std::span<const Index> ks) {
  if (scores.rows() < given.rows() || scores.cols() != given.cols() || given.rows() != hidden.rows() ||
      given.cols() != hidden.cols())
    throw ShapeError(message("ranking_quality: expected scores and hidden clicks for ", given.rows(), " items and ",
                             given.cols(), " users, found ", scores.rows(), " × ", scores.cols(), " and ", hidden.rows(), " × ",
                             hidden.cols()));
  std::vector<RankingQuality> results;
  for (const Index k : ks) results.push_back({.k = k});
  const Index most = ks.empty() ? 1 : *std::ranges::max_element(ks);
  for (Index j = 0; j < given.cols(); ++j) {
    const std::vector<Index> relevant = entries_of(hidden, j),
                             ranked = recommend(scores.col(j).head(given.rows()), entries_of(given, j), most);
    for (RankingQuality& result : results) {
      result.recall += recall_at_k(ranked, relevant, result.k) / static_cast<double>(given.cols());
      result.ndcg += ndcg_at_k(ranked, relevant, result.k) / static_cast<double>(given.cols());
    }
  }
  return results;
}

}  // namespace eigencoder
