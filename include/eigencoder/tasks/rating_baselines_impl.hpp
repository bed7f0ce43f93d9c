// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/core/random.hpp"
#include "eigencoder/tasks/rating_baselines.hpp"

// After core/eigen.hpp, whose inclusion of Eigen is the one that counts.
#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>

namespace eigencoder {

EIGENCODER_INLINE RatingBiases RatingBiases::fit(std::span<const Rating> ratings, Index users, Index items,
                                                 const RatingBiasOptions& options) {
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

EIGENCODER_INLINE RatingFactors RatingFactors::fit(std::span<const Rating> ratings, const RatingBiases& biases, Index rank,
                                                   Index sweeps) {
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

EIGENCODER_INLINE Ease Ease::fit_clicks(const SparseColumns<double>& X, double penalty) {
  if (!(penalty > 0 && penalty <= std::numeric_limits<double>::max()))
    throw OptionError(message("Ease::fit: expected a penalty that is positive and finite, found ", penalty));
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

EIGENCODER_INLINE Eigen::MatrixXd Ease::scores_of(const SparseColumns<double>& clicks) const {
  if (clicks.rows() != weights.rows())
    throw ShapeError(message("Ease::scores: expected ", weights.rows(), " rows, one for each item, found ", clicks.rows()));
  return weights.transpose() * clicks;
}

}  // namespace eigencoder
