// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/tasks/for_columns.hpp"
#include "eigencoder/tasks/pca.hpp"
#include "eigencoder/tasks/scatter.hpp"

// After core/eigen.hpp, whose inclusion of Eigen is the one that counts.
#include <Eigen/Eigenvalues>
#include <Eigen/QR>

namespace eigencoder {

namespace detail {

template <class T>
Eigen::MatrixXd centred(const ColumnsOf<T>& x, const Eigen::VectorXd& mean) {
  return x.template cast<double>().colwise() - mean;
}

template <class T>
void check_pca(const ColumnsOf<T>& samples, Index count) {
  const Index n = samples.rows(), N = samples.cols();
  if (n == 0 || N < 2)
    throw ShapeError(message("PCA::fit: expected two samples or more, one a column, found a matrix of ", n, " × ", N));
  if (count < 1 || count > std::min(n, N - 1))
    throw OptionError(message("PCA::fit: expected from 1 to ", std::min(n, N - 1), " components, since ", N, " samples of ", n,
                              " values vary in no more directions, found ", count));
  check_finite("PCA::fit", "sample", samples);
}

}  // namespace detail

template <class T>
PCA PCA::fit_columns(const detail::ColumnsOf<T>& samples, Index count) {
  detail::check_pca<T>(samples, count);
  const Index n = samples.rows(), N = samples.cols();
  PCA pca;
  pca.mean_ = Vector::Zero(n);
  detail::for_columns(N, [&](Index first, Index some) {
    pca.mean_ += samples.middleCols(first, some).template cast<double>().rowwise().sum() / static_cast<double>(N);
  });
  if (n <= N) {
    Matrix scatter = Matrix::Zero(n, n);
    detail::for_columns(N, [&](Index first, Index some) {
      detail::add_scatter(detail::centred<T>(samples.middleCols(first, some), pca.mean_), scatter);
    });
    pca.components_ = pca.leading(scatter, N, count);
  } else {
    const Matrix centred = detail::centred<T>(samples, pca.mean_);
    Matrix products(N, N), directions(n, count);
    detail::for_columns(N, [&](Index first, Index some) {  // the lower half
      kernels::multiply_transposed<double>(centred.rightCols(N - first), centred.middleCols(first, some),
                                           products.block(first, first, N - first, some));
    });
    kernels::multiply<double>(centred, pca.leading(products, N, count), directions);
    // Directions of no variance are noise here, or zero: the decomposition makes them orthogonal to all earlier ones.
    const Eigen::HouseholderQR<Matrix> qr(directions);
    pca.components_ = qr.householderQ() * Matrix::Identity(n, count);
  }
  for (auto direction : pca.components_.colwise()) {
    Index largest = 0;
    direction.cwiseAbs().maxCoeff(&largest);
    if (direction[largest] < 0) direction = -direction;
  }
  return pca;
}

template <class T>
Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> PCA::encode_columns(const detail::ColumnsOf<T>& x) const {
  detail::check_rows("PCA::encode", "one for each value of a sample", components_.rows(), x.rows());
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> codes(size(), x.cols());
  detail::for_columns(x.cols(), [&](Index first, Index some) {
    Matrix some_codes(size(), some);
    kernels::multiply_transposed<double>(components_, detail::centred<T>(x.middleCols(first, some), mean_), some_codes);
    codes.middleCols(first, some) = some_codes.template cast<T>();
  });
  return codes;
}

template <class T>
Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> PCA::decode_columns(const detail::ColumnsOf<T>& codes) const {
  detail::check_rows("PCA::decode", "one for each component", size(), codes.rows());
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> x(components_.rows(), codes.cols());
  detail::for_columns(codes.cols(), [&](Index first, Index some) {
    Matrix samples(components_.rows(), some);
    kernels::multiply<double>(components_, Matrix(codes.middleCols(first, some).template cast<double>()), samples, mean_.data());
    x.middleCols(first, some) = samples.template cast<T>();
  });
  return x;
}

EIGENCODER_INLINE PCA::Matrix PCA::leading(const Matrix& symmetric, Index samples, Index count) {
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(symmetric);
  if (solver.info() != Eigen::Success) throw Error("PCA::fit: the eigenvalues did not converge; scale the samples");
  const double degrees = static_cast<double>(samples - 1);
  variance_ = solver.eigenvalues().tail(count).reverse().cwiseMax(0.0) / degrees;
  total_ = symmetric.trace() / degrees;
  return solver.eigenvectors().rightCols(count).rowwise().reverse();
}

}  // namespace eigencoder
