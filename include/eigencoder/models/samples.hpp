// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "eigencoder/core/column_reader.hpp"
#include "eigencoder/core/division.hpp"
#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"
#include "eigencoder/core/small_integers.hpp"
#include "eigencoder/kernels/packet.hpp"

namespace eigencoder {

template <class T>
class Samples;

namespace detail {

template <class S>
inline constexpr bool small_integer = std::same_as<S, std::uint8_t> || std::same_as<S, std::int8_t> ||
                                      std::same_as<S, std::uint16_t> || std::same_as<S, std::int16_t>;

/// Not `derived_from<M, DenseBase<M>>`: the base of a segment of a vector is that of a block.
template <class M>
concept DenseExpression = requires(const M& matrix) {
  []<class Derived>(const Eigen::DenseBase<Derived>&) {}(matrix);
};

/// A dense Eigen expression, one sample a column, whose values a model of T takes.
template <class M, class T>
concept SamplesOf = DenseExpression<M> &&
                    (std::same_as<typename M::Scalar, T> || small_integer<typename M::Scalar>);

/// The values of a column are adjacent in memory.
template <class M>
inline constexpr bool lies_in_columns = [] {
  if constexpr ((M::Flags & Eigen::DirectAccessBit) != 0 && (M::Flags & Eigen::RowMajorBit) == 0) {
    return M::InnerStrideAtCompileTime == 1;
  }
  return false;
}();

/// Samples, or a pointer to a reader of them, for models of another scalar than T.
template <class M, class T>
concept SamplesOfAnother = requires(const M& samples) {
  []<class U>(const Samples<U>&) requires(!std::same_as<U, T>) {}(samples);
} || requires(const M& reader) {
  []<class U>(const ColumnReader<U>*) requires(!std::same_as<U, T>) {}(reader.get());
};

/// Fails to compile, and says what to do with an M that is no SamplesOf T.
template <class T, class M>
constexpr void refuse_samples() {
  if constexpr (SamplesOfAnother<M, T>) {
    if constexpr (std::same_as<T, float>) {
      static_assert(SamplesOf<M, T>, "this model works in float: make Samples<float>, on disk by samples_on_disk<float>(path)");
    } else {
      static_assert(SamplesOf<M, T>, "this model works in double: make Samples<double>, on disk by samples_on_disk<double>(path)");
    }
  } else if constexpr (!DenseExpression<M>) {
    static_assert(SamplesOf<M, T>,
                  "samples are a dense Eigen matrix, one sample a column: memory of another kind is viewed by "
                  "Eigen::Map<const Eigen::MatrixXf>(data, rows, columns)");
  } else if constexpr (!std::floating_point<typename M::Scalar>) {
    static_assert(SamplesOf<M, T>,
                  "samples are float or double, as the model is, or integers of 8 or 16 bits that stand for 0 to 1 (unsigned) or "
                  "-1 to 1 (signed): give x.cast<float>() or x.cast<double>(), scaled as you mean it");
  } else if constexpr (std::same_as<T, float>) {
    static_assert(SamplesOf<M, T>, "this model works in float: give x.cast<float>(), or make the model of double");
  } else {
    static_assert(SamplesOf<M, T>, "this model works in double: give x.cast<double>(), or make the model of float");
  }
}

}  // namespace detail

/// Samples, one a column: any dense Eigen matrix or expression of T, or of 8- or 16-bit integers, which are converted a batch
/// at a time: std::uint8_t v stands for v / 255, std::uint16_t for v / 65535, std::int8_t for v / 128, std::int16_t for
/// v / 32768. A column-major matrix, map or block that has a name is viewed where it lies, and must outlive the samples. What
/// has none, and what lies otherwise (2 * x, row-major), is evaluated and kept. A block or map of a temporary is a view still.
/// Or samples on disk, as samples_on_disk() opens them: each is read when it is wanted, and FileError thrown where it cannot be.
template <class T>
class Samples {
 public:
  Samples() = default;
  // is_object: in overload resolution clang takes {.epochs = n} for something to convert, of type "void&".
  template <class M>
    requires(std::is_object_v<std::remove_reference_t<M>> && !std::same_as<std::remove_cvref_t<M>, Samples> &&
             !std::convertible_to<M, std::shared_ptr<const ColumnReader<T>>>)
  Samples(M&& matrix) {  // NOLINT(bugprone-forwarding-reference-overload): Samples are no Samples of themselves
    using Given = std::remove_cvref_t<M>;
    if constexpr (!detail::SamplesOf<Given, T>) {
      detail::refuse_samples<T, Given>();
    } else {
      // Eigen's mark of what holds values itself, or may, in contrast to an expression that refers to them.
      constexpr bool leaves = !std::is_lvalue_reference_v<M> && (Given::Flags & Eigen::NestByRefBit) != 0;
      if constexpr (detail::lies_in_columns<Given> && !leaves) {
        view(matrix);
      } else {
        using Kept = Eigen::Matrix<typename Given::Scalar, Eigen::Dynamic, Eigen::Dynamic>;
        auto kept = std::make_shared<const Kept>(std::forward<M>(matrix));
        view(*kept);
        kept_ = std::move(kept);
      }
    }
  }
  /// Throws OptionError where there is no reader.
  template <class Reader>
    requires std::convertible_to<const Reader*, const ColumnReader<T>*>
  Samples(std::shared_ptr<Reader> reader) : reader_(reader.get()) {
    if (reader == nullptr) raise<OptionError>("samples on disk: expected a reader, found a null pointer");
    rows_ = reader->rows();
    cols_ = reader->cols();
    stride_ = -1;  // not in_place()
    integers_ = reader->integers();
    least_ = reader->least_integer();
    kept_ = std::move(reader);
  }

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }
  /// They are 8- or 16-bit integers.
  bool integers() const { return integers_; }
  /// What the least of them would stand for: 0 or −1. The greatest stands for 1, or nearly.
  T least_integer() const { return least_; }

  /// They are read when they are wanted: column() is not for them.
  bool on_disk() const { return reader_ != nullptr; }
  /// How many columns are worth reading together. In memory it makes no difference: 1.
  Index block() const { return reader_ ? reader_->block() : 1; }
  /// A hint that these columns will be read soon.
  void will_need(Index first, Index count) const {
    if (reader_) reader_->will_need(first_ + first, count);
  }

  /// The columns lie without gaps and as they are wanted: nothing need be copied.
  bool in_place() const { return stride_ == rows_ && !integers(); }
  /// Column j where it lies. Not for integers, nor on disk.
  const T* column(Index j) const { return reinterpret_cast<const T*>(at(j)); }
  void copy_column(Index j, T* to) const { copy(0, rows_, j, to); }
  T value(Index i, Index j) const {
    if (!integers() && !on_disk()) return column(j)[i];
    T value;
    copy(i, 1, j, &value);
    return value;
  }
  /// Some columns without gaps: where they lie, or copied into `to`.
  const T* columns_without_gaps(Index first, Index count, T* to) const {
    if (in_place()) return column(first);
    if (on_disk()) {
      reader_->read_columns(first_ + first, count, to);
    } else {
      for (Index j = 0; j < count; ++j) copy_column(first + j, to + j * rows_);
    }
    return to;
  }
  /// A copy, converted.
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> matrix() const {
    Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> copies(rows_, cols_);
    if (on_disk()) {
      reader_->read_columns(first_, cols_, copies.data());
    } else {
      for (Index j = 0; j < cols_; ++j) copy_column(j, copies.col(j).data());
    }
    return copies;
  }
  void prefetch_column(Index j) const {
    if (on_disk()) return;
    constexpr Index line = 64;
    for (Index byte = 0; byte < rows_ * scalar_; byte += line) kernels::prefetch(at(j) + byte);
  }

  /// `count` columns from `first` on, where they are. Throws ShapeError where there are none such.
  Samples columns(Index first, Index count) const {
    if (first < 0 || count < 0 || count > cols_ || first > cols_ - count)
      raise<ShapeError>("expected columns within ", cols_, ", found ", first, " to ", first + count);
    Samples part = *this;
    if (on_disk()) {
      part.first_ += first;
    } else {
      part.data_ = at(first);
    }
    part.cols_ = count;
    return part;
  }
  friend bool operator==(const Samples&, const Samples&) = default;

 private:
  template <class Matrix>
  void view(const Matrix& matrix) {
    using S = typename Matrix::Scalar;
    data_ = reinterpret_cast<const std::byte*>(matrix.derived().data());
    rows_ = matrix.rows();
    cols_ = matrix.cols();
    stride_ = matrix.derived().outerStride();
    scalar_ = sizeof(S);
    if constexpr (!std::same_as<S, T>) {
      integers_ = true;
      least_ = std::is_signed_v<S> ? T(-1) : T(0);
      convert_ = detail::shares_of_one<S, T>;
    }
  }
  const std::byte* at(Index j) const { return data_ + j * stride_ * scalar_; }
  /// Rows [i, i + count) of column j.
  void copy(Index i, Index count, Index j, T* to) const {
    if (on_disk()) {
      reader_->read(first_ + j, i, count, to);
    } else if (integers()) {
      convert_(at(j) + i * scalar_, count, to);
    } else {
      std::copy_n(column(j) + i, count, to);
    }
  }

  const std::byte* data_ = nullptr;
  Index rows_ = 0, cols_ = 0, stride_ = 0, scalar_ = sizeof(T);
  T least_ = 0;
  bool integers_ = false;
  const ColumnReader<T>* reader_ = nullptr;  ///< what is on disk; then there is no data_
  Index first_ = 0;                          ///< of the reader's columns
  void (*convert_)(const std::byte*, Index, T*) = nullptr;  ///< integers to T
  std::shared_ptr<const void> kept_;
};

/// The samples that are the part of rank `rank` of `size`, where they are (data/part.hpp). Throws OptionError.
template <class T>
Samples<T> part_of(const Samples<T>& samples, int rank, int size, std::size_t parts = 0) {
  const auto [begin, count] = range_of_part(samples.cols(), rank, size, parts);
  return samples.columns(begin, count);
}
/// The same of samples on disk: part_of(samples_on_disk("images.npy"), rank, size).
template <class T>
Samples<T> part_of(const std::shared_ptr<const ColumnReader<T>>& reader, int rank, int size, std::size_t parts = 0) {
  return part_of(Samples<T>(reader), rank, size, parts);
}

/// Samples of T where they lie, one a column, for a prediction that may not allocate: a column-major matrix, map or block.
template <class T>
class SamplesInPlace {
 public:
  template <class M>
    requires(!std::same_as<M, SamplesInPlace>)
  SamplesInPlace(const M& matrix) {
    if constexpr (!detail::SamplesOf<M, T>) {
      detail::refuse_samples<T, M>();
    } else {
      constexpr bool lies = detail::lies_in_columns<M> && std::same_as<typename M::Scalar, T>;
      static_assert(lies, "a prediction with a workspace reads its input where it lies, so as not to allocate: give a "
                          "column-major matrix, map or block of the model's scalar; evaluate an expression, and convert "
                          "integers, beforehand");
      if constexpr (lies) {
        data_ = matrix.derived().data();
        rows_ = matrix.rows();
        cols_ = matrix.cols();
        stride_ = matrix.derived().outerStride();
      }
    }
  }

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }
  bool without_gaps() const { return stride_ == rows_; }
  const T* column(Index j) const { return data_ + j * stride_; }

 private:
  const T* data_ = nullptr;
  Index rows_ = 0, cols_ = 0, stride_ = 0;
};

}  // namespace eigencoder
