// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

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

}  // namespace detail

}  // namespace eigencoder
