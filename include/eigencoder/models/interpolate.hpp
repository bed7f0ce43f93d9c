// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"

namespace eigencoder {

namespace detail {

template <class A, class B>
void check_ends(const char* what, const A& a, const B& b, Index steps) {
  static_assert(std::floating_point<typename A::Scalar> && std::same_as<typename A::Scalar, typename B::Scalar>,
                "codes to interpolate between must both be float or both double");
  if (a.cols() != 1 || b.cols() != 1 || a.rows() != b.rows() || a.rows() == 0)
    throw ShapeError(message(what, ": expected two codes of one size, each a column, found ", a.rows(), " × ", a.cols(),
                             " and ", b.rows(), " × ", b.cols()));
  if (steps < 2) throw OptionError(message(what, ": expected 2 steps or more, both ends among them, found ", steps));
}

/// Columns a, f(1 / (steps − 1)), f(2 / (steps − 1)), …, b.
template <class A, class B, class F>
auto walk(const A& a, const B& b, Index steps, F f) {
  Eigen::Matrix<typename A::Scalar, Eigen::Dynamic, Eigen::Dynamic> codes(a.rows(), steps);
  codes.col(0) = a;
  codes.col(steps - 1) = b;
  for (Index j = 1; j < steps - 1; ++j)
    codes.col(j) = f(static_cast<double>(j) / static_cast<double>(steps - 1)).template cast<typename A::Scalar>();
  return codes;
}

}  // namespace detail

/// The straight way from code a to code b, both k × 1, in equal steps: (1 − t) a + t b, k × steps, the ends exact.
/// Throws ShapeError unless both are columns of one size, OptionError if there are fewer than two steps.
template <class A, class B>
auto interpolate(const Eigen::MatrixBase<A>& a, const Eigen::MatrixBase<B>& b, Index steps) {
  detail::check_ends("interpolate", a, b, steps);
  const Eigen::VectorXd from = a.template cast<double>(), to = b.template cast<double>();
  return detail::walk(a.derived(), b.derived(), steps, [&](double t) -> Eigen::VectorXd { return (1 - t) * from + t * to; });
}

/// The way from a to b around the origin, in equal angles: with θ the angle between the two,
///   (sin((1 − t) θ) a + sin(t θ) b) / sin θ   k × steps, the ends exact
/// Between codes of one length it keeps that length, as normal codes of many dimensions nearly do. Straight where there is no
/// arc to follow, or no single one: if a or b is zero, or if they point the same way or opposite ways, as all codes of one
/// dimension do. Throws as interpolate does. Shoemake 1985; White, "Sampling generative networks", 2016.
template <class A, class B>
auto slerp(const Eigen::MatrixBase<A>& a, const Eigen::MatrixBase<B>& b, Index steps) {
  detail::check_ends("slerp", a, b, steps);
  const Eigen::VectorXd from = a.template cast<double>(), to = b.template cast<double>();
  // Kahan's angle, exact where it is near 0 or π, as an arc cosine is not.
  const Eigen::VectorXd u = from.stableNormalized(), v = to.stableNormalized();
  const double angle = 2 * std::atan2((u - v).norm(), (u + v).norm()), sine = std::sin(angle);
  const bool straight = u.isZero(0) || v.isZero(0) || sine < 1e-7;
  return detail::walk(a.derived(), b.derived(), steps, [&](double t) -> Eigen::VectorXd {
    if (straight) return (1 - t) * from + t * to;
    return (std::sin((1 - t) * angle) * from + std::sin(t * angle) * to) / sine;
  });
}

}  // namespace eigencoder
