// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "eigencoder/tasks/label_vector.hpp"
#include "eigencoder/tasks/nearest.hpp"

namespace eigencoder {

/// The label of each query, one a column, by the vote of its `count` nearest codes: of those that most of them have, the one
/// whose code is nearest. codes: d × N, labels: N, any whole numbers that an int holds; queries: d × Q → Q. Distances, and
/// which of equally far codes comes first, are those of `nearest`. scikit-learn: KNeighborsClassifier, which gives ties to the
/// least label. Throws ShapeError unless there is a label for each code, OptionError for a label that is no int, and what
/// `nearest` throws. Cover and Hart 1967.
template <SampleMatrix Codes, Labels Truth, SampleMatrix Queries>
Eigen::VectorXi k_neighbours(const Codes& codes, const Truth& labels, const Queries& queries, Index count) {
  detail::check_vector("k_neighbours", "labels", labels);
  detail::check_count("k_neighbours", "labels", codes.cols(), labels.size());
  Eigen::VectorXi known(labels.size());
  const auto given = labels.eval();
  for (Index i = 0; i < known.size(); ++i) {
    if (!std::in_range<int>(+given.coeff(i)))
      throw OptionError(message("k_neighbours: expected labels that an int holds, found ", +given.coeff(i), " of code ", i));
    known[i] = static_cast<int>(given.coeff(i));
  }
  const auto found = nearest(codes, queries, count);
  Eigen::VectorXi votes(queries.cols()), near(count);
  for (Index j = 0; j < queries.cols(); ++j) {
    for (Index i = 0; i < count; ++i) near[i] = known[found.indices(i, j)];
    Index most = 0;
    for (Index i = 0; i < count; ++i) {
      const Index same = (near.array() == near[i]).count();
      if (same <= most) continue;
      most = same;
      votes[j] = near[i];
    }
  }
  return votes;
}

}  // namespace eigencoder
