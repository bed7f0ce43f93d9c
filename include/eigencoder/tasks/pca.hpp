// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/tasks/sample_matrix.hpp"

// After core/eigen.hpp, whose inclusion of Eigen is the one that counts. Not in the umbrella: the solvers are long to compile.
#include <Eigen/Eigenvalues>
#include <Eigen/QR>

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
  static PCA fit(const M& given, Index count) {
    const auto& samples = detail::in_floating_point(given);
    check(samples, count);
    const Index n = samples.rows(), N = samples.cols();
    PCA pca;
    pca.mean_ = Vector::Zero(n);
    for_columns(N, [&](Index first, Index some) {
      pca.mean_ += samples.middleCols(first, some).template cast<double>().rowwise().sum() / static_cast<double>(N);
    });
    if (n <= N) {
      Matrix scatter = Matrix::Zero(n, n);
      for_columns(N, [&](Index first, Index some) {
        scatter.selfadjointView<Eigen::Lower>().rankUpdate(pca.centred(samples.middleCols(first, some)));
      });
      pca.components_ = pca.leading(scatter, N, count);
    } else {
      const Matrix centred = pca.centred(samples);
      Matrix products = Matrix::Zero(N, N);
      products.selfadjointView<Eigen::Lower>().rankUpdate(centred.transpose());
      // Directions of no variance are noise here, or zero: the decomposition makes them orthogonal to all earlier ones.
      const Eigen::HouseholderQR<Matrix> qr(centred * pca.leading(products, N, count));
      pca.components_ = qr.householderQ() * Matrix::Identity(n, count);
    }
    for (auto direction : pca.components_.colwise()) {
      Index largest = 0;
      direction.cwiseAbs().maxCoeff(&largest);
      if (direction[largest] < 0) direction = -direction;
    }
    return pca;
  }

  /// Samples, n × N → codes, k × N, of the samples' scalar, or of float for integers. Throws ShapeError.
  template <class M>
  auto encode(const M& given) const {
    const auto& x = detail::in_floating_point(given);
    detail::check_rows("PCA::encode", "one for each value of a sample", components_.rows(), x.rows());
    return by_columns(x, size(), [this](const auto& some) -> Matrix { return components_.transpose() * centred(some); });
  }
  /// Codes, k × N → samples, n × N. Throws ShapeError.
  template <class M>
  auto decode(const M& given) const {
    const auto& codes = detail::in_floating_point(given);
    detail::check_rows("PCA::decode", "one for each component", size(), codes.rows());
    return by_columns(codes, components_.rows(), [this](const auto& some) -> Matrix {
      return (components_ * some.template cast<double>()).colwise() + mean_;
    });
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

  /// Calls f(first, count) for all columns: enough at a time for Eigen's products, few enough for the cache.
  template <class F>
  static void for_columns(Index columns, F f) {
    constexpr Index piece = 256;
    for (Index first = 0; first < columns; first += piece) f(first, std::min(piece, columns - first));
  }

  template <class M, class F>
  static auto by_columns(const M& x, Index rows, F f) {
    using T = typename M::Scalar;
    Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> y(rows, x.cols());
    for_columns(x.cols(),
                [&](Index first, Index some) { y.middleCols(first, some) = f(x.middleCols(first, some)).template cast<T>(); });
    return y;
  }

  template <class M>
  Matrix centred(const M& x) const {
    return x.template cast<double>().colwise() - mean_;
  }

  /// The leading eigenvectors of a matrix whose lower half is there. Sets the variances.
  Matrix leading(const Matrix& symmetric, Index samples, Index count) {
    const Eigen::SelfAdjointEigenSolver<Matrix> solver(symmetric);
    if (solver.info() != Eigen::Success) throw Error("PCA::fit: the eigenvalues did not converge; scale the samples");
    const double degrees = static_cast<double>(samples - 1);
    variance_ = solver.eigenvalues().tail(count).reverse().cwiseMax(0.0) / degrees;
    total_ = symmetric.trace() / degrees;
    return solver.eigenvectors().rightCols(count).rowwise().reverse();
  }

  template <class M>
  static void check(const M& samples, Index count) {
    const Index n = samples.rows(), N = samples.cols();
    if (n == 0 || N < 2)
      throw ShapeError(message("PCA::fit: expected two samples or more, one a column, found a matrix of ", n, " × ", N));
    if (count < 1 || count > std::min(n, N - 1))
      throw OptionError(message("PCA::fit: expected from 1 to ", std::min(n, N - 1), " components, since ", N, " samples of ",
                                n, " values vary in no more directions, found ", count));
    detail::check_finite("PCA::fit", "sample", samples);
  }

  Vector mean_, variance_;
  Matrix components_;
  double total_ = 0;
};

}  // namespace eigencoder
