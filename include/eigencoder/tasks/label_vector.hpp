// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <vector>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"
#include "eigencoder/models/samples.hpp"

namespace eigencoder {

/// Whole numbers in any Eigen vector, matrix or expression: Eigen::VectorXi, masks of std::uint8_t, comparisons
/// (labels.array() == 3), whose bool is 0 or 1.
template <class M>
concept Labels = detail::DenseExpression<M> && std::integral<typename M::Scalar>;

namespace detail {

template <class M>
void check_vector(const char* what, const char* kind, const M& values) {
  if (values.rows() != 1 && values.cols() != 1) {
    throw ShapeError(message(what, ": expected a vector of ", kind, ", found ", values.rows(), " × ", values.cols()));
  }
}

inline void check_count(const char* what, const char* kind, Index expected, Index found) {
  if (found != expected) {
    throw ShapeError(message(what, ": expected ", expected, ' ', kind, ", one for each sample, found ", found));
  }
}

/// Labels as numbers from 0 in the order of their values, of which there are `classes`.
struct Numbered {
  Eigen::Matrix<Index, Eigen::Dynamic, 1> labels;
  Index classes;
};
template <class M>
Numbered numbered(const M& labels) {
  const auto given = labels.eval();
  std::vector<decltype(+given.coeff(0))> names(static_cast<std::size_t>(given.size()));
  for (Index j = 0; j < given.size(); ++j) names[static_cast<std::size_t>(j)] = given.coeff(j);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  Numbered found{Eigen::Matrix<Index, Eigen::Dynamic, 1>(given.size()), static_cast<Index>(names.size())};
  for (Index j = 0; j < given.size(); ++j)
    found.labels[j] = std::lower_bound(names.begin(), names.end(), given.coeff(j)) - names.begin();
  return found;
}

}  // namespace detail

}  // namespace eigencoder
