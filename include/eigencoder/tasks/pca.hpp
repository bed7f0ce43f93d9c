// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/tasks/sample_matrix.hpp"

namespace eigencoder {

/// Principal component analysis: the k directions in which samples vary most, and the linear autoencoder of the smallest
/// squared error that a code of k values can have.
///   code = Vᵀ(x − μ)   x̂ = V code + μ   V: n × k, the leading eigenvectors of C = Σ_j (x_j − μ)(x_j − μ)ᵀ / (N − 1)
/// All is computed in double, for samples of float, double, or integers of 8 and 16 bits, as Samples has them. Pearson 1901;
/// Hotelling 1933; Eckart and Young 1936.
class PCA {
 public:
  using Matrix = Eigen::MatrixXd;
  using Vector = Eigen::VectorXd;

  /// From samples, n × N, wide or tall: solves for the eigenvectors of C, n × n, or of the samples' inner products, N × N,
  /// whichever is smaller. Throws OptionError unless 1 ≤ count ≤ min(n, N − 1), ShapeError if there are no values,
  /// NonFiniteError, naming the place, if one is NaN or infinite.
  template <class M>
  static PCA fit(const M& samples, Index count) {
    return fit_columns<detail::FloatingPoint<M>>(detail::in_floating_point(samples), count);
  }

  /// Samples, n × N → codes, k × N, of the samples' scalar, or of float for integers. Throws ShapeError.
  template <class M>
  auto encode(const M& x) const {
    return encode_columns<detail::FloatingPoint<M>>(detail::in_floating_point(x));
  }
  /// Codes, k × N → samples, n × N. Throws ShapeError.
  template <class M>
  auto decode(const M& codes) const {
    return decode_columns<detail::FloatingPoint<M>>(detail::in_floating_point(codes));
  }
  /// decode(encode(x)): the samples' projections onto the components.
  template <class M>
  auto reconstruct(const M& x) const {
    return decode(encode(x));
  }

  /// k
  Index size() const { return components_.cols(); }
  /// μ: n
  const Vector& mean() const { return mean_; }
  /// V: n × k, orthonormal, the direction of most variance first. The largest entry of each is positive.
  const Matrix& components() const { return components_; }
  /// Of the samples along each component: the eigenvalues of C, k of them, falling.
  const Vector& explained_variance() const { return variance_; }
  /// The same as shares of the variance in all directions; zeros where all samples are equal.
  Vector explained_variance_ratio() const { return total_ > 0 ? Vector(variance_ / total_) : Vector(Vector::Zero(size())); }

 private:
  PCA() = default;

  template <class T>
  static PCA fit_columns(const detail::ColumnsOf<T>& samples, Index count);
  template <class T>
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> encode_columns(const detail::ColumnsOf<T>& x) const;
  template <class T>
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> decode_columns(const detail::ColumnsOf<T>& codes) const;

  /// The leading eigenvectors of a matrix whose lower half is there. Sets the variances.
  Matrix leading(const Matrix& symmetric, Index samples, Index count);

  Vector mean_, variance_;
  Matrix components_;
  double total_ = 0;
};

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/tasks/pca_impl.hpp"
#endif
