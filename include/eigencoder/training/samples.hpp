// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "eigencoder/core/stage.hpp"

namespace eigencoder {

/// A view of samples, one a column, in a matrix that outlives it. Made from any column-major Eigen matrix, map or block.
template <class T>
class Samples {
 public:
  Samples() = default;
  template <class Derived>
    requires(std::is_same_v<typename Derived::Scalar, T> && (Derived::Flags & Eigen::DirectAccessBit) != 0 &&
             (Derived::Flags & Eigen::RowMajorBit) == 0 && Derived::InnerStrideAtCompileTime == 1)
  Samples(const Eigen::DenseBase<Derived>& matrix)
      : data_(matrix.derived().data()), rows_(matrix.rows()), cols_(matrix.cols()), stride_(matrix.derived().outerStride()) {}

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }
  const T* column(Index j) const { return data_ + j * stride_; }
  bool dense() const { return stride_ == rows_; }  ///< no gaps between columns

  Samples columns(Index first, Index count) const {
    Samples part = *this;
    part.data_ = column(first);
    part.cols_ = count;
    return part;
  }
  friend bool operator==(const Samples&, const Samples&) = default;

 private:
  const T* data_ = nullptr;
  Index rows_ = 0, cols_ = 0, stride_ = 0;
};

/// Throws ShapeError unless `samples` has a row for each value of `shape` and at least one column.
template <class T>
void check_samples(std::string_view name, const Samples<T>& samples, Shape shape) {
  if (samples.rows() != shape.size()) {
    throw ShapeError(message(name, ": expected ", shape.size(), " rows (shape ", to_string(shape),
                             ", one sample a column), found a matrix of ", samples.rows(), " × ", samples.cols()));
  }
  if (samples.cols() == 0) throw ShapeError(message(name, ": expected at least one sample, found none"));
}

/// Throws NonFiniteError, naming the place, if a value is NaN or infinite.
template <class T>
void check_finite(std::string_view name, const Samples<T>& samples) {
  for (Index j = 0; j < samples.cols(); ++j) {
    const VectorView<const T> column(samples.column(j), samples.rows());
    if ((column * T(0)).sum() == T(0)) continue;  // NaN for any NaN or infinity: one pass, and the compiler vectorises it
    for (Index i = 0; i < column.size(); ++i) {
      if (std::isfinite(column[i])) continue;
      throw NonFiniteError(message(name, ": expected finite values, found ", column[i], " in row ", i, " of sample ", j,
                                   "; clean the data, or set check_data = false"));
    }
  }
}

}  // namespace eigencoder
