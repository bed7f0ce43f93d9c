// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <numbers>
#include <utility>
#include <vector>

#include "eigencoder/tasks/spread_out.hpp"

// After core/eigen.hpp, whose inclusion of Eigen is the one that counts. Not in the umbrella: solvers are long to compile.
#include <Eigen/Cholesky>

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
    const Matrix x = checked(codes, options);
    return GaussianMixture(x, detail::spread_out(x, options.components, Random(options.seed, 1, 0), 0), options);
  }

  /// The same from given first means, d × K, such as the means of labelled codes.
  template <SampleMatrix M, SampleMatrix Means>
  static GaussianMixture fit(const M& codes, const Means& means, MixtureOptions options = {}) {
    options.components = means.cols();
    const Matrix x = checked(codes, options), first = means.template cast<double>();
    detail::check_rows("GaussianMixture::fit", "as many as a code has values, in the means", x.rows(), first.rows());
    detail::check_finite("GaussianMixture::fit", "mean", first);
    return GaussianMixture(x, first, options);
  }

  /// log p of each code: N. Throws ShapeError.
  template <SampleMatrix M>
  Vector log_density(const M& codes) const {
    Matrix r;
    return expect(rows_checked("GaussianMixture::log_density", codes), r);
  }
  /// r: K × N, the probability that a code comes from a component. Columns sum to 1. Throws ShapeError.
  template <SampleMatrix M>
  Matrix responsibilities(const M& codes) const {
    Matrix r;
    expect(rows_checked("GaussianMixture::responsibilities", codes), r);
    return r;
  }
  /// d × count codes drawn from the mixture. The first of them do not depend on how many there are; float and double draw
  /// alike. Throws OptionError unless count ≥ 0.
  template <std::floating_point T = float>
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> sample(Index count, Seed seed) const {
    if (count < 0) throw OptionError(message("GaussianMixture::sample: expected a count of 0 or more, found ", count));
    const Random random(seed, 0, 0);
    Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> codes(means_.rows(), count);
    Vector normal(means_.rows());
    for (Index j = 0; j < count; ++j) {
      const Index k = detail::pick(weights_, random.uniform(j, 0));
      for (Index i = 0; i < normal.size(); ++i) normal[i] = random.normal(j, 1 + i);
      codes.col(j) = (means_.col(k) + factors_[static_cast<std::size_t>(k)] * normal).template cast<T>();
    }
    return codes;
  }

  /// K
  Index size() const { return means_.cols(); }
  /// w: K, which sum to 1
  const Vector& weights() const { return weights_; }
  /// μ: d × K
  const Matrix& means() const { return means_; }
  /// Σ_k: d × d. Throws OptionError unless 0 ≤ component < K.
  Matrix covariance(Index component) const {
    if (component < 0 || component >= size())
      throw OptionError(
          message("GaussianMixture::covariance: expected a component from 0 to ", size() - 1, ", found ", component));
    const Matrix& L = factors_[static_cast<std::size_t>(component)];
    return L * L.transpose();
  }
  /// Of the codes it was fitted to: the mean of log p.
  double log_likelihood() const { return log_likelihood_; }
  /// Of expectation maximisation.
  Index steps() const { return steps_; }
  /// Whether the last step gained less than the tolerance.
  bool converged() const { return converged_; }

 private:
  GaussianMixture(const Matrix& x, const Matrix& first, const MixtureOptions& options)
      : weights_(first.cols()), means_(first), factors_(static_cast<std::size_t>(first.cols())) {
    const double variance = (x.colwise() - x.rowwise().mean()).squaredNorm() / static_cast<double>(x.size());
    const double floor = options.covariance_floor * (variance > 0 ? variance : 1);
    Matrix r = to_nearest(x, first);
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

  /// r from the parameters, and the logarithm of each code's density. Sums of exponentials take the largest exponent out.
  Vector expect(const Matrix& x, Matrix& r) const {
    r.resize(size(), x.cols());
    for (Index k = 0; k < size(); ++k) {
      const Matrix& L = factors_[static_cast<std::size_t>(k)];
      const Matrix whiten = L.triangularView<Eigen::Lower>().solve(Matrix::Identity(x.rows(), x.rows()));
      const double constant = std::log(weights_[k]) - L.diagonal().array().log().sum() -
                              0.5 * static_cast<double>(x.rows()) * std::log(2 * std::numbers::pi);
      for_columns(x.cols(), [&](Index from, Index some) {
        const Matrix y = whiten * (x.middleCols(from, some).colwise() - means_.col(k));
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

  /// Weights, means and Cholesky factors of the covariances from r.
  void maximise(const Matrix& x, const Matrix& r, double floor) {
    // Less counts as 0: Eigen's exponential of −∞ is 10⁻³⁰⁸ or so.
    const Vector mass = r.rowwise().sum().unaryExpr([](double sum) { return sum < 1e-200 ? 0.0 : sum; });
    weights_ = mass / mass.sum();
    for (Index k = 0; k < size(); ++k) {
      Matrix scatter = Matrix::Zero(x.rows(), x.rows());
      if (mass[k] > 0) {
        means_.col(k) = x * r.row(k).transpose() / mass[k];
        for_columns(x.cols(), [&](Index from, Index some) {
          const Vector roots = (r.row(k).segment(from, some) / mass[k]).cwiseSqrt().transpose();
          const Matrix y = (x.middleCols(from, some).colwise() - means_.col(k)) * roots.asDiagonal();
          scatter.selfadjointView<Eigen::Lower>().rankUpdate(y);
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

  /// r that gives every code to the first of the nearest means.
  static Matrix to_nearest(const Matrix& x, const Matrix& means) {
    Matrix r = Matrix::Zero(means.cols(), x.cols());
    for (Index j = 0; j < x.cols(); ++j) {
      Index nearest = 0;
      (means.colwise() - x.col(j)).colwise().squaredNorm().minCoeff(&nearest);
      r(nearest, j) = 1;
    }
    return r;
  }

  /// Calls f(first, count) for all columns, as many at a time as the cache holds.
  template <class F>
  static void for_columns(Index columns, F f) {
    constexpr Index piece = 256;
    for (Index first = 0; first < columns; first += piece) f(first, std::min(piece, columns - first));
  }

  template <class M>
  static Matrix checked(const M& codes, const MixtureOptions& options) {
    const auto require = [](bool fine, const char* option, const char* range, auto found) {
      if (!fine) throw OptionError(message("GaussianMixture::fit: expected ", option, ' ', range, ", found ", found));
    };
    if (codes.rows() == 0)
      throw ShapeError(
          message("GaussianMixture::fit: expected codes, one a column, found a matrix of ", codes.rows(), " × ", codes.cols()));
    require(options.components >= 1, "components", "of 1 or more", options.components);
    require(options.max_steps >= 0, "max_steps", "of 0 or more", options.max_steps);
    require(options.tolerance >= 0, "a tolerance", "of 0 or more", options.tolerance);
    require(options.covariance_floor > 0 && std::isfinite(options.covariance_floor), "a covariance_floor",
            "above 0, and finite", options.covariance_floor);
    if (codes.cols() < options.components)
      throw OptionError(message("GaussianMixture::fit: expected at least as many codes as components, ", options.components,
                                ", found ", codes.cols()));
    Matrix x = codes.template cast<double>();
    detail::check_finite("GaussianMixture::fit", "code", x);
    return x;
  }
  template <class M>
  Matrix rows_checked(const char* what, const M& codes) const {
    detail::check_rows(what, "one for each value of a code", means_.rows(), codes.rows());
    return codes.template cast<double>();
  }

  Vector weights_;
  Matrix means_;
  std::vector<Matrix> factors_;
  double log_likelihood_ = 0;
  Index steps_ = 0;
  bool converged_ = false;
};

}  // namespace eigencoder
