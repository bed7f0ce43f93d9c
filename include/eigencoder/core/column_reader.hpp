// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/shape.hpp"

namespace eigencoder {

/// Samples that are read when they are wanted, rows() × cols(), one a column, such as those of a file that is larger than
/// memory. Samples<T> are made of a shared pointer to one. All functions may be called by several threads at once.
template <class T>
class ColumnReader {
 public:
  ColumnReader() = default;
  ColumnReader(const ColumnReader&) = delete;
  ColumnReader& operator=(const ColumnReader&) = delete;
  virtual ~ColumnReader() = default;

  virtual Index rows() const = 0;
  virtual Index cols() const = 0;
  /// They are 8- or 16-bit integers, and read() gives what these stand for in Samples.
  virtual bool integers() const { return false; }
  /// What the least of them would stand for: 0 or −1. The greatest stands for 1, or nearly.
  virtual T least_integer() const { return T(0); }

  /// How many columns lie together and are worth reading together, at least 1: a shuffle keeps them near one another.
  virtual Index block() const { return 1; }
  /// Writes `rows` values of a column, from `first_row` on, to `to`. The place is one that exists. Throws FileError where it
  /// cannot be read.
  virtual void read(Index column, Index first_row, Index rows, T* to) const = 0;
  /// Writes `count` columns one after the other. The same as reading each, which one that has them side by side does at once.
  virtual void read_columns(Index first, Index count, T* to) const {
    for (Index j = 0; j < count; ++j) read(first + j, 0, rows(), to + j * rows());
  }
  /// A hint that these columns will be read soon. Never throws.
  virtual void will_need([[maybe_unused]] Index first, [[maybe_unused]] Index count) const noexcept {}
};

}  // namespace eigencoder
