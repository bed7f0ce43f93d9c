// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <numbers>
#include <utility>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/tasks/for_columns.hpp"
#include "eigencoder/tasks/gaussian_mixture.hpp"
#include "eigencoder/tasks/scatter.hpp"
#include "eigencoder/tasks/spread_out.hpp"

// After core/eigen.hpp, whose inclusion of Eigen is the one that counts.
#include <Eigen/Cholesky>

namespace eigencoder {

namespace detail {

/// r that gives every code to the first of the nearest means.
inline Eigen::MatrixXd to_nearest(const Eigen::MatrixXd& x, const Eigen::MatrixXd& means) {
  Eigen::MatrixXd r = Eigen::MatrixXd::Zero(means.cols(), x.cols());
  for (Index j = 0; j < x.cols(); ++j) {
    Index nearest = 0;
    (means.colwise() - x.col(j)).colwise().squaredNorm().minCoeff(&nearest);
    r(nearest, j) = 1;
  }
  return r;
}

inline void check_mixture(const Eigen::MatrixXd& x, const MixtureOptions& options) {
  constexpr const char* what = "GaussianMixture::fit";
  if (x.rows() == 0)
    throw ShapeError(
        message("GaussianMixture::fit: expected codes, one a column, found a matrix of ", x.rows(), " × ", x.cols()));
  check_option(what, options.components >= 1, "components", "of 1 or more", options.components);
  check_option(what, options.max_steps >= 0, "max_steps", "of 0 or more", options.max_steps);
  check_option(what, options.tolerance >= 0, "a tolerance", "of 0 or more", options.tolerance);
  check_option(what, options.covariance_floor > 0 && std::isfinite(options.covariance_floor), "a covariance_floor",
               "above 0, and finite", options.covariance_floor);
  if (x.cols() < options.components)
    throw OptionError(message("GaussianMixture::fit: expected at least as many codes as components, ", options.components,
                              ", found ", x.cols()));
  check_finite(what, "code", x);
}

}  // namespace detail

EIGENCODER_INLINE GaussianMixture GaussianMixture::fit_codes(const Matrix& x, const MixtureOptions& options) {
  detail::check_mixture(x, options);
  return GaussianMixture(x, detail::spread_out(x, options.components, Random(options.seed, 1, 0), 0), options);
}

EIGENCODER_INLINE GaussianMixture GaussianMixture::fit_codes(const Matrix& x, const Matrix& means, MixtureOptions options) {
  options.components = means.cols();
  detail::check_mixture(x, options);
  detail::check_rows("GaussianMixture::fit", "as many as a code has values, in the means", x.rows(), means.rows());
  detail::check_finite("GaussianMixture::fit", "mean", means);
  return GaussianMixture(x, means, options);
}

EIGENCODER_INLINE GaussianMixture::Vector GaussianMixture::log_density_of(const Matrix& x) const {
  detail::check_rows("GaussianMixture::log_density", "one for each value of a code", means_.rows(), x.rows());
  Matrix r;
  return expect(x, r);
}

EIGENCODER_INLINE GaussianMixture::Matrix GaussianMixture::responsibilities_of(const Matrix& x) const {
  detail::check_rows("GaussianMixture::responsibilities", "one for each value of a code", means_.rows(), x.rows());
  Matrix r;
  expect(x, r);
  return r;
}

EIGENCODER_INLINE GaussianMixture::Matrix GaussianMixture::draw(Index count, Seed seed) const {
  if (count < 0) throw OptionError(message("GaussianMixture::sample: expected a count of 0 or more, found ", count));
  const Random random(seed, 0, 0);
  Matrix codes(means_.rows(), count);
  Vector normal(means_.rows());
  for (Index j = 0; j < count; ++j) {
    const Index k = detail::pick(weights_, random.uniform(j, 0));
    for (Index i = 0; i < normal.size(); ++i) normal[i] = random.normal(j, 1 + i);
    codes.col(j) = means_.col(k) + factors_[static_cast<std::size_t>(k)] * normal;
  }
  return codes;
}

EIGENCODER_INLINE GaussianMixture::Matrix GaussianMixture::covariance(Index component) const {
  if (component < 0 || component >= size())
    throw OptionError(
        message("GaussianMixture::covariance: expected a component from 0 to ", size() - 1, ", found ", component));
  const Matrix& L = factors_[static_cast<std::size_t>(component)];
  return L * L.transpose();
}

EIGENCODER_INLINE GaussianMixture::GaussianMixture(const Matrix& x, const Matrix& first, const MixtureOptions& options)
    : weights_(first.cols()), means_(first), factors_(static_cast<std::size_t>(first.cols())) {
  const double variance = (x.colwise() - x.rowwise().mean()).squaredNorm() / static_cast<double>(x.size());
  const double floor = options.covariance_floor * (variance > 0 ? variance : 1);
  Matrix r = detail::to_nearest(x, first);
  maximise(x, r, floor);
  for (log_likelihood_ = expect(x, r).mean(); steps_ < options.max_steps && !converged_; ++steps_) {
    maximise(x, r, floor);
    const double before = std::exchange(log_likelihood_, expect(x, r).mean());
    converged_ = log_likelihood_ - before < options.tolerance;
  }
  if (!std::isfinite(log_likelihood_))
    throw NonFiniteError(
        "GaussianMixture::fit: expected codes whose squares are finite, found a likelihood that is not; scale them");
}

EIGENCODER_INLINE GaussianMixture::Vector GaussianMixture::expect(const Matrix& x, Matrix& r) const {
  r.resize(size(), x.cols());
  for (Index k = 0; k < size(); ++k) {
    const Matrix& L = factors_[static_cast<std::size_t>(k)];
    const Matrix whiten = L.triangularView<Eigen::Lower>().solve(Matrix::Identity(x.rows(), x.rows()));
    const double constant = std::log(weights_[k]) - L.diagonal().array().log().sum() -
                            0.5 * static_cast<double>(x.rows()) * std::log(2 * std::numbers::pi);
    detail::for_columns(x.cols(), [&](Index from, Index some) {
      const Matrix centred = x.middleCols(from, some).colwise() - means_.col(k);
      Matrix y(x.rows(), some);
      kernels::multiply<double>(whiten, centred, y);
      r.row(k).segment(from, some) = constant - 0.5 * y.colwise().squaredNorm().array();
    });
  }
  Vector log_density(x.cols());
  for (Index j = 0; j < x.cols(); ++j) {
    const double largest = r.col(j).maxCoeff();
    r.col(j) = (r.col(j).array() - largest).exp();
    const double sum = r.col(j).sum();
    r.col(j) /= sum;
    log_density[j] = largest + std::log(sum);
  }
  return log_density;
}

EIGENCODER_INLINE void GaussianMixture::maximise(const Matrix& x, const Matrix& r, double floor) {
  // Less counts as 0: Eigen's exponential of −∞ is 10⁻³⁰⁸ or so.
  const Vector mass = r.rowwise().sum().unaryExpr([](double sum) { return sum < 1e-200 ? 0.0 : sum; });
  weights_ = mass / mass.sum();
  for (Index k = 0; k < size(); ++k) {
    Matrix scatter = Matrix::Zero(x.rows(), x.rows());
    if (mass[k] > 0) {
      const Vector share = r.row(k).transpose() / mass[k];
      kernels::multiply<double>(x, share, means_.col(k));
      detail::for_columns(x.cols(), [&](Index from, Index some) {
        const Vector roots = share.segment(from, some).cwiseSqrt();
        const Matrix y = (x.middleCols(from, some).colwise() - means_.col(k)) * roots.asDiagonal();
        detail::add_scatter(y, scatter);
      });
    }
    scatter.diagonal().array() += floor;
    const Eigen::LLT<Matrix> cholesky(scatter);
    if (cholesky.info() != Eigen::Success)
      throw Error(message("GaussianMixture::fit: the covariance of component ", k,
                          " is not positive definite; raise covariance_floor"));
    factors_[static_cast<std::size_t>(k)] = cholesky.matrixL();
  }
}

}  // namespace eigencoder
