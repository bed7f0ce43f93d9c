// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "eigencoder/core/eigen.hpp"
#include "eigencoder/data/rating_set.hpp"

// After core/eigen.hpp, whose inclusion of Eigen is the one that counts.
#include <Eigen/SparseCore>

// Sparse columns as samples of a network that begins with a SparseDense.
namespace eigencoder {

/// A column a sample, a row for each value that there can be.
template <class T = float>
using SparseColumns = Eigen::SparseMatrix<T>;

/// Sparse columns as sequences of pairs: what a SparseDense reads, and what an ObservedDense is trained to answer.
template <class T = float>
struct SparseSamples {
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
  Matrix pairs;                ///< 2K × N: number and value of each entry, zeros behind them
  Matrix targets;              ///< K × N: what each entry is to be
  Matrix weights;              ///< K × N: 1 where an entry counts, 0 where it is read alone; without values: all count
  std::vector<Index> lengths;  ///< N: the entries of each sample
};

/// Of each user a column over the items, or of each item a column over the users.
enum class ColumnOf { user, item };

namespace detail {

inline void check_ratings(const char* what, std::span<const Rating> ratings, Index users, Index items) {
  constexpr Index most = std::numeric_limits<int>::max();  // of Eigen's sparse matrices
  if (users < 0 || items < 0 || users > most || items > most)
    throw OptionError(message(what, ": expected 0 to ", most, " users and items, found ", users, " and ", items));
  for (const Rating& rating : ratings) {
    if (rating.user < 0 || rating.user >= users || rating.item < 0 || rating.item >= items)
      throw OptionError(message(what, ": expected users 0 to ", users - 1, " and items 0 to ", items - 1, ", found user ",
                                rating.user, " and item ", rating.item));
  }
}

}  // namespace detail

/// Ratings as sparse columns: items × users, or users × items. Throws OptionError for a number that is too large.
template <class T = float>
SparseColumns<T> rating_columns(std::span<const Rating> ratings, Index users, Index items, ColumnOf column) {
  detail::check_ratings("rating_columns", ratings, users, items);
  std::vector<Eigen::Triplet<T>> entries;
  entries.reserve(ratings.size());
  for (const Rating& rating : ratings) {
    const auto user = static_cast<int>(rating.user), item = static_cast<int>(rating.item);
    entries.emplace_back(column == ColumnOf::user ? item : user, column == ColumnOf::user ? user : item,
                         static_cast<T>(rating.value));
  }
  SparseColumns<T> matrix(column == ColumnOf::user ? items : users, column == ColumnOf::user ? users : items);
  matrix.setFromTriplets(entries.begin(), entries.end());
  return matrix;
}

/// The numbers of the columns that have an entry, rising: what can be a sample.
template <class T>
std::vector<Index> observed_columns(const SparseColumns<T>& columns) {
  std::vector<Index> observed;
  for (Index j = 0; j < columns.cols(); ++j) {
    if (typename SparseColumns<T>::InnerIterator(columns, j)) observed.push_back(j);
  }
  return observed;
}

/// Some columns, in the order given. Throws OptionError for a number that is none.
template <class T>
SparseColumns<T> choose_columns(const SparseColumns<T>& columns, std::span<const Index> chosen) {
  std::vector<Eigen::Triplet<T>> entries;
  for (std::size_t k = 0; k < chosen.size(); ++k) {
    if (chosen[k] < 0 || chosen[k] >= columns.cols())
      throw OptionError(message("choose_columns: expected numbers 0 to ", columns.cols() - 1, ", found ", chosen[k]));
    for (typename SparseColumns<T>::InnerIterator entry(columns, chosen[k]); entry; ++entry) {
      entries.emplace_back(static_cast<int>(entry.row()), static_cast<int>(k), entry.value());
    }
  }
  SparseColumns<T> some(columns.rows(), std::ssize(chosen));
  some.setFromTriplets(entries.begin(), entries.end());
  return some;
}

/// Columns as pairs, their stored entries up to `most` each: of a network whose input is sequence(most, 2). Targets are the
/// values. With `asked`, of as many columns, each sample has the entries of that behind its own: pairs of value 0, which add
/// nothing to the code, with the values of `asked` as targets, and of weight 1 where those of `known` get 0. Throws ShapeError
/// if the two differ in size, OptionError for a column that has no entry, or more than `most`.
template <class T>
SparseSamples<T> sparse_samples(const SparseColumns<T>& known, Index most, const SparseColumns<T>& asked = {}) {
  const bool asks = asked.cols() > 0;
  if (asks && (asked.rows() != known.rows() || asked.cols() != known.cols()))
    throw ShapeError(message("sparse_samples: expected what is asked to be ", known.rows(), " × ", known.cols(),
                             ", as what is known, found ", asked.rows(), " × ", asked.cols()));
  using Matrix = typename SparseSamples<T>::Matrix;
  const Index N = known.cols();
  SparseSamples<T> samples{Matrix::Zero(2 * most, N), Matrix::Zero(most, N), Matrix::Zero(asks ? most : 0, asks ? N : 0),
                           std::vector<Index>(static_cast<std::size_t>(N))};
  for (Index j = 0; j < N; ++j) {
    const Index count = known.col(j).nonZeros() + (asks ? asked.col(j).nonZeros() : 0);
    if (count == 0)
      throw OptionError(
          message("sparse_samples: expected an entry or more in each column, found none in column ", j, "; leave it out"));
    if (count > most)
      throw OptionError(message("sparse_samples: expected up to ", most,
                                " entries in each column, as the network has steps, found ", count, " in column ", j));
    Index k = 0;
    const auto put = [&](const SparseColumns<T>& of, T share, T weight) {
      for (typename SparseColumns<T>::InnerIterator entry(of, j); entry; ++entry, ++k) {
        samples.pairs(2 * k, j) = static_cast<T>(entry.row());
        samples.pairs(2 * k + 1, j) = share * entry.value();
        samples.targets(k, j) = entry.value();
        if (asks) samples.weights(k, j) = weight;
      }
    };
    put(known, 1, 0);
    if (asks) put(asked, 0, 1);
    samples.lengths[static_cast<std::size_t>(j)] = count;
  }
  return samples;
}

}  // namespace eigencoder
