// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "eigencoder/core/random.hpp"
#include "eigencoder/tasks/sample_matrix.hpp"

namespace eigencoder {

struct MixtureOptions {
  Index components = 10;
  Index max_steps = 200;
  double tolerance = 1e-4;         ///< nats a code: a step that gains less is the last
  double covariance_floor = 1e-6;  ///< of the codes' mean variance: added to every component's variances
  Seed seed{};                     ///< of the start
};

/// A mixture of K normal distributions with full covariances, fitted to codes by expectation maximisation:
///   p(x) = Σ_k w_k N(x; μ_k, Σ_k)   r_kj = w_k N(x_j; μ_k, Σ_k) / p(x_j)
///   w_k = Σ_j r_kj / N   μ_k = Σ_j r_kj x_j / Σ_j r_kj   Σ_k = Σ_j r_kj (x_j − μ_k)(x_j − μ_k)ᵀ / Σ_j r_kj + floor · I
/// All is computed in double, for codes of any scalar; fit and samples follow from the seed. A component without codes
/// (there are fewer different codes than components) has weight 0.
/// Dempster, Laird and Rubin 1977; the start: Arthur and Vassilvitskii, "k-means++", 2007.
class GaussianMixture {
 public:
  using Matrix = Eigen::MatrixXd;
  using Vector = Eigen::VectorXd;

  /// From codes, d × N, the first means drawn among them by k-means++: each with a probability proportional to
  /// the square of its distance from the means that are there. Throws OptionError for options out of range or fewer codes than
  /// components, ShapeError if there are no values, NonFiniteError, naming the place, if one is NaN or infinite.
  template <SampleMatrix M>
  static GaussianMixture fit(const M& codes, const MixtureOptions& options = {}) {
    return fit_codes(codes.template cast<double>(), options);
  }

  /// The same from given first means, d × K, such as the means of labelled codes.
  template <SampleMatrix M, SampleMatrix Means>
  static GaussianMixture fit(const M& codes, const Means& means, MixtureOptions options = {}) {
    return fit_codes(codes.template cast<double>(), means.template cast<double>(), options);
  }

  /// log p of each code: N. Throws ShapeError.
  template <SampleMatrix M>
  Vector log_density(const M& codes) const {
    return log_density_of(codes.template cast<double>());
  }
  /// r: K × N, the probability that a code comes from a component. Columns sum to 1. Throws ShapeError.
  template <SampleMatrix M>
  Matrix responsibilities(const M& codes) const {
    return responsibilities_of(codes.template cast<double>());
  }
  /// d × count codes drawn from the mixture. The first of them do not depend on how many there are; float and double draw
  /// alike. Throws OptionError unless count ≥ 0.
  template <std::floating_point T = float>
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> sample(Index count, Seed seed) const {
    return draw(count, seed).template cast<T>();
  }

  /// K
  Index size() const { return means_.cols(); }
  /// w: K, which sum to 1
  const Vector& weights() const { return weights_; }
  /// μ: d × K
  const Matrix& means() const { return means_; }
  /// Σ_k: d × d. Throws OptionError unless 0 ≤ component < K.
  Matrix covariance(Index component) const;
  /// Of the codes it was fitted to: the mean of log p.
  double log_likelihood() const { return log_likelihood_; }
  /// Of expectation maximisation.
  Index steps() const { return steps_; }
  /// Whether the last step gained less than the tolerance.
  bool converged() const { return converged_; }

 private:
  GaussianMixture(const Matrix& x, const Matrix& first, const MixtureOptions& options);

  static GaussianMixture fit_codes(const Matrix& x, const MixtureOptions& options);
  static GaussianMixture fit_codes(const Matrix& x, const Matrix& means, MixtureOptions options);
  Vector log_density_of(const Matrix& x) const;
  Matrix responsibilities_of(const Matrix& x) const;
  Matrix draw(Index count, Seed seed) const;

  /// r from the parameters, and the logarithm of each code's density. Sums of exponentials take the largest exponent out.
  Vector expect(const Matrix& x, Matrix& r) const;
  /// Weights, means and Cholesky factors of the covariances from r.
  void maximise(const Matrix& x, const Matrix& r, double floor);

  Vector weights_;
  Matrix means_;
  std::vector<Matrix> factors_;
  double log_likelihood_ = 0;
  Index steps_ = 0;
  bool converged_ = false;
};

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/tasks/gaussian_mixture_impl.hpp"
#endif
