// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>

#include "eigencoder/engine/arena.hpp"
#include "eigencoder/engine/inference.hpp"

namespace eigencoder {

/// Memory for predictions of up to `columns` samples at a time, made once; with it a prediction never touches the heap. One
/// workspace serves one thread. Larger matrices are worked through piece by piece.
template <class C>
class Workspace {
 public:
  using T = typename C::Scalar;
  using Plan = InferencePlan<C>;

  /// For one sample if `columns` is 0. Throws OptionError if it is negative, or too large for its bytes to be counted.
  explicit Workspace(Index columns = 1) : columns_(std::max<Index>(columns, 1)), memory_(scalars(columns)) {}
  Workspace(const Workspace&) = default;
  Workspace(Workspace&&) noexcept = default;
  /// Where there is no memory for the copy, nothing has changed.
  Workspace& operator=(Workspace other) noexcept {
    columns_ = other.columns_;
    memory_.swap(other.memory_);
    prepared_ = other.prepared_;
    return *this;
  }

  Index columns() const { return columns_; }
  static constexpr Index bytes(Index columns) { return static_cast<Index>(scalars(columns) * sizeof(T)); }

  /// Runs layers [From, To) on `count` columns; x and y have no gaps between columns.
  template <std::size_t From, std::size_t To>
  void run(const typename C::Layers& layers, Parameters<T> parameters, std::uint64_t contents, const T* x, T* y, Index count,
           const Sequences<T>& sequences = {}) {
    const Inference<C> inference(memory_.data(), columns_);
    if (prepared_ != contents) {
      inference.prepare(layers, parameters.theta);
      prepared_ = contents;
    }
    inference.template run<From, To>(layers, parameters, x, y, count, sequences);
  }

 private:
  static constexpr std::size_t scalars(Index columns) {
    // Half of what can be counted: the other half is for a model's own bytes.
    constexpr Index most =
        (std::numeric_limits<Index>::max() / 2 / static_cast<Index>(sizeof(T)) - Plan::once) / Plan::per_sample;
    if (columns < 0 || columns > most) {
      throw OptionError(message("workspace: expected room for 0 to ", most, " samples, found ", columns,
                                "; a workspace for some is enough, as larger matrices are worked through piece by piece"));
    }
    return static_cast<std::size_t>(Plan::scalars(std::max<Index>(columns, 1)));
  }

  Index columns_;
  Arena<T> memory_;
  std::uint64_t prepared_ = 0;  ///< the version of the parameters that `packed` was derived from
};

}  // namespace eigencoder
