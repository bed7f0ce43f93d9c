// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "eigencoder/data/sparse_samples.hpp"

// What recommenders are to be better than.
namespace eigencoder {

struct RatingBiasOptions {
  double user_penalty = 15, item_penalty = 10;  ///< λ_u, λ_i; infinite: no such bias
  Index sweeps = 100;
};

/// r̂ = μ + b_u + b_i, with μ the mean of all ratings, and biases that minimise
///   Σ (r − μ − b_u − b_i)² + λ_u Σ b_u² + λ_i Σ b_i²
/// by turns, up to `sweeps` times or until nothing moves. Users and items without ratings have bias 0. With both penalties
/// infinite it is the global mean, with λ_u infinite and λ_i = 0 the mean of the item. Koren, 2010, "Factor in the neighbors".
struct RatingBiases {
  double mean = 0;
  Eigen::VectorXd user, item;

  double predict(Index u, Index i) const { return mean + user[u] + item[i]; }

  /// Throws OptionError for a negative penalty, for a user or an item out of range, or without ratings.
  static RatingBiases fit(std::span<const Rating> ratings, Index users, Index items, const RatingBiasOptions& options = {});
};

/// Biases, and the best approximation of rank k to what they leave: r̂ = μ + b_u + b_i + f_uᵀ g_i, where F Gᵀ is the truncated
/// singular value decomposition of the matrix of residuals, users × items, with 0 where nothing is observed.
struct RatingFactors {
  RatingBiases biases;
  Eigen::MatrixXd user, item;  ///< F: users × k   G: items × k, orthonormal columns

  double predict(Index u, Index i) const { return biases.predict(u, i) + user.row(u).dot(item.row(i)); }

  /// By iteration of a subspace of k + 10 directions, begun at random. Throws OptionError unless 1 ≤ rank ≤ min(users,
  /// items), and for a user or an item out of range.
  static RatingFactors fit(std::span<const Rating> ratings, const RatingBiases& biases, Index rank, Index sweeps = 60);
};

/// EASE: scores = Bᵀ x of a user's clicks x, where B, items × items with a diagonal of zeros, minimises ‖X − Bᵀ X‖² + λ ‖B‖²:
///   P = (X Xᵀ + λ I)⁻¹   B = I − P / diag(P), column by column.   X: items × users
/// One solve, of items³ operations, and no training. Steck, 2019, "Embarrassingly shallow autoencoders for sparse data".
struct Ease {
  Eigen::MatrixXd weights;  ///< B

  /// Throws OptionError unless the penalty is positive, and large enough for the solve.
  template <class T>
  static Ease fit(const SparseColumns<T>& clicks, double penalty) {
    return fit_clicks(clicks.template cast<double>(), penalty);
  }

  /// items × N → items × N. Throws ShapeError.
  template <class T>
  Eigen::MatrixXd scores(const SparseColumns<T>& clicks) const {
    return scores_of(clicks.template cast<double>());
  }

 private:
  static Ease fit_clicks(const SparseColumns<double>& clicks, double penalty);
  Eigen::MatrixXd scores_of(const SparseColumns<double>& clicks) const;
};

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/tasks/rating_baselines_impl.hpp"
#endif
