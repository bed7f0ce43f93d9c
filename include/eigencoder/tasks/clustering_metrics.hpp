// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "eigencoder/tasks/label_vector.hpp"

// How well clusters and classes agree. Both are vectors of whole numbers, one a sample, whose values do not matter: clusters
// have no order, and there need not be as many as classes. All throw ShapeError for other sizes or no labels.
namespace eigencoder {

/// classes × clusters: how many samples of class i (row) are in cluster j (column); classes and clusters in the order of their
/// numbers. scikit-learn: contingency_matrix.
template <Labels Truth, Labels Clusters>
Eigen::MatrixXd contingency_matrix(const Truth& truth, const Clusters& clusters) {
  detail::check_vector("contingency_matrix", "classes", truth);
  detail::check_vector("contingency_matrix", "clusters", clusters);
  detail::check_count("contingency_matrix", "clusters", truth.size(), clusters.size());
  if (truth.size() == 0) throw ShapeError("contingency_matrix: expected at least one label, found none");
  const auto rows = detail::numbered(truth), columns = detail::numbered(clusters);
  Eigen::MatrixXd counts = Eigen::MatrixXd::Zero(rows.classes, columns.classes);
  for (Index j = 0; j < truth.size(); ++j) counts(rows.labels[j], columns.labels[j]) += 1;
  return counts;
}

/// The part of the samples that are of their cluster's most frequent class: Σ_j max_i n_ij / N. From 1 / classes (or more) to
/// 1, which as many clusters as samples reach too: compare it at equal numbers of clusters. Manning, Raghavan and Schütze,
/// "Introduction to information retrieval", 2008, section 16.3.
template <Labels Truth, Labels Clusters>
double purity_score(const Truth& truth, const Clusters& clusters) {
  return contingency_matrix(truth, clusters).colwise().maxCoeff().sum() / static_cast<double>(truth.size());
}

/// The Rand index, the part of all pairs of samples that are together in both or apart in both, less what chance gives:
///   (R − E[R]) / (1 − E[R])
/// 0 for labels drawn at random, 1 for the same sets, and negative for less than chance. scikit-learn: adjusted_rand_score.
/// Hubert and Arabie 1985.
template <Labels Truth, Labels Clusters>
double adjusted_rand_score(const Truth& truth, const Clusters& clusters) {
  const Eigen::MatrixXd counts = contingency_matrix(truth, clusters);
  const auto pairs = [](const auto& n) { return (n.array() * (n.array() - 1)).sum() / 2; };
  const double both = pairs(counts), classes = pairs(counts.rowwise().sum().eval()),
               found = pairs(counts.colwise().sum().eval());
  if (both == classes && both == found) return 1;  // also where no two samples are together, or all are
  const auto N = static_cast<double>(truth.size());
  const double chance = classes * found / (N * (N - 1) / 2);
  return (both - chance) / ((classes + found) / 2 - chance);
}

/// What clusters tell of classes, in nats, over the mean of the entropies of both:
///   I = Σ_ij p_ij log(p_ij / (p_i p_j))   NMI = 2 I / (H(classes) + H(clusters))
/// From 0 to 1. Where both are one set it is 1. It grows with the number of clusters, chance or not. scikit-learn:
/// normalized_mutual_info_score. Strehl and Ghosh 2002.
template <Labels Truth, Labels Clusters>
double normalized_mutual_info_score(const Truth& truth, const Clusters& clusters) {
  const Eigen::MatrixXd p = contingency_matrix(truth, clusters) / static_cast<double>(truth.size());
  if (p.size() == 1) return 1;
  const Eigen::VectorXd rows = p.rowwise().sum(), columns = p.colwise().sum().transpose();
  const auto entropy = [](const Eigen::VectorXd& part) { return -(part.array() * part.array().log()).sum(); };
  double information = 0;
  for (Index j = 0; j < p.cols(); ++j)
    for (Index i = 0; i < p.rows(); ++i)
      if (p(i, j) > 0) information += p(i, j) * std::log(p(i, j) / (rows[i] * columns[j]));
  if (information < std::numeric_limits<double>::epsilon()) return 0;  // rounding, also of independent ones
  return std::min(1.0, 2 * information / (entropy(rows) + entropy(columns)));
}

}  // namespace eigencoder
