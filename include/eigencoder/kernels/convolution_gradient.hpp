// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/convolution.hpp"

// Gradients of convolutions' weights: products whose depth goes over the pixels, and whose columns are taps and channels.
namespace eigencoder::kernels {

namespace detail {

/// Runs a contraction whose columns lie together in runs of `run`.
template <class C>
void run_in_runs(const C& contraction, Index run) {
  constexpr int fours = many_registers ? 12 : 4, fewer_fours = many_registers ? 8 : 4, threes = many_registers ? 9 : 3;
  constexpr int ones = many_registers ? 8 : 4;
  if (run % 4 == 0) {
    contraction.template run<fours, fewer_fours, 4>();
  } else if (run % 3 == 0) {
    contraction.template run<threes, threes, 3>();
  } else {
    contraction.template run<ones, ones>();
  }
}

/// The same image with pixels that a panel can read whole.
constexpr Frame in_panels(Frame frame) {
  frame.pixel = most_panel_rows(frame.channels);
  return frame;
}
constexpr Frame window_panels(const Correlation& g) {
  return in_panels(Frame({.channels = g.window_channels, .height = g.vertical.windows, .width = g.horizontal.windows}));
}
constexpr Index framed(const Correlation& g, const Frame& frame) { return frame.bare() ? 0 : g.group() * frame.size(); }

constexpr Index outer_at_windows_scratch(const Correlation& g) {
  return framed(g, g.pixel_frame()) + framed(g, window_panels(g));
}

/// sum(window channel, (tap, pixel channel)) += Σ over windows of window · pixel at the tap.
template <class T>
void add_outer_at_windows(const Correlation& g, Index count, const T* pixels, const T* windows, T* sum, T* scratch) {
  const Frame pixel_frame = g.pixel_frame(), window_frame = window_panels(g);
  const Index group = g.group();
  T* const window_scratch = scratch + framed(g, pixel_frame);
  for (Index n = 0; n < count; n += group) {
    const Index images = std::min(group, count - n), rows = g.window_channels;
    Loops columns = tap_loops(g.vertical.taps, g.horizontal.taps, g.pixel_channels, g.vertical.dilation * pixel_frame.row(),
                              g.horizontal.dilation * pixel_frame.pixel);
    columns.first = columns.second;
    columns.second = {columns.extent[1] * columns.extent[2] * rows, columns.extent[2] * rows, rows};
    run_in_runs(Contraction<T>{.a = window_frame.around(windows + n * g.windows(), images, window_scratch),
                               .packed = false,
                               .rows = rows,
                               .b = pixel_frame.around(pixels + n * g.pixels(), images, scratch),
                               .c = sum,
                               .depth = {.extent = {images, g.vertical.windows, g.horizontal.windows},
                                         .first = {window_frame.size(), window_frame.row(), window_frame.pixel},
                                         .second = {pixel_frame.size(), g.vertical.stride * pixel_frame.row(),
                                                    g.horizontal.stride * pixel_frame.pixel}},
                               .columns = columns,
                               .accumulate = true},
                columns.extent[2]);
  }
}

constexpr Index outer_at_pixels_scratch(const Correlation& g) { return framed(g, in_panels(g.pixel_frame())); }

/// sum(pixel channel, (tap, window channel)) += Σ over windows of pixel at the tap · window.
template <class T>
void add_outer_at_pixels(const Correlation& g, Index count, const T* pixels, const T* windows, T* sum, T* scratch) {
  const Frame frame = in_panels(g.pixel_frame());
  const Index group = g.group(), rows = g.pixel_channels, row = g.horizontal.windows * g.window_channels;
  for (Index n = 0; n < count; n += group) {
    const Index images = std::min(group, count - n);
    const T* const framed_pixels = frame.around(pixels + n * g.pixels(), images, scratch);
    for (Index tap = 0; tap < g.taps(); ++tap) {
      const Index y = tap / g.horizontal.taps * g.vertical.dilation, x = tap % g.horizontal.taps * g.horizontal.dilation;
      run_in_runs(
          Contraction<T>{.a = framed_pixels + y * frame.row() + x * frame.pixel,
                         .packed = false,
                         .rows = rows,
                         .b = windows + n * g.windows(),
                         .c = sum + tap * g.window_channels * rows,
                         .depth = {.extent = {images, g.vertical.windows, g.horizontal.windows},
                                   .first = {frame.size(), g.vertical.stride * frame.row(), g.horizontal.stride * frame.pixel},
                                   .second = {g.windows(), row, g.window_channels}},
                         .columns = {.extent = {1, 1, g.window_channels}, .first = {0, 0, 1}, .second = {0, 0, rows}},
                         .accumulate = true},
          g.window_channels);
    }
  }
}

/// The correlation with its taps in reverse, so that pixels and windows are exchanged: for a stride of 1.
constexpr Correlation turned(const Correlation& g) {
  const auto turn = [](Axis axis) {
    std::swap(axis.pixels, axis.windows);
    axis.padding_before = axis.reach() - 1 - axis.padding_before;
    return axis;
  };
  return {turn(g.vertical), turn(g.horizontal), g.window_channels, g.pixel_channels};
}

constexpr bool turns(const Correlation& g) {
  return g.window_channels <= 3 && g.pixel_channels > g.window_channels && g.vertical.stride == 1 && g.horizontal.stride == 1;
}
constexpr bool exchanges(const Correlation& g) { return g.pixel_channels <= 3 && g.window_channels > g.pixel_channels; }

}  // namespace detail

constexpr Index correlate_gradient_scratch(const Correlation& g) {
  return detail::turns(g) ? g.weights() + detail::outer_at_windows_scratch(detail::turned(g))
                          : detail::outer_at_windows_scratch(g);
}

constexpr Index correlate_transpose_gradient_scratch(const Correlation& g) {
  return detail::exchanges(g) ? g.weights() + detail::outer_at_windows_scratch(g) : detail::outer_at_pixels_scratch(g);
}

namespace detail {

/// to += fromᵀ, where `to` has so many rows and columns.
template <class T>
void add_transposed(Index rows, Index columns, const T* from, T* to) {
  for (Index j = 0; j < columns; ++j) {
    for (Index i = 0; i < rows; ++i) to[j * rows + i] += from[i * columns + j];
  }
}

/// Few window channels leave registers empty: then the product has the pixels' channels as rows, and is transposed.
template <class T>
struct AddCorrelateGradient {
  static constexpr bool compiled = CompiledScalar<T>;
  Correlation g;
  Index count;
  const T *pixels, *dwindows;
  T *dweights, *scratch;
  void run() const {
    if (!turns(g)) return add_outer_at_windows(g, count, pixels, dwindows, dweights, scratch);
    T* const sum = scratch;
    std::fill_n(sum, g.weights(), T(0));
    add_outer_at_windows(turned(g), count, dwindows, pixels, sum, scratch + g.weights());
    for (Index tap = 0; tap < g.taps(); ++tap) {
      add_transposed(g.window_channels, g.pixel_channels, sum + (g.taps() - 1 - tap) * g.window_channels * g.pixel_channels,
                     dweights + tap * g.window_channels * g.pixel_channels);
    }
  }
};

template <class T>
struct AddCorrelateTransposeGradient {
  static constexpr bool compiled = CompiledScalar<T>;
  Correlation g;
  Index count;
  const T *dpixels, *windows;
  T *dweights, *scratch;
  void run() const {
    if (!exchanges(g)) return add_outer_at_pixels(g, count, dpixels, windows, dweights, scratch);
    T* const sum = scratch;
    std::fill_n(sum, g.weights(), T(0));
    add_outer_at_windows(g, count, dpixels, windows, sum, scratch + g.weights());
    for (Index tap = 0; tap < g.taps(); ++tap) {
      const Index weights = tap * g.window_channels * g.pixel_channels;
      add_transposed(g.pixel_channels, g.window_channels, sum + weights, dweights + weights);
    }
  }
};

/// Of one channel.
template <class T>
struct AddSum {
  static constexpr bool compiled = CompiledScalar<T>;
  Index count;
  const T* values;
  T* total;
  void run() const {
    double sum = 0;
    constexpr Index stretch = 4096;
    for (Index at = 0; at < count; at += stretch) {
      sum += static_cast<double>(
          Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, 1>>(values + at, std::min(stretch, count - at)).sum());
    }
    *total += static_cast<T>(sum);
  }
};

}  // namespace detail

/// dW(window channel, (tap, pixel channel)) += Σ over windows of dwindow · pixel: the gradient of correlate()'s weights.
template <class T>
void add_correlate_gradient(const Correlation& g, Index count, const T* pixels, const T* dwindows, T* dweights, T* scratch) {
  launch(detail::AddCorrelateGradient<T>{g, count, pixels, dwindows, dweights, scratch});
}

/// dW(pixel channel, (tap, window channel)) += Σ over windows of dpixel · window: the gradient of correlate_transpose()'s
/// weights.
template <class T>
void add_correlate_transpose_gradient(const Correlation& g, Index count, const T* dpixels, const T* windows, T* dweights,
                                      T* scratch) {
  launch(detail::AddCorrelateTransposeGradient<T>{g, count, dpixels, windows, dweights, scratch});
}

/// dbias(channel) += Σ over `count` pixels.
template <class T>
void add_bias_gradient(Index channels, Index count, const T* dy, T* dbias) {
  if (channels == 1) {
    launch(detail::AddSum<T>{count, dy, dbias});
  } else {
    add_columns<T>({dy, channels, count, channels}, dbias);
  }
}

}  // namespace eigencoder::kernels
