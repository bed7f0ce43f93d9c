// SPDX-License-Identifier: MIT
#pragma once

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

/// The ways between a and b, k × steps: straight, or around the origin where there is an arc.
Eigen::MatrixXd straight_way(const Eigen::VectorXd& a, const Eigen::VectorXd& b, Index steps);
Eigen::MatrixXd arc(const Eigen::VectorXd& a, const Eigen::VectorXd& b, Index steps);

/// Such a way between codes, the ends exact.
template <class A, class B, class Way>
auto walk(const A& a, const B& b, Index steps, Way way) {
  using T = typename A::Scalar;
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> codes =
      way(a.template cast<double>(), b.template cast<double>(), steps).template cast<T>();
  codes.col(0) = a;
  codes.col(steps - 1) = b;
  return codes;
}

}  // namespace detail

/// The straight way from code a to code b, both k × 1, in equal steps: (1 − t) a + t b, k × steps, the ends exact.
/// Throws ShapeError unless both are columns of one size, OptionError if there are fewer than two steps.
template <class A, class B>
auto interpolate(const Eigen::MatrixBase<A>& a, const Eigen::MatrixBase<B>& b, Index steps) {
  detail::check_ends("interpolate", a, b, steps);
  return detail::walk(a.derived(), b.derived(), steps, detail::straight_way);
}

/// The way from a to b around the origin, in equal angles: with θ the angle between the two,
///   (sin((1 − t) θ) a + sin(t θ) b) / sin θ   k × steps, the ends exact
/// Between codes of one length it keeps that length, as normal codes of many dimensions nearly do. Straight where there is no
/// arc to follow, or no single one: if a or b is zero, or if they point the same way or opposite ways, as all codes of one
/// dimension do. Throws as interpolate does. Shoemake 1985; White, "Sampling generative networks", 2016.
template <class A, class B>
auto slerp(const Eigen::MatrixBase<A>& a, const Eigen::MatrixBase<B>& b, Index steps) {
  detail::check_ends("slerp", a, b, steps);
  return detail::walk(a.derived(), b.derived(), steps, detail::arc);
}

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/models/interpolate_impl.hpp"
#endif
