// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "eigencoder/core/eigen.hpp"
#include "eigencoder/core/stage.hpp"
#include "eigencoder/kernels/dispatch.hpp"
#include "eigencoder/kernels/view.hpp"

// Products of a matrix W with a sparse column, given by its entries (i_k, v_k): only the columns W(:, i_k) are touched.
namespace eigencoder::kernels {

/// Up to here every whole number is a value of T.
template <class T>
inline constexpr Index exact_whole = Index{1} << std::numeric_limits<T>::digits;

/// The column that a value names, always one of `columns`: its whole part; what lies outside names the first or the last, NaN
/// the first.
template <class T>
Index named_column(T value, Index columns) {
  if (!(value > 0)) return 0;
  return value < static_cast<T>(columns) ? static_cast<Index>(value) : columns - 1;
}

/// Entries of a sparse column. Their numbers lie in pairs (i, v) as a layer's input has them; the values with them, or apart.
template <class T>
struct Entries {
  const T* pairs;
  Index count;
  const T* values = nullptr;  ///< one after the other, if not in `pairs`

  T value(Index k) const { return values ? values[k] : pairs[2 * k + 1]; }
  /// The column that entry k names.
  Index column(Index k, Index columns) const { return named_column(pairs[2 * k], columns); }
};

namespace detail {

template <class T>
struct AddEntries {
  static constexpr bool compiled = CompiledScalar<T>;
  View<const T> W;
  Entries<T> entries;
  T* y;
  void run() const {
    const auto column = [&](Index k) { return VectorView<const T>(W.column(entries.column(k, W.cols)), W.rows); };
    VectorView<T> sum(y, W.rows);
    Index k = 0;
    for (; k + 4 <= entries.count; k += 4) {  // y is read and written once for four columns
      sum += column(k) * entries.value(k) + column(k + 1) * entries.value(k + 1) + column(k + 2) * entries.value(k + 2) +
             column(k + 3) * entries.value(k + 3);
    }
    for (; k < entries.count; ++k) sum += column(k) * entries.value(k);
  }
};

template <class T>
struct AnswerEntries {
  static constexpr bool compiled = CompiledScalar<T>;
  View<const T> W;
  const T* b;
  Entries<T> entries;
  const T* h;
  T* y;
  void run() const {
    const VectorView<const T> code(h, W.rows);
    for (Index k = 0; k < entries.count; ++k) {
      const Index i = entries.column(k, W.cols);
      y[k] = VectorView<const T>(W.column(i), W.rows).dot(code) + (b ? b[i] : T(0));
    }
  }
};

template <class T>
struct AddOuter {
  static constexpr bool compiled = CompiledScalar<T>;
  Entries<T> entries;
  const T* h;
  View<T> dW;
  void run() const {
    const VectorView<const T> column(h, dW.rows);
    for (Index k = 0; k < entries.count; ++k) {
      VectorView<T>(dW.column(entries.column(k, dW.cols)), dW.rows) += entries.value(k) * column;
    }
  }
};

}  // namespace detail

/// y += Σ_k W(:, i_k) v_k.   y: m
template <class T>
void add_entries(View<const T> W, const Entries<T>& entries, T* y) {
  launch(detail::AddEntries<T>{W, entries, y});
}

/// y_k = W(:, i_k)ᵀ h + b(i_k), b null or with a value for each column of W.   h: m   y: as many as there are entries
template <class T>
void answer_entries(View<const T> W, const T* b, const Entries<T>& entries, const T* h, T* y) {
  launch(detail::AnswerEntries<T>{W, b, entries, h, y});
}

/// dW(:, i_k) += v_k h.   h: m
template <class T>
void add_outer(const Entries<T>& entries, const T* h, View<T> dW) {
  launch(detail::AddOuter<T>{entries, h, dW});
}

}  // namespace eigencoder::kernels
