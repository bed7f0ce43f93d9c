// SPDX-License-Identifier: MIT
#pragma once

#include <numeric>

#include "eigencoder/core/window.hpp"
#include "eigencoder/kernels/contraction.hpp"
#include "eigencoder/kernels/frame.hpp"
#include "eigencoder/kernels/gemm.hpp"

// Convolutions without im2col: products whose columns are pixels where they lie. docs/convolution.md derives all of it.
namespace eigencoder::kernels {

/// How the taps of a kernel connect two images: window w meets pixel w · stride + tap · dilation − padding_before, on each
/// axis. A convolution goes from pixels to windows (correlate), a transposed one, or the gradient of the first, from windows to
/// pixels (correlate_transpose). Both images have their channels innermost.
struct Correlation {
  Axis vertical, horizontal;
  Index pixel_channels, window_channels;

  constexpr Index taps() const { return vertical.taps * horizontal.taps; }
  constexpr Index weights() const { return taps() * pixel_channels * window_channels; }
  constexpr Index pixels() const { return vertical.pixels * horizontal.pixels * pixel_channels; }  ///< scalars of an image
  constexpr Index windows() const { return vertical.windows * horizontal.windows * window_channels; }

  /// Images worked on at once, so that small ones too fill the tiles.
  constexpr Index group() const { return std::clamp<Index>(196 / (vertical.windows * horizontal.windows), 1, 8); }

  /// Pixels with the padding that windows reach.
  constexpr Frame pixel_frame() const {
    Frame frame({.channels = pixel_channels, .height = vertical.pixels, .width = horizontal.pixels});
    const auto reached = [](const Axis& axis) { return (axis.windows - 1) * axis.stride + axis.reach(); };
    const bool inside = vertical.padding_before == 0 && horizontal.padding_before == 0 &&
                        reached(vertical) <= vertical.pixels && reached(horizontal) <= horizontal.pixels;
    if (!inside) {
      frame.top = vertical.padding_before, frame.left = horizontal.padding_before;
      frame.rows = reached(vertical), frame.columns = reached(horizontal);
    }
    return frame;
  }
  constexpr Frame window_frame() const;
};

/// The pixels of one axis whose distance from the padded border is `remainder`, modulo the stride. All of them meet the same
/// taps: `taps` of them, from `last_tap` down by `tap_step`, at windows that go up by `window_step`.
struct StridePhase {
  Index first_pixel = 0, pixels = 0;
  Index taps = 0, last_tap = 0, tap_step = 1;
  Index first_window = 0, window_step = 1;  ///< the window where first_pixel meets last_tap; it may lie outside

  constexpr StridePhase(const Axis& axis, Index remainder) {
    const Index stride = axis.stride, common = std::gcd(stride, axis.dilation);
    first_pixel = ((remainder - axis.padding_before) % stride + stride) % stride;
    pixels = first_pixel < axis.pixels ? (axis.pixels - first_pixel + stride - 1) / stride : 0;
    tap_step = stride / common;
    window_step = axis.dilation / common;
    Index tap = 0;
    while (tap < axis.taps && tap * axis.dilation % stride != remainder) ++tap;
    if (tap >= axis.taps) return;
    taps = (axis.taps - 1 - tap) / tap_step + 1;
    last_tap = tap + (taps - 1) * tap_step;
    first_window = (first_pixel + axis.padding_before - last_tap * axis.dilation) / stride;
  }
  constexpr Index last_window() const { return first_window + (pixels - 1) + (taps - 1) * window_step; }
};

/// Windows with the border that pixels reach over.
constexpr Frame Correlation::window_frame() const {
  Frame frame({.channels = window_channels, .height = vertical.windows, .width = horizontal.windows});
  const auto widen = [](const Axis& axis, Index& begin, Index& extent) {
    Index last = axis.windows - 1;
    for (Index remainder = 0; remainder < axis.stride; ++remainder) {
      const StridePhase phase(axis, remainder);
      if (phase.pixels == 0 || phase.taps == 0) continue;
      begin = std::max(begin, -phase.first_window);
      last = std::max(last, phase.last_window());
    }
    extent = begin + last + 1;
  };
  widen(vertical, frame.top, frame.rows);
  widen(horizontal, frame.left, frame.columns);
  return frame;
}

namespace detail {

/// Rows in memory for any kind of panel.
constexpr Index most_panel_rows(Index rows) { return (rows + 7) / 8 * 8; }

/// So few rows, of so many steps, that packets along the depth are faster, although their sums have to be transposed.
inline bool few(Index rows, const Loops& depth) { return rows <= 3 && depth.extent[2] >= 8 && depth.count() > 24 * rows; }

inline constexpr int wide_pixels = many_registers ? 14 : 6, narrow_pixels = many_registers ? 8 : 4;

/// The loops over taps and channels, the innermost as long as memory allows.
constexpr Loops tap_loops(Index rows, Index columns, Index channels, Index row_step, Index column_step) {
  if (column_step == channels) return {.extent = {1, rows, columns * channels}, .first = {}, .second = {0, row_step, 1}};
  return {.extent = {rows, columns, channels}, .first = {}, .second = {row_step, column_step, 1}};
}

/// The epilogue of results that lie `by` values further on.
template <class T>
Epilogue<T> moved(Epilogue<T> epilogue, Index by) {
  if (epilogue.gate) epilogue.gate += by;
  if (epilogue.y) epilogue.y += by;
  return epilogue;
}

template <class C>
void run_for_pixels(const C& contraction) {
  if (few(contraction.rows, contraction.depth)) {
    contraction.run_along_depth();
  } else {
    contraction.template run<wide_pixels, narrow_pixels>();
  }
}

/// Writes a rows × (taps · channels) matrix as run_for_pixels reads it.
template <class T, class Element>
void pack_for_pixels(Index rows, const Loops& depth, T* to, Element element) {
  if (!few(rows, depth)) return pack_panels<T>(rows, depth.count(), to, element);
  for (Index row = 0; row < rows; ++row) {
    for (Index k = 0; k < depth.count(); ++k) *to++ = element(row, k);
  }
}

/// Calls f(vertical phase, horizontal phase) for all that have pixels.
template <class F>
void for_each_stride_phase(const Correlation& g, F f) {
  for (Index i = 0; i < g.vertical.stride; ++i) {
    for (Index j = 0; j < g.horizontal.stride; ++j) {
      const StridePhase y(g.vertical, i), x(g.horizontal, j);
      if (y.pixels > 0 && x.pixels > 0) f(y, x);
    }
  }
}

inline Loops correlate_depth(const Correlation& g, const Frame& frame) {
  return tap_loops(g.vertical.taps, g.horizontal.taps, g.pixel_channels, g.vertical.dilation * frame.row(),
                   g.horizontal.dilation * frame.pixel);
}
inline Loops correlate_transpose_depth(const Correlation& g, const Frame& frame, const StridePhase& y, const StridePhase& x) {
  const bool none = y.taps == 0 || x.taps == 0;
  return tap_loops(none ? 0 : y.taps, x.taps, g.window_channels, y.window_step * frame.row(), x.window_step * frame.pixel);
}

}  // namespace detail

// Scalars that the operations below need.

constexpr Index correlate_packed(const Correlation& g) {
  return detail::most_panel_rows(g.window_channels) * g.taps() * g.pixel_channels;
}
constexpr Index correlate_transpose_packed(const Correlation& g) {
  return detail::most_panel_rows(g.pixel_channels) * g.taps() * g.window_channels;
}
constexpr Index correlate_scratch(const Correlation& g) {
  return g.pixel_frame().bare() ? 0 : g.group() * g.pixel_frame().size();
}
constexpr Index correlate_transpose_scratch(const Correlation& g) {
  return g.window_frame().bare() ? 0 : g.group() * g.window_frame().size();
}

/// Where the weights of a correlation lie: that of a window's channel, a tap and a pixel's channel.
template <class T>
struct Weights {
  const T* data;
  Index window_channel_step, pixel_channel_step, tap_step;

  T at(Index window_channel, Index tap, Index pixel_channel) const {
    return data[window_channel * window_channel_step + tap * tap_step + pixel_channel * pixel_channel_step];
  }
};

namespace detail {

template <class T>
struct PackCorrelate {
  static constexpr bool compiled = CompiledScalar<T>;
  Correlation g;
  Weights<T> weights;
  T* packed;
  void run() const {
    pack_for_pixels(g.window_channels, correlate_depth(g, g.pixel_frame()), packed, [this](Index row, Index k) {
      return weights.at(row, k / g.pixel_channels, k % g.pixel_channels);
    });
  }
};

template <class T>
struct PackCorrelateTranspose {
  static constexpr bool compiled = CompiledScalar<T>;
  Correlation g;
  Weights<T> weights;
  T* packed;
  void run() const {
    const Frame frame = g.window_frame();
    T* to = packed;
    for_each_stride_phase(g, [&](const StridePhase& y, const StridePhase& x) {
      const Loops depth = correlate_transpose_depth(g, frame, y, x);
      const Index across = x.taps * g.window_channels;
      pack_for_pixels(g.pixel_channels, depth, to, [&](Index pixel_channel, Index k) {
        const Index row = y.last_tap - k / across * y.tap_step, column = x.last_tap - k % across / g.window_channels * x.tap_step;
        return weights.at(k % g.window_channels, row * g.horizontal.taps + column, pixel_channel);
      });
      to += most_panel_rows(g.pixel_channels) * depth.count();
    });
  }
};

/// The operands of a convolution as they are.
struct Floats {
  using Multiply = MultiplyAdd;
  static constexpr Index together = 1;  ///< channels of the depth that lie where a float does
  template <class T>
  static const T* around(const Frame& frame, const T* images, Index count, T* memory) {
    return frame.around(images, count, memory);
  }
};

template <class T>
struct Correlate {
  static constexpr bool compiled = CompiledScalar<T>;
  Correlation g;
  Index count;
  const T *pixels, *packed, *bias;
  T *windows, *scratch;
  Epilogue<T> epilogue;
  void run() const { run_with<Floats>(packed); }

  template <class Operands>
  void run_with(const T* weights) const {
    Correlation of = g;
    of.pixel_channels /= Operands::together;
    const Frame frame = of.pixel_frame();
    const Index group = g.group();
    for (Index n = 0; n < count; n += group) {
      const Index images = std::min(group, count - n);
      run_for_pixels(
          Contraction<T, typename Operands::Multiply>{
                         .a = weights,
                         .packed = true,
                         .rows = g.window_channels,
                         .b = Operands::around(frame, pixels + n * g.pixels(), images, scratch),
                         .c = windows + n * g.windows(),
                         .depth = correlate_depth(of, frame),
                         .columns = {.extent = {images, g.vertical.windows, g.horizontal.windows},
                                     .first = {frame.size(), g.vertical.stride * frame.row(), g.horizontal.stride * frame.pixel},
                                     .second = {g.windows(), g.horizontal.windows * g.window_channels, g.window_channels}},
                         .bias = bias,
                         .epilogue = moved(epilogue, n * g.windows())});
    }
  }
};

template <class T>
struct CorrelateTranspose {
  static constexpr bool compiled = CompiledScalar<T>;
  Correlation g;
  Index count;
  const T *windows, *packed, *bias;
  T *pixels, *scratch;
  Epilogue<T> epilogue;
  void run() const { run_with<Floats>(packed); }

  template <class Operands>
  void run_with(const T* all_weights) const {
    Correlation of = g;
    of.window_channels /= Operands::together;
    const Frame frame = of.window_frame();
    const Index group = g.group();
    for (Index n = 0; n < count; n += group) {
      const Index images = std::min(group, count - n);
      const T* const framed = Operands::around(frame, windows + n * g.windows(), images, scratch);
      const T* weights = all_weights;
      for_each_stride_phase(g, [&](const StridePhase& y, const StridePhase& x) {
        const Index row = g.horizontal.pixels * g.pixel_channels;
        const Index first = n * g.pixels() + y.first_pixel * row + x.first_pixel * g.pixel_channels;
        const Loops depth = correlate_transpose_depth(of, frame, y, x);
        run_for_pixels(
            Contraction<T, typename Operands::Multiply>{.a = weights,
                           .packed = true,
                           .rows = g.pixel_channels,
                           .b = framed + (frame.top + y.first_window) * frame.row() + (frame.left + x.first_window) * frame.pixel,
                           .c = pixels + first,
                           .depth = depth,
                           .columns = {.extent = {images, y.pixels, x.pixels},
                                       .first = {frame.size(), frame.row(), frame.pixel},
                                       .second = {g.pixels(), g.vertical.stride * row, g.horizontal.stride * g.pixel_channels}},
                           .bias = bias,
                           .epilogue = moved(epilogue, first)});
        weights += most_panel_rows(g.pixel_channels) * depth.count();
      });
    }
  }
};

}  // namespace detail

/// Packs the weights for correlate().
template <class T>
void pack_correlate(const Correlation& g, const Weights<T>& weights, T* packed) {
  launch(detail::PackCorrelate<T>{g, weights, packed});
}

/// window(w) = f(bias + Σ over taps of weight(tap) · pixel(w, tap)), for `count` images.
template <class T>
void correlate(const Correlation& g, Index count, const T* pixels, const T* packed, const std::type_identity_t<T>* bias,
               T* windows, T* scratch, const Epilogue<T>& epilogue) {
  launch(detail::Correlate<T>{g, count, pixels, packed, bias, windows, scratch, epilogue});
}

/// Packs the weights for correlate_transpose().
template <class T>
void pack_correlate_transpose(const Correlation& g, const Weights<T>& weights, T* packed) {
  launch(detail::PackCorrelateTranspose<T>{g, weights, packed});
}

/// pixel(p) = f(bias + Σ over the windows and taps that meet at p of weight(tap) · window), for `count` images.
template <class T>
void correlate_transpose(const Correlation& g, Index count, const T* windows, const T* packed,
                         const std::type_identity_t<T>* bias, T* pixels, T* scratch, const Epilogue<T>& epilogue) {
  launch(detail::CorrelateTranspose<T>{g, count, windows, packed, bias, pixels, scratch, epilogue});
}

}  // namespace eigencoder::kernels
