// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "golden/golden.hpp"
#include "support/catch.hpp"

namespace golden {

/// Every value against an array of which the file has only golden.py's totals.
template <class Derived>
void check_totals(const nlohmann::json& expected, const Eigen::DenseBase<Derived>& found, double tolerance) {
  const double norm = std::max(expected["norm"].get<double>(), 1.0);
  for (std::uint64_t j = 0; j < expected["projections"].size(); ++j) {
    CHECK(std::abs(projection(j, found) - expected["projections"][j].get<double>()) <= tolerance * norm);
  }
}

}  // namespace golden
