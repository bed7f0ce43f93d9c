// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/tasks/hole_filling.hpp"

namespace eigencoder::detail {

EIGENCODER_INLINE LaplaceSolver::LaplaceSolver(const Hole& hole)
    : hole_(hole), degrees_(hole.size()), neighbours_(4, hole.size()) {
  for (Index i = 0; i < hole.size(); ++i) {
    Index degree = 0;
    hole.for_each_neighbour(hole.pixel(i), [&](Index pixel) { neighbours_(degree++, i) = hole.number(pixel); });
    degrees_[i] = static_cast<double>(degree);
    for (Index k = degree; k < 4; ++k) neighbours_(k, i) = Hole::none;
  }
}

EIGENCODER_INLINE Eigen::VectorXd LaplaceSolver::solve(Eigen::VectorXd b, double first, double tolerance) const {
  const double scale = b.cwiseAbs().maxCoeff();  // so that squares neither overflow nor vanish
  if (scale == 0) return b;
  b /= scale;
  Eigen::VectorXd u = Eigen::VectorXd::Constant(b.size(), first / scale), r = b - times(u), p = r, Ap;
  const double enough = tolerance * tolerance * b.squaredNorm();
  double residual = r.squaredNorm();
  for (Index step = 0; residual > enough && step < 10 * b.size();
       ++step) {  // as many steps as pixels would do without rounding
    Ap = times(p);
    const double alpha = residual / p.dot(Ap);
    u += alpha * p;
    r -= alpha * Ap;
    const double next = r.squaredNorm();
    p = r + (next / residual) * p;
    residual = next;
  }
  if (!(residual <= enough))
    throw NonFiniteError("diffusion_fill: the equation's residual did not fall to the tolerance: values are too large");
  return scale * u;
}

EIGENCODER_INLINE Eigen::VectorXd LaplaceSolver::times(const Eigen::VectorXd& u) const {
  Eigen::VectorXd product = degrees_.cwiseProduct(u);
  for (Index i = 0; i < u.size(); ++i) {
    for (Index k = 0; k < 4; ++k) {
      if (const Index j = neighbours_(k, i); j != Hole::none) product[i] -= u[j];
    }
  }
  return product;
}

}  // namespace eigencoder::detail
