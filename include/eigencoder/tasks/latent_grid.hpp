// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"

namespace eigencoder {

namespace detail {

/// (a₀ + a₁ x + … + a₇ x⁷) / (b₀ + b₁ x + … + b₇ x⁷)
struct Rational {
  std::array<double, 8> a, b;
  constexpr double operator()(double x) const {
    double above = 0, below = 0;
    for (std::size_t i = a.size(); i-- > 0;) {
      above = above * x + a[i];
      below = below * x + b[i];
    }
    return above / below;
  }
};

}  // namespace detail

/// The x with Φ(x) = p, Φ the distribution of a normal variable of mean 0 and variance 1, to 10⁻¹⁵ of x for every p. −∞ of 0,
/// ∞ of 1. Throws OptionError unless 0 ≤ p ≤ 1. Wichura, algorithm AS 241, 1988.
inline double normal_quantile(double p) {
  constexpr detail::Rational middle{
      {3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,  //
       45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727},
      {1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077,  //
       21213.794301586595867, 39307.89580009271061, 28729.085735721942674, 5226.495278852854561}};
  constexpr detail::Rational tail{
      {1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504,  //
       1.27045825245236838258, 0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4},
      {1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455,  //
       0.14810397642748007459, 0.0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9}};
  constexpr detail::Rational far_tail{
      {6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123,  //
       0.026532189526576123093, 0.0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7},
      {1, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525,  //
       7.868691311456132591e-4, 1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15}};

  if (!(p >= 0 && p <= 1)) throw OptionError(message("normal_quantile: expected a probability from 0 to 1, found ", p));
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) return q * middle(0.180625 - q * q);
  const double r = std::sqrt(-std::log(std::min(p, 1 - p)));
  if (std::isinf(r)) return std::copysign(r, q);
  return std::copysign(r <= 5 ? tail(r - 1.6) : far_tail(r - 5), q);
}

/// The quantiles of (i + ½) / count, rising: the middles of as many intervals of equal probability, and as symmetric.
/// Throws OptionError unless count ≥ 1.
template <std::floating_point T = float>
Eigen::Vector<T, Eigen::Dynamic> normal_quantiles(Index count) {
  if (count < 1) throw OptionError(message("normal_quantiles: expected a count of 1 or more, found ", count));
  Eigen::Vector<T, Eigen::Dynamic> values(count);
  for (Index i = 0; 2 * i < count; ++i) {
    values[i] = static_cast<T>(normal_quantile((static_cast<double>(i) + 0.5) / static_cast<double>(count)));
    values[count - 1 - i] = -values[i];
  }
  return values;
}

/// Codes of a latent plane as a picture shows it, for a normal prior: 2 × side², row by row from the top left. The first value
/// rises to the right, the second upwards, both through normal_quantiles, so that each code stands for as much probability.
/// Throws OptionError unless side ≥ 1.
template <std::floating_point T = float>
Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> latent_grid(Index side) {
  if (side < 1) throw OptionError(message("latent_grid: expected a side of 1 or more, found ", side));
  const auto values = normal_quantiles<T>(side);
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> codes(2, side * side);
  for (Index row = 0; row < side; ++row) {
    codes.row(0).segment(row * side, side) = values.transpose();
    codes.row(1).segment(row * side, side).setConstant(values[side - 1 - row]);
  }
  return codes;
}

/// Copies of a code, k × 1, whose value `dimension` goes through `values`: k × the number of values.
/// Throws ShapeError unless code and values are columns, OptionError unless 0 ≤ dimension < k.
template <class Code, class Values>
auto traverse(const Eigen::MatrixBase<Code>& code, Index dimension, const Eigen::MatrixBase<Values>& values) {
  using T = typename Code::Scalar;
  if (code.cols() != 1 || values.cols() != 1)
    throw ShapeError(message("traverse: expected a code and values, each a column, found ", code.rows(), " × ", code.cols(),
                             " and ", values.rows(), " × ", values.cols()));
  if (dimension < 0 || dimension >= code.rows())
    throw OptionError(message("traverse: expected a dimension from 0 to ", code.rows() - 1, ", found ", dimension));
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> codes = code.replicate(1, values.rows());
  codes.row(dimension) = values.transpose().template cast<T>();
  return codes;
}

/// That for every dimension, one after another: k × (k · the number of values), a picture row for each dimension.
template <class Code, class Values>
auto traverse(const Eigen::MatrixBase<Code>& code, const Eigen::MatrixBase<Values>& values) {
  Eigen::Matrix<typename Code::Scalar, Eigen::Dynamic, Eigen::Dynamic> codes(code.rows(), code.rows() * values.rows());
  for (Index i = 0; i < code.rows(); ++i) codes.middleCols(i * values.rows(), values.rows()) = traverse(code, i, values);
  return codes;
}

}  // namespace eigencoder
