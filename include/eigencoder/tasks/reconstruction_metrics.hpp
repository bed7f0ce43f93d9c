// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "eigencoder/tasks/sample_matrix.hpp"

namespace eigencoder {

namespace detail {

/// Calls use(target, output) with both where they lie, or evaluated. Throws ShapeError unless they have the same size and at
/// least one value, NonFiniteError.
template <class Target, class Output, class Use>
auto with_checked_pair(const char* what, const Target& target, const Output& output, Use use) {
  const auto& a = in_floating_point(target);
  const auto& b = in_floating_point(output);
  using MatrixA = Eigen::Matrix<typename std::decay_t<decltype(a)>::Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using MatrixB = Eigen::Matrix<typename std::decay_t<decltype(b)>::Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  if (a.rows() != b.rows() || a.cols() != b.cols()) {
    throw ShapeError(message(what, ": expected targets and outputs of the same size, found ", a.rows(), " × ", a.cols(),
                             " and ", b.rows(), " × ", b.cols()));
  }
  if (a.size() == 0) throw ShapeError(message(what, ": expected at least one value, found ", a.rows(), " × ", a.cols()));
  const Eigen::Ref<const MatrixA> targets = a;
  const Eigen::Ref<const MatrixB> outputs = b;
  check_finite(what, "target", targets);
  check_finite(what, "output", outputs);
  return use(targets, outputs);
}

/// target − output of one sample, in double.
template <class Target, class Output>
auto error_of(const Target& target, const Output& output, Index sample) {
  return target.col(sample).template cast<double>() - output.col(sample).template cast<double>();
}

}  // namespace detail

// Targets and outputs are two matrices of the same size, one sample a column: float, double, or integers of 8 and 16 bits,
// which stand for what they stand for everywhere (Samples: a byte v is v / 255). Sums are in double. All throw ShapeError for
// other sizes or no values, NonFiniteError with the place of a NaN or an infinity.

/// The mean over all values of (target − output)². scikit-learn: mean_squared_error.
template <class Target, class Output>
double mean_squared_error(const Target& target, const Output& output) {
  return detail::with_checked_pair("mean_squared_error", target, output, [](const auto& a, const auto& b) {
    double sum = 0;
    for (Index j = 0; j < a.cols(); ++j) sum += detail::error_of(a, b, j).squaredNorm();
    return sum / static_cast<double>(a.size());
  });
}

/// The mean over all values of |target − output|. scikit-learn: mean_absolute_error.
template <class Target, class Output>
double mean_absolute_error(const Target& target, const Output& output) {
  return detail::with_checked_pair("mean_absolute_error", target, output, [](const auto& a, const auto& b) {
    double sum = 0;
    for (Index j = 0; j < a.cols(); ++j) sum += detail::error_of(a, b, j).template lpNorm<1>();
    return sum / static_cast<double>(a.size());
  });
}

namespace detail {
inline void check_data_range(const char* what, double range) {
  if (!(range > 0 && std::isfinite(range))) {
    throw OptionError(message(what,
                              ": expected a data_range above 0, the largest value that a pixel can have minus the "
                              "smallest (1 for pixels from 0 to 1), found ",
                              range));
  }
}
}  // namespace detail

/// The peak signal-to-noise ratio of each sample in decibels, 10 log₁₀(data_range² / mean squared error): one value a column,
/// infinite where both are equal. Its mean is what a set is mostly judged by. `data_range`: the largest value that a pixel can
/// have minus the smallest. scikit-image: peak_signal_noise_ratio; tf.image.psnr. Throws OptionError unless data_range > 0.
template <class Target, class Output>
Eigen::VectorXd peak_signal_noise_ratio(const Target& target, const Output& output, double data_range) {
  detail::check_data_range("peak_signal_noise_ratio", data_range);
  return detail::with_checked_pair("peak_signal_noise_ratio", target, output, [&](const auto& a, const auto& b) {
    Eigen::VectorXd ratios(a.cols());
    for (Index j = 0; j < a.cols(); ++j) {
      const double error = detail::error_of(a, b, j).squaredNorm() / static_cast<double>(a.rows());
      ratios[j] = 10 * (2 * std::log10(data_range) - std::log10(error));
    }
    return ratios;
  });
}

}  // namespace eigencoder
