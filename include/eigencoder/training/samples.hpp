// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "eigencoder/core/stage.hpp"
#include "eigencoder/kernels/packet.hpp"

namespace eigencoder {

/// A view of samples, one a column, in a matrix that outlives it: any column-major Eigen matrix, map or block of T, or of
/// 8-bit pixels, whose 0 … 255 stand for 0 … 1 and are converted a batch at a time.
template <class T>
class Samples {
 public:
  Samples() = default;
  template <class Derived>
    requires((std::is_same_v<typename Derived::Scalar, T> || std::is_same_v<typename Derived::Scalar, std::uint8_t>)&&(
                 Derived::Flags & Eigen::DirectAccessBit) != 0 &&
             (Derived::Flags & Eigen::RowMajorBit) == 0 && Derived::InnerStrideAtCompileTime == 1)
  Samples(const Eigen::DenseBase<Derived>& matrix)
      : data_(reinterpret_cast<const std::byte*>(matrix.derived().data())),
        rows_(matrix.rows()),
        cols_(matrix.cols()),
        stride_(matrix.derived().outerStride()),
        pixels_(!std::is_same_v<typename Derived::Scalar, T>) {}

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }
  bool pixels() const { return pixels_; }  ///< of 8 bits

  /// The columns lie without gaps and as they are wanted: nothing need be copied.
  bool in_place() const { return stride_ == rows_ && !pixels_; }
  /// Column j where it lies. Not for pixels.
  const T* column(Index j) const { return reinterpret_cast<const T*>(at(j)); }
  void copy_column(Index j, T* to) const {
    if (pixels_) {
      const auto* const from = reinterpret_cast<const std::uint8_t*>(at(j));
      for (Index i = 0; i < rows_; ++i) to[i] = static_cast<T>(from[i]) / T(255);
    } else {
      std::copy_n(column(j), rows_, to);
    }
  }
  void prefetch_column(Index j) const {
    constexpr Index line = 64;
    for (Index byte = 0; byte < rows_ * scalar(); byte += line) kernels::prefetch(at(j) + byte);
  }

  Samples columns(Index first, Index count) const {
    Samples part = *this;
    part.data_ = at(first);
    part.cols_ = count;
    return part;
  }
  friend bool operator==(const Samples&, const Samples&) = default;

 private:
  Index scalar() const { return pixels_ ? 1 : static_cast<Index>(sizeof(T)); }
  const std::byte* at(Index j) const { return data_ + j * stride_ * scalar(); }

  const std::byte* data_ = nullptr;
  Index rows_ = 0, cols_ = 0, stride_ = 0;
  bool pixels_ = false;
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
  if (samples.pixels()) return;
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
