// SPDX-License-Identifier: MIT
// expect: labels are a vector of whole numbers, 0 and 1, and come before the scores
#include <eigencoder/tasks/ranking_metrics.hpp>

namespace ec = eigencoder;

double area(const Eigen::VectorXi& labels, const Eigen::VectorXf& scores) {
#ifdef CONTROL
  return ec::roc_auc_score(labels, scores);
#else
  return ec::roc_auc_score(scores, labels);
#endif
}
