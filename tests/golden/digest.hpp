// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include "golden/golden.hpp"
#include "support/catch.hpp"

namespace golden {

/// Entries are judged by the array's root mean square, projections by its norm: one may cancel to nearly nothing.
template <class Derived>
void check_digest(const nlohmann::json& digest, const Eigen::DenseBase<Derived>& values, double tolerance) {
  const auto norm = digest["norm"].get<double>();
  if (digest.contains("indices")) {
    const double typical = norm / std::sqrt(static_cast<double>(values.size()));
    double worst = 0;
    for (std::size_t k = 0; k < digest["indices"].size(); ++k) {
      const auto i = digest["indices"][k].get<Eigen::Index>();
      const double found = static_cast<double>(values.derived()(i % values.rows(), i / values.rows()));
      worst = std::max(worst, std::abs(found - digest["values"][k].get<double>()));
    }
    CHECK(worst <= tolerance * typical);
  }
  for (std::uint64_t j = 0; j < digest["projections"].size(); ++j) {
    CHECK(std::abs(projection(j, values) - digest["projections"][j].get<double>()) <= tolerance * norm);
  }
}

}  // namespace golden
