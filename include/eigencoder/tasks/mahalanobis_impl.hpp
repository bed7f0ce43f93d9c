// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/tasks/mahalanobis.hpp"
#include "eigencoder/tasks/scatter.hpp"

// After core/eigen.hpp, whose inclusion of Eigen is the one that counts.
#include <Eigen/Cholesky>

namespace eigencoder {

EIGENCODER_INLINE Mahalanobis Mahalanobis::fit_codes(const Eigen::MatrixXd& z, double shrinkage) {
  if (!(shrinkage >= 0 && shrinkage <= 1)) {
    throw OptionError(message("Mahalanobis: expected a shrinkage from 0 to 1, found ", shrinkage));
  }
  if (z.rows() == 0 || z.cols() < 2) {
    throw ShapeError(
        message("Mahalanobis: expected 2 codes or more, one a column, found a matrix of ", z.rows(), " × ", z.cols()));
  }
  detail::check_finite("Mahalanobis", "code", z);
  Mahalanobis found;
  found.mean_ = z.rowwise().mean();
  const Eigen::MatrixXd centred = z.colwise() - found.mean_;
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(z.rows(), z.rows());
  detail::add_scatter(centred, covariance);
  covariance *= (1 - shrinkage) / static_cast<double>(z.cols());
  const double variance = centred.squaredNorm() / static_cast<double>(z.size());
  covariance.diagonal().array() += shrinkage * variance;
  const Eigen::LLT<Eigen::MatrixXd> factored(covariance);
  found.factor_ = factored.matrixL();
  // A pivot that is rounding alone is no variance.
  const double least = static_cast<double>(z.rows()) * 1e-15 * covariance.diagonal().maxCoeff();
  if (factored.info() != Eigen::Success || !(found.factor_.diagonal().array().square() > least).all()) {
    throw Error(message("Mahalanobis: the covariance of these codes is singular, since they do not vary in every direction; ",
                        variance > 0 ? "take a larger shrinkage than " : "all of them are equal, with a shrinkage of ",
                        shrinkage));
  }
  return found;
}

EIGENCODER_INLINE double Mahalanobis::length(Eigen::VectorXd& difference) const {
  factor_.triangularView<Eigen::Lower>().solveInPlace(difference);
  return difference.norm();
}

EIGENCODER_INLINE void Mahalanobis::check_parts() const {
  if (factor_.rows() != size() || factor_.cols() != size()) {
    throw ShapeError(message("Mahalanobis: expected a factor of ", size(), " × ", size(), ", as the mean has values, found ",
                             factor_.rows(), " × ", factor_.cols()));
  }
  detail::check_finite("Mahalanobis", "mean", mean_);
  detail::check_finite("Mahalanobis", "factor", factor_);
  if (!(factor_.diagonal().array() > 0).all()) {
    throw NonFiniteError("Mahalanobis: expected a factor with a positive diagonal, found another");
  }
}

}  // namespace eigencoder
