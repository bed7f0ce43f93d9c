// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/models/codebook.hpp"

namespace eigencoder {

EIGENCODER_INLINE double CodebookUsage::used() const {
  const auto chosen = std::count_if(counts.begin(), counts.end(), [](Index count) { return count > 0; });
  return static_cast<double>(chosen) / static_cast<double>(counts.size());
}

EIGENCODER_INLINE double CodebookUsage::perplexity() const {
  const double total = static_cast<double>(counts.sum());
  double entropy = 0;
  for (const Index count : counts) {
    if (count > 0) entropy -= static_cast<double>(count) / total * std::log(static_cast<double>(count) / total);
  }
  return std::exp(entropy);
}

}  // namespace eigencoder
