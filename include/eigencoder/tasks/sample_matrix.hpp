// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <type_traits>
#include <utility>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"
#include "eigencoder/kernels/dispatch.hpp"
#include "eigencoder/models/samples.hpp"

namespace eigencoder {

/// A matrix of float or double, or any expression that makes one, with a sample in each column.
template <class M>
concept SampleMatrix = std::derived_from<M, Eigen::MatrixBase<M>> && kernels::CompiledScalar<typename M::Scalar>;

namespace detail {

/// Samples of float or double as they are; of integers of 8 and 16 bits the floats that they stand for, as Samples has it.
template <class M>
decltype(auto) in_floating_point(const M& samples) {
  if constexpr (SampleMatrix<M>) {
    return (samples);
  } else if constexpr (requires { requires kernels::CompiledScalar<typename M::Scalar>; }) {
    return Samples<typename M::Scalar>(samples).matrix();
  } else {
    return Samples<float>(samples).matrix();
  }
}

/// Columns in memory, or what an expression makes: of a function that is compiled once for each scalar.
template <class T>
using ColumnsOf = Eigen::Ref<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>>;
template <class M>
using FloatingPoint = typename std::decay_t<decltype(in_floating_point(std::declval<const M&>()))>::Scalar;

/// Throws NonFiniteError, naming the place of the first value that is NaN or infinite. `kind` is what a column is.
template <class M>
void check_finite(const char* what, const char* kind, const M& samples) {
  for (Index j = 0; j < samples.cols(); ++j)
    for (Index i = 0; i < samples.rows(); ++i)
      if (const auto value = samples.coeff(i, j); !std::isfinite(value))
        throw NonFiniteError(message(what, ": expected finite values, found ", value, " in row ", i, " of ", kind, ' ', j));
}

/// Throws OptionError unless an option is fine: `range` says what it should be.
template <class Found>
void check_option(const char* what, bool fine, const char* option, const char* range, Found found) {
  if (!fine) throw OptionError(message(what, ": expected ", option, ' ', range, ", found ", found));
}

inline void check_rows(const char* what, const char* why, Index expected, Index found) {
  if (found != expected) throw ShapeError(message(what, ": expected ", expected, " rows, ", why, ", found ", found));
}

}  // namespace detail

}  // namespace eigencoder
