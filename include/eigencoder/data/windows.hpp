// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string_view>
#include <type_traits>

#include "eigencoder/core/eigen.hpp"
#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"

// Windows of a long series as the samples of a network, and back from values of windows to values of the series.
namespace eigencoder {

/// Window i holds the steps i·stride to i·stride + length − 1 of its series.
struct WindowOptions {
  Index length = 0;  ///< Steps of a window, 1 or more.
  Index stride = 1;  ///< Steps from the begin of a window to the begin of the next one, 1 or more.
};

namespace detail {

inline void check_windows(std::string_view call, const WindowOptions& options) {
  if (options.length < 1) raise<OptionError>(call, ": expected a length of 1 step or more, found ", options.length);
  if (options.stride < 1) raise<OptionError>(call, ": expected a stride of 1 step or more, found ", options.stride);
}

}  // namespace detail

/// The windows of a series as samples of sequence(length, channels), one a column, without a copy: windows that overlap share
/// their memory. There are ⌊(steps − length) / stride⌋ + 1; steps behind the last one are in none.
///   series   channels × steps, a step after the other in memory: a column-major matrix, a map, a block of columns. A single
///            channel is a row. What load_csv reads from a file with a line a step is such a matrix.
///   returns  a map of (channels · length) × windows, channels fastest, with channels · stride values from column to column
/// The map looks into the series, which must outlive it: a temporary matrix does not compile, as does not a column vector.
/// Throws OptionError for a length or stride below 1, and ShapeError where the series is empty, shorter than a window, or not
/// contiguous. PyTorch: tensor.unfold. Keras: timeseries_dataset_from_array.
///   const auto x = ec::windows(series, {.length = 128, .stride = 4});
///   trainer.fit(x, ...);
template <class X>
auto windows(X&& series, const WindowOptions& options) {
  using S = std::remove_cvref_t<X>;
  using Matrix = Eigen::Matrix<typename S::Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using View = Eigen::Map<const Matrix, Eigen::Unaligned, Eigen::OuterStride<>>;
  static_assert((S::Flags & Eigen::DirectAccessBit) != 0,
                "windows: expected a series in memory, found an expression: give it a name first, as a matrix");
  static_assert(std::is_lvalue_reference_v<X> || (S::Flags & Eigen::NestByRefBit) == 0,  // which marks what holds values itself
                "windows: it looks into its series, which must outlive it; expected a variable, found a temporary matrix");
  static_assert(S::ColsAtCompileTime != 1 || S::RowsAtCompileTime == 1,
                "windows: expected a series of channels by steps, found a column; a single channel is a row: transpose it");
  detail::check_windows("windows", options);
  const Index channels = series.rows(), steps = series.cols();
  if (channels == 0 || steps < options.length)
    raise<ShapeError>("windows: expected a series of a channel or more and at least ", options.length,
                      " steps, the length of a window, found ", channels, " channels of ", steps, " steps");
  const Index to_next = S::IsRowMajor ? series.innerStride() : series.outerStride();
  const Index within = S::IsRowMajor ? series.outerStride() : series.innerStride();
  if ((channels > 1 && within != 1) || (steps > 1 && to_next != channels))
    raise<ShapeError>("windows: expected a series with one step of ", channels, " values after the other in memory, found ",
                      within, " values from channel to channel and ", to_next,
                      " from step to step; copy it to a column-major matrix");
  return View(series.data(), channels * options.length, (steps - options.length) / options.stride + 1,
                 Eigen::OuterStride<>(channels * std::min(options.stride, steps)));
}

/// Of each step of a series, the mean of what the windows that hold it say about it: the way back from windows to the series.
///   values   (channels · length) × windows, as windows(series, options) has them: reconstructions, or with length rows one
///            error for each step of a window, which makes a score of every step
///   returns  channels × steps, up to the last step of the last window
/// Throws OptionError for a length or stride below 1, or a stride beyond the length, which leaves steps without a window;
/// ShapeError where there are no values, or the rows are no multiple of the length.
template <class X>
Eigen::Matrix<typename X::Scalar, Eigen::Dynamic, Eigen::Dynamic> overlap_mean(const Eigen::MatrixBase<X>& values,
                                                                               const WindowOptions& options) {
  using T = typename X::Scalar;
  detail::check_windows("overlap_mean", options);
  if (options.stride > options.length)
    raise<OptionError>("overlap_mean: expected a stride of at most the length, ", options.length, ", found ", options.stride,
                       ", which leaves steps without a window");
  if (values.size() == 0 || values.rows() % options.length != 0)
    raise<ShapeError>("overlap_mean: expected windows of ", options.length, " steps, a multiple of ", options.length,
                      " rows and a column or more, found ", values.rows(), " × ", values.cols());
  const Index channels = values.rows() / options.length, steps = (values.cols() - 1) * options.stride + options.length;
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> mean =
      Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>::Zero(channels, steps);
  Eigen::Matrix<T, 1, Eigen::Dynamic> count = Eigen::Matrix<T, 1, Eigen::Dynamic>::Zero(steps);
  for (Index i = 0; i < values.cols(); ++i) {
    mean.middleCols(i * options.stride, options.length).reshaped() += values.col(i);
    count.segment(i * options.stride, options.length).array() += T(1);
  }
  mean.array().rowwise() /= count.array();
  return mean;
}

}  // namespace eigencoder
