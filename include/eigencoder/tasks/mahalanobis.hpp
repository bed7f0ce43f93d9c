// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/tasks/sample_matrix.hpp"

namespace eigencoder {

/// The distance of codes from a cloud of codes, in units of its deviation in each direction:
///   d(z) = √((z − μ)ᵀ Σ⁻¹ (z − μ))   Σ = (1 − s) C + s · tr(C) / d · I   C = Σ_j (z_j − μ)(z_j − μ)ᵀ / N
/// The shrinkage s keeps Σ regular where codes do not vary in all directions, such as that of a unit that is always 0. Computed
/// in double as ‖L⁻¹(z − μ)‖ with the Cholesky factor L of Σ. scikit-learn: ShrunkCovariance, whose mahalanobis() is d².
/// Mahalanobis 1936; as a score of anomalies: Lee, Lee, Lee and Shin 2018.
class Mahalanobis {
 public:
  Mahalanobis() = default;

  /// From codes, d × N. Throws OptionError unless 0 ≤ shrinkage ≤ 1, ShapeError unless there are 2 codes of 1 value or more,
  /// NonFiniteError with the place, Error if Σ is singular all the same: all codes are equal, or the shrinkage is too small.
  template <SampleMatrix M>
  static Mahalanobis fit(const M& codes, double shrinkage = 1e-6) {
    return fit_codes(codes.template cast<double>(), shrinkage);
  }

  /// Values of a code; 0 before a fit.
  Index size() const { return mean_.size(); }
  /// μ: d
  const Eigen::VectorXd& mean() const { return mean_; }
  /// L: d × d, lower triangular, with L Lᵀ = Σ
  const Eigen::MatrixXd& factor() const { return factor_; }

  /// d(z) of one code. `work` holds d values and is overwritten; with the right size nothing is allocated. Throws ShapeError.
  template <class Code>
  double distance(const Eigen::MatrixBase<Code>& z, Eigen::VectorXd& work) const {
    detail::check_rows("Mahalanobis", "one for each value of a code", size(), z.rows());
    if (z.cols() != 1) throw ShapeError(message("Mahalanobis: expected one code, found ", z.cols()));
    work = z.derived().template cast<double>() - mean_;
    return length(work);
  }
  /// Of codes, d × N. Throws ShapeError.
  template <SampleMatrix M>
  Eigen::VectorXd distances(const M& codes) const {
    Eigen::VectorXd found(codes.cols()), work(size());
    for (Index j = 0; j < codes.cols(); ++j) found[j] = distance(codes.col(j), work);
    return found;
  }

  template <class F>
  void for_each_part(F f) {
    f("mean", mean_);
    f("factor", factor_);
  }
  template <class F>
  void for_each_part(F f) const {
    f("mean", mean_);
    f("factor", factor_);
  }
  /// Throws ShapeError or NonFiniteError where parts that were loaded cannot be those of a fit.
  void check_parts() const;

 private:
  static Mahalanobis fit_codes(const Eigen::MatrixXd& z, double shrinkage);
  /// ‖L⁻¹ difference‖, in its place.
  double length(Eigen::VectorXd& difference) const;

  Eigen::VectorXd mean_;
  Eigen::MatrixXd factor_;
};

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/tasks/mahalanobis_impl.hpp"
#endif
