// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/kernels/gemm.hpp"
#include "eigencoder/tasks/nearest.hpp"

namespace eigencoder::detail {

/// The `count` smallest of the (squared distance, index) pairs that it is offered.
class Smallest {
 public:
  explicit Smallest(Index count) : count_(static_cast<std::size_t>(count)) {}

  void clear() { heap_.clear(); }
  void offer(double squared, Index index) {
    heap_.emplace_back(squared, index);
    std::push_heap(heap_.begin(), heap_.end());
    if (heap_.size() <= count_) return;
    std::pop_heap(heap_.begin(), heap_.end());
    heap_.pop_back();
  }
  /// What a squared distance may not exceed to be taken.
  double limit() const { return heap_.size() < count_ ? std::numeric_limits<double>::infinity() : heap_.front().first; }
  const auto& sorted() {
    std::sort_heap(heap_.begin(), heap_.end());
    return heap_;
  }

 private:
  std::size_t count_;
  std::vector<std::pair<double, Index>> heap_;
};

template <class T>
Neighbours<T> nearest_columns(const ColumnsOf<T>& C, const ColumnsOf<T>& Q, Index count) {
  constexpr Index codes_at_once = 1024, queries_at_once = 32;

  check_rows("nearest", "as many as a code has values", C.rows(), Q.rows());
  if (count < 1 || count > C.cols())
    throw OptionError(message("nearest: expected a count from 1 to ", C.cols(), ", the number of codes, found ", count));
  check_finite("nearest", "code", C);
  check_finite("nearest", "query", Q);

  // (‖c‖ + ‖q‖)² ≤ 2 ‖c‖² + 2 ‖q‖² times this bounds the rounding: a share for each of the square norms.
  const T rounding = static_cast<T>(2 * (C.rows() + 8)) * std::numeric_limits<T>::epsilon();
  const Eigen::Array<T, Eigen::Dynamic, 1> lengths = C.colwise().squaredNorm().transpose() * (1 - rounding);

  Neighbours<T> found{{count, Q.cols()}, {count, Q.cols()}};
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> least;
  std::vector<Smallest> best(queries_at_once, Smallest(count));
  for (Index first_query = 0; first_query < Q.cols(); first_query += queries_at_once) {
    const Index some_queries = std::min(queries_at_once, Q.cols() - first_query);
    for (auto& smallest : best) smallest.clear();
    for (Index first = 0; first < C.cols(); first += codes_at_once) {
      const Index some = std::min(codes_at_once, C.cols() - first);
      least.resize(some, some_queries);
      kernels::multiply_transposed<T>(C.middleCols(first, some), Q.middleCols(first_query, some_queries), least);
      for (Index j = 0; j < some_queries; ++j) {
        Smallest& smallest = best[static_cast<std::size_t>(j)];
        const auto query = Q.col(first_query + j);
        least.col(j) = lengths.segment(first, some) - 2 * least.col(j).array();
        const T length = query.squaredNorm() * (1 - rounding) - std::numeric_limits<T>::min();
        T limit = static_cast<T>(smallest.limit()) * (1 + rounding) - length;
        for (Index i = 0; i < some; ++i) {
          if (least(i, j) > limit) continue;  // which a NaN is not: where squares overflow, differences decide
          smallest.offer((C.col(first + i).template cast<double>() - query.template cast<double>()).squaredNorm(), first + i);
          limit = static_cast<T>(smallest.limit()) * (1 + rounding) - length;
        }
      }
    }
    for (Index j = 0; j < some_queries; ++j) {
      Index i = 0;
      for (const auto& [squared, index] : best[static_cast<std::size_t>(j)].sorted()) {
        found.indices(i, first_query + j) = index;
        found.distances(i++, first_query + j) = static_cast<T>(std::sqrt(squared));
      }
    }
  }
  return found;
}

}  // namespace eigencoder::detail
