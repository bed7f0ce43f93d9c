// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <limits>

#include "eigencoder/tasks/label_vector.hpp"
#include "eigencoder/tasks/sample_matrix.hpp"

namespace eigencoder {

/// How well each code, one a column of codes: d × N, lies in its class, by Euclidean distances:
///   s = (b − a) / max(a, b)
/// a the mean distance to the others of its class, b the least over the other classes of the mean distance to a class. From −1
/// to 1; 0 for a class of one code, and where a = b = 0. Labels: N, any whole numbers. O(N² d) time, O(N d) memory, in double,
/// by differences, so that far codes lose no digits. scikit-learn: silhouette_samples. Throws ShapeError for other sizes,
/// OptionError unless there are from 2 to N − 1 classes, NonFiniteError. Rousseeuw 1987.
template <SampleMatrix Codes, Labels Truth>
Eigen::VectorXd silhouette_samples(const Codes& codes, const Truth& labels) {
  const Eigen::MatrixXd x = codes.template cast<double>();
  detail::check_vector("silhouette", "labels", labels);
  detail::check_count("silhouette", "labels", x.cols(), labels.size());
  detail::check_finite("silhouette", "code", x);

  const auto [own, classes] = detail::numbered(labels);
  if (classes < 2 || classes >= x.cols()) {
    throw OptionError(message("silhouette: expected from 2 to ", x.cols() - 1, " classes, fewer than there are codes, found ",
                              classes, " of ", x.cols(), " codes"));
  }
  Eigen::VectorXd sizes = Eigen::VectorXd::Zero(classes);
  for (const Index of : own) sizes[of] += 1;

  const Eigen::ArrayXXd rows = x.transpose();  // so that a processor's vectors hold neighbouring codes
  Eigen::ArrayXd distances(x.cols());
  Eigen::VectorXd silhouettes = Eigen::VectorXd::Zero(x.cols()), sums(classes);
  for (Index j = 0; j < x.cols(); ++j) {
    if (sizes[own[j]] == 1) continue;
    distances.setZero();
    for (Index i = 0; i < x.rows(); ++i) distances += (rows.col(i) - x(i, j)).square();
    distances = distances.sqrt();
    sums.setZero();
    for (Index i = 0; i < x.cols(); ++i) sums[own[i]] += distances[i];
    const double inside = sums[own[j]] / (sizes[own[j]] - 1);
    sums.array() /= sizes.array();
    sums[own[j]] = std::numeric_limits<double>::infinity();
    const double outside = sums.minCoeff(), larger = std::max(inside, outside);
    silhouettes[j] = larger > 0 ? (outside - inside) / larger : 0;
  }
  return silhouettes;
}

/// The mean of silhouette_samples. scikit-learn: silhouette_score.
template <SampleMatrix Codes, Labels Truth>
double silhouette_score(const Codes& codes, const Truth& labels) {
  return silhouette_samples(codes, labels).mean();
}

}  // namespace eigencoder
