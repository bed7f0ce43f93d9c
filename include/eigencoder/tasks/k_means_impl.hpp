// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/kernels/gemm.hpp"
#include "eigencoder/tasks/for_columns.hpp"
#include "eigencoder/tasks/k_means.hpp"
#include "eigencoder/tasks/spread_out.hpp"

namespace eigencoder {

namespace detail {

/// argmin_k ½ ‖c_k‖² − c_kᵀx_j, as many codes at a time as the cache holds.
inline Eigen::VectorXi nearest_centres(const Eigen::MatrixXd& x, const Eigen::MatrixXd& centres) {
  const Eigen::MatrixXd opposite = -centres;
  const Eigen::VectorXd lengths = 0.5 * centres.colwise().squaredNorm().transpose();
  Eigen::VectorXi labels(x.cols());
  Eigen::MatrixXd distances;
  for_columns(x.cols(), [&](Index first, Index some) {
    distances.resize(centres.cols(), some);
    kernels::multiply_transposed<double>(opposite, x.middleCols(first, some), distances, lengths.data());
    for (Index j = 0; j < some; ++j) {
      Index k = 0;
      distances.col(j).minCoeff(&k);
      labels[first + j] = static_cast<int>(k);
    }
  });
  return labels;
}

/// Moves codes around their mean, which it returns. Sums of shares do not overflow.
inline Eigen::VectorXd centre(Eigen::MatrixXd& x) {
  Eigen::VectorXd mean = (x / static_cast<double>(x.cols())).rowwise().sum();
  x.colwise() -= mean;
  return mean;
}

inline void check_k_means(const Eigen::MatrixXd& codes, const KMeansOptions& options) {
  constexpr const char* what = "KMeans::fit";
  if (codes.rows() == 0)
    throw ShapeError(
        message("KMeans::fit: expected codes, one a column, found a matrix of ", codes.rows(), " × ", codes.cols()));
  check_option(what, options.clusters >= 1, "clusters", "of 1 or more", options.clusters);
  check_option(what, options.restarts >= 1, "restarts", "of 1 or more", options.restarts);
  check_option(what, options.max_steps >= 1, "max_steps", "of 1 or more", options.max_steps);
  check_option(what, options.tolerance >= 0 && std::isfinite(options.tolerance), "a tolerance", "of 0 or more, and finite",
               options.tolerance);
  if (codes.cols() < options.clusters)
    throw OptionError(
        message("KMeans::fit: expected at least as many codes as clusters, ", options.clusters, ", found ", codes.cols()));
  check_finite(what, "code", codes);
}

}  // namespace detail

EIGENCODER_INLINE KMeans KMeans::fit_codes(Matrix x, const KMeansOptions& options) {
  detail::check_k_means(x, options);
  const Vector mean = detail::centre(x);
  const Random random(options.seed, 1, 0);
  KMeans best;
  for (Index restart = 0; restart < options.restarts; ++restart) {
    KMeans found(x, detail::spread_out(x, options.clusters, random, restart), options);
    if (restart == 0 || found.inertia_ < best.inertia_) best = std::move(found);
  }
  best.centres_.colwise() += mean;
  return best;
}

EIGENCODER_INLINE KMeans KMeans::fit_codes(Matrix x, Matrix centres, KMeansOptions options) {
  options.clusters = centres.cols();
  detail::check_k_means(x, options);
  detail::check_rows("KMeans::fit", "as many as a code has values, in the centres", x.rows(), centres.rows());
  detail::check_finite("KMeans::fit", "centre", centres);
  const Vector mean = detail::centre(x);
  centres.colwise() -= mean;
  KMeans found(x, centres, options);
  found.centres_.colwise() += mean;
  return found;
}

EIGENCODER_INLINE Eigen::VectorXi KMeans::labels_of(Matrix x) const {
  detail::check_rows("KMeans::predict", "one for each value of a code", centres_.rows(), x.rows());
  detail::check_finite("KMeans::predict", "code", x);
  const Vector origin = centres_.rowwise().mean();
  x.colwise() -= origin;
  return detail::nearest_centres(x, centres_.colwise() - origin);
}

EIGENCODER_INLINE KMeans::KMeans(const Matrix& x, const Matrix& first, const KMeansOptions& options) : centres_(first) {
  const double least = options.tolerance * x.squaredNorm() / static_cast<double>(x.size());
  Eigen::VectorXi before;
  bool settled = false;
  for (; steps_ < options.max_steps && !converged_; ++steps_) {
    labels_ = detail::nearest_centres(x, centres_);
    const Matrix moved = means(x);
    const double distance = (moved - centres_).squaredNorm();
    centres_ = moved;
    settled = before.size() > 0 && labels_ == before;
    converged_ = settled || distance <= least;
    before = labels_;
  }
  if (!settled) labels_ = detail::nearest_centres(x, centres_);
  inertia_ = 0;
  for (Index j = 0; j < x.cols(); ++j) inertia_ += (x.col(j) - centres_.col(labels_[j])).squaredNorm();
  if (!std::isfinite(inertia_))
    throw NonFiniteError("KMeans::fit: expected codes whose squares are finite, found an inertia that is not; scale them");
}

EIGENCODER_INLINE KMeans::Matrix KMeans::means(const Matrix& x) const {
  Matrix sums = Matrix::Zero(x.rows(), size());
  std::vector<Index> counts(static_cast<std::size_t>(size()));
  const auto count = [&](Index k) -> Index& { return counts[static_cast<std::size_t>(k)]; };
  for (Index j = 0; j < x.cols(); ++j) {
    sums.col(labels_[j]) += x.col(j);
    ++count(labels_[j]);
  }
  if (std::find(counts.begin(), counts.end(), 0) != counts.end()) {
    std::vector<std::pair<double, Index>> farthest;  // minus the distances, so that of equal ones the first code comes first
    for (Index j = 0; j < x.cols(); ++j) farthest.emplace_back(-(x.col(j) - centres_.col(labels_[j])).squaredNorm(), j);
    std::sort(farthest.begin(), farthest.end());
    auto next = farthest.begin();
    for (Index k = 0; k < size(); ++k) {
      if (count(k) > 0) continue;
      // What a cluster of one code would lose it to is another empty cluster.
      while (next != farthest.end() && count(labels_[next->second]) < 2) ++next;
      if (next == farthest.end() || next->first == 0) break;  // fewer different codes than clusters
      const Index j = (next++)->second;
      sums.col(labels_[j]) -= x.col(j);
      --count(labels_[j]);
      sums.col(k) = x.col(j);
      count(k) = 1;
    }
  }
  Matrix result = centres_;
  for (Index k = 0; k < size(); ++k)
    if (count(k) > 0) result.col(k) = sums.col(k) / static_cast<double>(count(k));
  return result;
}

}  // namespace eigencoder
