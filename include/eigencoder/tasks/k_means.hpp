// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "eigencoder/core/random.hpp"
#include "eigencoder/tasks/sample_matrix.hpp"

namespace eigencoder {

struct KMeansOptions {
  Index clusters = 8;
  Index restarts = 10;  ///< from other first centres: the result of least inertia is kept
  Index max_steps = 300;
  double tolerance = 1e-4;  ///< of the values' mean variance: centres that move less in all, squared, have arrived
  Seed seed{};              ///< of the first centres
};

/// K clusters of codes by Lloyd's algorithm, which lowers the inertia
///   J = Σ_j ‖x_j − c_k(j)‖²   k(j) = argmin_k ‖x_j − c_k‖²   c_k = mean of the x_j with k(j) = k
/// by turns: labels k(j) from centres, centres from labels, until no label changes. Of centres equally near the first counts. A
/// cluster that has lost all its codes gets the one that is farthest from its centre. All is computed in double around the
/// codes' mean, so that codes far from the origin lose no digits; the result follows from the seed. O(N K d) time a step, O(N
/// d) memory. scikit-learn: KMeans with algorithm="lloyd". Lloyd 1982; the start: Arthur and Vassilvitskii, "k-means++", 2007.
class KMeans {
 public:
  using Matrix = Eigen::MatrixXd;
  using Vector = Eigen::VectorXd;

  /// From codes, d × N, the first centres drawn among them by k-means++: each with a probability proportional to the square of
  /// its distance from the centres that are there. Throws OptionError for options out of range or fewer codes than clusters,
  /// ShapeError if there are no values, NonFiniteError, naming the place, if one is NaN or infinite, or if squares overflow.
  template <SampleMatrix M>
  static KMeans fit(const M& codes, const KMeansOptions& options = {}) {
    return fit_codes(codes.template cast<double>(), options);
  }

  /// The same from given first centres, d × K, without restarts.
  template <SampleMatrix M, SampleMatrix Centres>
  static KMeans fit(const M& codes, const Centres& centres, KMeansOptions options = {}) {
    return fit_codes(codes.template cast<double>(), centres.template cast<double>(), options);
  }

  /// The cluster whose centre is nearest, of each code: N, from 0. Throws ShapeError, NonFiniteError.
  template <SampleMatrix M>
  Eigen::VectorXi predict(const M& codes) const {
    return labels_of(codes.template cast<double>());
  }

  /// K
  Index size() const { return centres_.cols(); }
  /// c: d × K
  const Matrix& centres() const { return centres_; }
  /// k(j) of the codes it was fitted to: N, from 0.
  const Eigen::VectorXi& labels() const { return labels_; }
  /// J of the codes it was fitted to.
  double inertia() const { return inertia_; }
  /// Of the restart that is kept.
  Index steps() const { return steps_; }
  /// Whether the last step changed no label, or moved the centres by less than the tolerance.
  bool converged() const { return converged_; }

 private:
  KMeans() = default;

  /// Lloyd's algorithm from the first centres on; all around the mean of x.
  KMeans(const Matrix& x, const Matrix& first, const KMeansOptions& options);

  static KMeans fit_codes(Matrix x, const KMeansOptions& options);
  static KMeans fit_codes(Matrix x, Matrix centres, KMeansOptions options);
  Eigen::VectorXi labels_of(Matrix x) const;

  /// The means of the clusters, after each that is empty has taken a code from another one.
  Matrix means(const Matrix& x) const;

  Matrix centres_;
  Eigen::VectorXi labels_;
  double inertia_ = std::numeric_limits<double>::infinity();
  Index steps_ = 0;
  bool converged_ = false;
};

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/tasks/k_means_impl.hpp"
#endif
