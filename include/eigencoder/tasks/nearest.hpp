// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/tasks/sample_matrix.hpp"

namespace eigencoder {

/// For each query a column, the nearest code first.
template <class T>
struct Neighbours {
  Eigen::Matrix<Index, Eigen::Dynamic, Eigen::Dynamic> indices;  ///< columns of the codes
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> distances;    ///< Euclidean
};

namespace detail {

template <class T>
Neighbours<T> nearest_columns(const ColumnsOf<T>& codes, const ColumnsOf<T>& queries, Index count);

}  // namespace detail

/// The `count` codes nearest to each query: codes d × N, queries d × Q → count × Q. Of codes equally far, those further left in
/// the matrix come first; a query that is itself among the codes is its own neighbour. Exact: products of matrices,
///   ‖c − q‖² = ‖c‖² − 2 cᵀq + ‖q‖²
/// only rule codes out, by a bound on their rounding, and differences in double decide among the few that are left.
/// Throws ShapeError if codes and queries differ in size, OptionError unless 1 ≤ count ≤ N, NonFiniteError.
template <SampleMatrix Codes, SampleMatrix Queries>
Neighbours<typename Codes::Scalar> nearest(const Codes& codes, const Queries& queries, Index count) {
  using T = typename Codes::Scalar;
  static_assert(std::same_as<T, typename Queries::Scalar>, "codes and queries must both be float or both double");
  return detail::nearest_columns<T>(codes, queries, count);
}

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/tasks/nearest_impl.hpp"
#endif
