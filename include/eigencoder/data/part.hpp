// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/division.hpp"
#include "eigencoder/core/eigen.hpp"

namespace eigencoder {

/// The columns of a matrix that are the part of rank `rank` of `size`, as a block of it: nearly equally many for each, in their order.
/// For a reproducible training by a number of ranks that is no power of two, also TrainerOptions::parts. Throws OptionError.
template <class Derived>
auto part_of(const Eigen::DenseBase<Derived>& samples, int rank, int size, std::size_t parts = 0) {
  const auto [begin, count] = range_of_part(samples.cols(), rank, size, parts);
  return samples.derived().middleCols(begin, count);
}

}  // namespace eigencoder
