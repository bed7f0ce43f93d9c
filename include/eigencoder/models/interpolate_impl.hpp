// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/models/interpolate.hpp"

namespace eigencoder::detail {

/// Columns f(0), f(1 / (steps − 1)), …, f(1).
template <class F>
Eigen::MatrixXd columns_along(Index rows, Index steps, F f) {
  Eigen::MatrixXd way(rows, steps);
  for (Index j = 0; j < steps; ++j) way.col(j) = f(static_cast<double>(j) / static_cast<double>(steps - 1));
  return way;
}

EIGENCODER_INLINE Eigen::MatrixXd straight_way(const Eigen::VectorXd& a, const Eigen::VectorXd& b, Index steps) {
  return columns_along(a.size(), steps, [&](double t) -> Eigen::VectorXd { return (1 - t) * a + t * b; });
}

EIGENCODER_INLINE Eigen::MatrixXd arc(const Eigen::VectorXd& a, const Eigen::VectorXd& b, Index steps) {
  // Kahan's angle, exact where it is near 0 or π, as an arc cosine is not.
  const Eigen::VectorXd u = a.stableNormalized(), v = b.stableNormalized();
  const double angle = 2 * std::atan2((u - v).norm(), (u + v).norm()), sine = std::sin(angle);
  if (u.isZero(0) || v.isZero(0) || sine < 1e-7) return straight_way(a, b, steps);
  return columns_along(a.size(), steps, [&](double t) -> Eigen::VectorXd {
    return (std::sin((1 - t) * angle) * a + std::sin(t * angle) * b) / sine;
  });
}

}  // namespace eigencoder::detail
