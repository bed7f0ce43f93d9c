// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/shape.hpp"

namespace eigencoder::kernels {

/// A column-major matrix in memory that it does not own: what kernels take and give.
template <class T>
struct View {
  T* data;
  Index rows, cols, stride;  ///< stride: from a column to the next

  View(T* memory, Index row_count, Index col_count, Index column_stride)
      : data(memory), rows(row_count), cols(col_count), stride(column_stride) {}

  template <class Matrix>
    requires requires(Matrix& m) { m.data(), m.outerStride(); }
  View(Matrix&& m)  // NOLINT(bugprone-forwarding-reference-overload): a View has no data()
      : View(m.data(), m.rows(), m.cols(), m.outerStride()) {}

  T* column(Index j) const { return data + j * stride; }
};

}  // namespace eigencoder::kernels
