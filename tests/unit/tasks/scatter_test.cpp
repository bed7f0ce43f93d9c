// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <eigencoder/tasks/scatter.hpp>

namespace ec = eigencoder;

TEST_CASE("tasks: a scatter is the sum of products with itself, on and below the diagonal") {
  for (const ec::Index n : {1, 47, 48, 49, 131}) {
    for (const ec::Index k : {1, 7, 300}) {
      INFO(n << " × " << k);
      const Eigen::MatrixXd y = Eigen::MatrixXd::Random(n, k), before = Eigen::MatrixXd::Random(n, n);
      Eigen::MatrixXd scatter = before;
      ec::detail::add_scatter(y, scatter);
      double worst = 0;
      for (ec::Index j = 0; j < n; ++j) {
        for (ec::Index i = j; i < n; ++i) worst = std::max(worst, std::abs(scatter(i, j) - before(i, j) - y.row(i).dot(y.row(j))));
      }
      CHECK(worst < 1e-15 * static_cast<double>(k + 8));
    }
  }
}
