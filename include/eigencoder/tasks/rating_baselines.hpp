// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <limits>
#include <span>

#include "eigencoder/data/sparse_samples.hpp"

// After core/eigen.hpp. Not in the umbrella: the solvers are long to compile.
#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>

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
  static RatingBiases fit(std::span<const Rating> ratings, Index users, Index items, const RatingBiasOptions& options = {}) {
    if (ratings.empty()) throw OptionError("RatingBiases::fit: expected a rating or more, found none");
    if (!(options.user_penalty >= 0 && options.item_penalty >= 0))
      throw OptionError(message("RatingBiases::fit: expected penalties that are not negative, found ", options.user_penalty,
                                " and ", options.item_penalty));
    detail::check_ratings("RatingBiases::fit", ratings, users, items);
    RatingBiases biases{0, Eigen::VectorXd::Zero(users), Eigen::VectorXd::Zero(items)};
    for (const Rating& rating : ratings) biases.mean += static_cast<double>(rating.value) / static_cast<double>(ratings.size());
    // The best biases of one side, given those of the other. Returns how far they moved.
    const auto solve = [&](Eigen::VectorXd& of, const Eigen::VectorXd& others, Index Rating::*number, Index Rating::*other,
                           double penalty) {
      Eigen::VectorXd sum = Eigen::VectorXd::Zero(of.size()), weight = Eigen::VectorXd::Zero(of.size());
      for (const Rating& rating : ratings) {
        sum[rating.*number] += static_cast<double>(rating.value) - biases.mean - others[rating.*other];
        weight[rating.*number] += 1;
      }
      double moved = 0;
      for (Index k = 0; k < of.size(); ++k) {
        const double bias = weight[k] > 0 ? sum[k] / (weight[k] + penalty) : 0;
        moved = std::max(moved, std::abs(bias - of[k]));
        of[k] = bias;
      }
      return moved;
    };
    for (Index sweep = 0; sweep < options.sweeps; ++sweep) {
      const double items_moved = solve(biases.item, biases.user, &Rating::item, &Rating::user, options.item_penalty);
      const double users_moved = solve(biases.user, biases.item, &Rating::user, &Rating::item, options.user_penalty);
      if (std::max(items_moved, users_moved) < 1e-12) break;
    }
    return biases;
  }
};

/// Biases, and the best approximation of rank k to what they leave: r̂ = μ + b_u + b_i + f_uᵀ g_i, where F Gᵀ is the truncated
/// singular value decomposition of the matrix of residuals, users × items, with 0 where nothing is observed.
struct RatingFactors {
  RatingBiases biases;
  Eigen::MatrixXd user, item;  ///< F: users × k   G: items × k, orthonormal columns

  double predict(Index u, Index i) const { return biases.predict(u, i) + user.row(u).dot(item.row(i)); }

  /// By iteration of a subspace of k + 10 directions, begun at random. Throws OptionError unless 1 ≤ rank ≤ min(users,
  /// items), and for a user or an item out of range.
  static RatingFactors fit(std::span<const Rating> ratings, const RatingBiases& biases, Index rank, Index sweeps = 60) {
    const Index users = biases.user.size(), items = biases.item.size(), most = std::min(users, items);
    if (rank < 1 || rank > most)
      throw OptionError(message("RatingFactors::fit: expected a rank from 1 to ", most, ", found ", rank));
    detail::check_ratings("RatingFactors::fit", ratings, users, items);
    std::vector<Eigen::Triplet<double>> entries;
    for (const Rating& r : ratings)
      entries.emplace_back(static_cast<int>(r.user), static_cast<int>(r.item),
                           static_cast<double>(r.value) - biases.predict(r.user, r.item));
    SparseColumns<double> residuals(users, items);
    residuals.setFromTriplets(entries.begin(), entries.end());

    const Index directions = std::min(rank + 10, most);
    const Random random(Seed{1}, 0, 0);
    Eigen::MatrixXd basis =
        Eigen::MatrixXd::NullaryExpr(items, directions, [&](Index i, Index j) { return random.normal(j, i); });
    for (Index sweep = 0; sweep < sweeps; ++sweep) {
      basis = Eigen::HouseholderQR<Eigen::MatrixXd>(basis).householderQ() * Eigen::MatrixXd::Identity(items, directions);
      basis = residuals.transpose() * Eigen::MatrixXd(residuals * basis);
    }
    basis = Eigen::HouseholderQR<Eigen::MatrixXd>(basis).householderQ() * Eigen::MatrixXd::Identity(items, directions);
    const Eigen::MatrixXd images = residuals * basis;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> squares(images.transpose() * images);
    const Eigen::MatrixXd leading = squares.eigenvectors().rightCols(rank);
    return {biases, images * leading, basis * leading};
  }
};

/// EASE: scores = Bᵀ x of a user's clicks x, where B, items × items with a diagonal of zeros, minimises ‖X − Bᵀ X‖² + λ ‖B‖²:
///   P = (X Xᵀ + λ I)⁻¹   B = I − P / diag(P), column by column.   X: items × users
/// One solve, of items³ operations, and no training. Steck, 2019, "Embarrassingly shallow autoencoders for sparse data".
struct Ease {
  Eigen::MatrixXd weights;  ///< B

  /// Throws OptionError unless the penalty is positive, and large enough for the solve.
  template <class T>
  static Ease fit(const SparseColumns<T>& clicks, double penalty) {
    if (!(penalty > 0 && penalty <= std::numeric_limits<double>::max()))
      throw OptionError(message("Ease::fit: expected a penalty that is positive and finite, found ", penalty));
    const SparseColumns<double> X = clicks.template cast<double>();
    Eigen::MatrixXd gram = Eigen::MatrixXd(SparseColumns<double>(X * SparseColumns<double>(X.transpose())));
    gram.diagonal().array() += penalty;
    const Eigen::LLT<Eigen::MatrixXd> solver(gram);
    if (solver.info() != Eigen::Success || solver.rcond() < 1e-15)
      throw OptionError(
          message("Ease::fit: expected a penalty that makes the equations solvable, found ", penalty, "; take a larger one"));
    Eigen::MatrixXd B = solver.solve(Eigen::MatrixXd::Identity(gram.rows(), gram.cols()));
    const Eigen::RowVectorXd diagonal = B.diagonal().transpose();
    B = -(B.array().rowwise() / diagonal.array()).matrix();
    B.diagonal().setZero();
    return {B};
  }

  /// items × N → items × N. Throws ShapeError.
  template <class T>
  Eigen::MatrixXd scores(const SparseColumns<T>& clicks) const {
    if (clicks.rows() != weights.rows())
      throw ShapeError(message("Ease::scores: expected ", weights.rows(), " rows, one for each item, found ", clicks.rows()));
    return weights.transpose() * clicks.template cast<double>();
  }
};

}  // namespace eigencoder
