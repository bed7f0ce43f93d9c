// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "eigencoder/kernels/gemm.hpp"

namespace eigencoder::detail {

/// S += Y·Yᵀ, in the lower triangle and a little above it.   Y: n × k   S: n × n
inline void add_scatter(kernels::View<const double> y, kernels::View<double> s) {
  constexpr Index piece = 48;  // columns of a triangle's step, the kernels' for one panel
  for (Index j = 0; j < y.rows; j += piece) {
    const kernels::View<const double> below(y.data + j, y.rows - j, y.cols, y.stride);
    const kernels::View<const double> right(y.data + j, std::min(piece, y.rows - j), y.cols, y.stride);
    kernels::add_multiply_transposed<double>(below, right, {s.column(j) + j, below.rows, right.rows, s.stride});
  }
}

}  // namespace eigencoder::detail
