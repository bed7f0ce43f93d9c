// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/random.hpp"
#include "eigencoder/tasks/sample_matrix.hpp"

namespace eigencoder::detail {

/// The index to which a share of the sum falls: one whose odds are not zero, or the last if all are.
inline Index pick(const Eigen::VectorXd& odds, double share) {
  double left = share * odds.sum();
  Index last = odds.size() - 1;
  for (Index i = 0; i < odds.size(); ++i) {
    if (odds[i] > 0) last = i;
    if ((left -= odds[i]) < 0) return i;
  }
  return last;
}

/// `count` of the codes, one a column, that lie apart: each is drawn with odds in proportion to the square of its distance from
/// the nearest of those before it. Random draws of sample `draw`. Arthur and Vassilvitskii, "k-means++", 2007.
inline Eigen::MatrixXd spread_out(const Eigen::MatrixXd& x, Index count, const Random& random, Index draw) {
  Eigen::MatrixXd chosen(x.rows(), count);
  Eigen::VectorXd odds = Eigen::VectorXd::Ones(x.cols());
  for (Index k = 0; k < count; ++k) {
    chosen.col(k) = x.col(pick(odds, random.uniform(draw, k)));
    const Eigen::VectorXd squares = (x.colwise() - chosen.col(k)).colwise().squaredNorm();
    odds = k == 0 ? squares : odds.cwiseMin(squares);
  }
  return chosen;
}

}  // namespace eigencoder::detail
