// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/bfloat16.hpp"
#include "eigencoder/kernels/convolution_gradient.hpp"

// Convolutions whose factors are rounded to bfloat16: those of floats, on images of half as many channels, each a pair of two. The depth
// of their weights' gradients goes over windows, so there pairs are of two windows in a row, and of the two pixels that these meet.
namespace eigencoder::kernels {

namespace detail {

/// Values of the weights' pairs, which are on the stack.
inline constexpr Index most_weights_in_bfloat16 = 64 * 64 * 9;

#ifdef EIGENCODER_HAS_BFLOAT16
/// The operands in pairs of channels.
struct PairedChannels {
  using Multiply = MultiplyAddPairs;
  static constexpr Index together = 2;

  /// As Frame::put(), whose channels are the pairs here, of images of floats.
  static const float* around(const Frame& frame, const float* images, Index count, float* memory) {
    const Index here = std::min(frame.height, frame.rows - frame.top), across = std::min(frame.width, frame.columns - frame.left);
    float* to = memory;
    for (Index n = 0; n < count; ++n, images += 2 * frame.image_size()) {
      to = std::fill_n(to, frame.top * frame.row(), 0.0F);
      for (Index y = 0; y < here; ++y) {
        to = std::fill_n(to, frame.left * frame.pixel, 0.0F);
        to = put_row(images + 2 * y * frame.width * frame.channels, across * frame.channels, to);
        to = std::fill_n(to, (frame.columns - frame.left - across) * frame.pixel, 0.0F);
      }
      to = std::fill_n(to, (frame.rows - frame.top - here) * frame.row(), 0.0F);
    }
    return memory;
  }
  /// Panels of so many rows, in pairs of two steps of the depth.
  static void pack(const float* panels, Index size, Index rows, float* to) {
    using P = Packet<float>;
    const Index tall = std::min<Index>(rows, 32);
    for (Index at = 0; at < size; at += 2 * tall, to += tall) {
      for (Index row = 0; row < tall; row += P::size) zipped(P::load(panels + at + row), P::load(panels + at + tall + row)).store(to + row);
    }
  }

 private:
  static float* put_row(const float* from, Index pairs, float* to) {
    using P = Packet<float>;
    Index i = 0;
    for (; i + P::size <= pairs; i += P::size) neighbours(P::load(from + 2 * i), P::load(from + 2 * i + P::size)).store(to + i);
    if (i < pairs) neighbours(P::load(from + 2 * i), P(0)).store_part(to + i, pairs - i);  // 8 are left: channels are multiples of 16
    return to + pairs;
  }
};
#endif

/// A convolution, Correlate<T> or CorrelateTranspose<T>, in bfloat16. To be run where has_bfloat16().
template <class Convolution, class T>
struct ConvolutionInBfloat16 {
  static constexpr bool compiled = std::same_as<T, float>;
  Convolution of;
  Index rows, inner;  ///< channels of the result, and of what it is made from
  bool framed;        ///< there is a border around that

  /// The depth goes over the inner channels, by pairs; the rows are whole panels, all of one height.
  bool worth_it() const {
    return (rows == 16 || rows % 32 == 0) && inner % 16 == 0 && framed && of.g.weights() <= most_weights_in_bfloat16;
  }

#ifdef EIGENCODER_HAS_BFLOAT16
  void run() const {
    alignas(64) T weights[static_cast<std::size_t>(most_weights_in_bfloat16 / 2)];
    PairedChannels::pack(of.packed, of.g.weights(), rows, weights);
    of.template run_with<PairedChannels>(weights);
  }
#else
  void run() const;
#endif
};

/// Window pairs of a stretch of an image's rows, which are on the stack.
inline constexpr Index most_window_pairs = 16 * 1024;

inline Index row_of_window_pairs(const Correlation& g) { return (g.horizontal.windows + 1) / 2 * g.window_channels; }

/// The gradient of correlate()'s weights, AddCorrelateGradient<T>, or of correlate_transpose()'s, AddCorrelateTransposeGradient<T>.
template <class T, bool Transpose>
struct GradientInBfloat16 {
  static constexpr bool compiled = std::same_as<T, float>;
  Correlation g;
  Index count;
  const T *pixels, *windows;
  T *dweights, *scratch;

  bool worth_it() const {
    return g.pixel_channels % 16 == 0 && g.window_channels % 16 == 0 && !g.pixel_frame().bare() &&
           row_of_window_pairs(g) <= most_window_pairs;
  }

#ifdef EIGENCODER_HAS_BFLOAT16
  void run() const {
    alignas(64) T pairs[static_cast<std::size_t>(most_window_pairs)];
    const Frame frame = g.pixel_frame();
    const Index row = row_of_window_pairs(g), fitting = most_window_pairs / row, all = g.vertical.windows;
    for (Index n = 0; n < count; ++n) {
      frame.put(pixels + n * g.pixels(), 1, scratch);
      for (Index y = 0; y < frame.rows; ++y) pair_up(scratch + y * frame.row(), frame.columns, g.pixel_channels, g.horizontal.stride, 1, scratch + y * frame.row());
      for (Index first = 0, rows = 0; first < all; first += rows) {
        rows = std::min(fitting, all - first);
        for (Index y = 0; y < rows; ++y) {
          const T* const from = windows + n * g.windows() + (first + y) * g.horizontal.windows * g.window_channels;
          pair_up(from, g.horizontal.windows, g.window_channels, 1, 2, pairs + y * row);
        }
        add(frame, scratch + first * g.vertical.stride * frame.row(), pairs, rows);
      }
    }
  }

 private:
  /// Writes pairs of columns x and x + apart for every step-th x, of a row of `columns`; zeros as what is beyond it. In place too.
  static void pair_up(const T* from, Index columns, Index channels, Index apart, Index step, T* to) {
    using P = Packet<T>;
    for (Index x = 0; x < columns; x += step) {
      const bool whole = x + apart < columns;
      for (Index i = x * channels; i < (x + 1) * channels; i += P::size, to += P::size) {
        zipped(P::load(from + i), whole ? P::load(from + i + apart * channels) : P(0)).store(to);
      }
    }
  }

  /// dweights += Σ over rows of windows. At every step of the depth two windows in a row, which pixels in pairs meet.
  void add(const Frame& frame, const T* framed, const T* pairs, Index rows) const {
    const Index row = row_of_window_pairs(g), steps = (g.horizontal.windows + 1) / 2;
    const std::array<Index, 3> extent{1, rows, steps}, at_windows{0, row, g.window_channels};
    const std::array<Index, 3> at_pixels{0, g.vertical.stride * frame.row(), 2 * g.horizontal.stride * frame.pixel};
    const Index across = g.horizontal.dilation * frame.pixel, down = g.vertical.dilation * frame.row();
    if constexpr (!Transpose) {
      Loops columns = tap_loops(g.vertical.taps, g.horizontal.taps, g.pixel_channels, down, across);
      columns.first = columns.second;
      columns.second = {columns.extent[1] * columns.extent[2] * g.window_channels, columns.extent[2] * g.window_channels, g.window_channels};
      product(pairs, g.window_channels, framed, dweights, {extent, at_windows, at_pixels}, columns);
    } else {
      for (Index tap = 0; tap < g.taps(); ++tap) {
        product(framed + tap / g.horizontal.taps * down + tap % g.horizontal.taps * across, g.pixel_channels, pairs,
                dweights + tap * g.window_channels * g.pixel_channels, {extent, at_pixels, at_windows},
                {.extent = {1, 1, g.window_channels}, .first = {0, 0, 1}, .second = {0, 0, g.pixel_channels}});
      }
    }
  }
  static void product(const T* a, Index rows, const T* b, T* c, const Loops& depth, const Loops& columns) {
    const Contraction<T, MultiplyAddPairs> contraction{
        .a = a, .packed = false, .rows = rows, .b = b, .c = c, .depth = depth, .columns = columns, .accumulate = true};
    contraction.template run<12, 8, 4>();
  }
#else
  void run() const;
#endif
};

}  // namespace detail

/// As correlate(), with factors of that precision. In bfloat16 where there are 16, or a multiple of 32, window channels, a
/// multiple of 16 pixel channels, and a border around the pixels.
template <class T>
void correlate(Precision precision, const Correlation& g, Index count, const T* pixels, const T* packed,
               const std::type_identity_t<T>* bias, T* windows, T* scratch, const Epilogue<T>& epilogue) {
  const auto kernel = [&] {
    return detail::ConvolutionInBfloat16<detail::Correlate<T>, T>{{g, count, pixels, packed, bias, windows, scratch, epilogue},
                                                                  g.window_channels,
                                                                  g.pixel_channels,
                                                                  !g.pixel_frame().bare()};
  };
  if (!detail::in_bfloat16<T>(precision, kernel)) correlate(g, count, pixels, packed, bias, windows, scratch, epilogue);
}

/// As correlate_transpose(), likewise: with windows and pixels exchanged.
template <class T>
void correlate_transpose(Precision precision, const Correlation& g, Index count, const T* windows, const T* packed,
                         const std::type_identity_t<T>* bias, T* pixels, T* scratch, const Epilogue<T>& epilogue) {
  const auto kernel = [&] {
    return detail::ConvolutionInBfloat16<detail::CorrelateTranspose<T>, T>{
        {g, count, windows, packed, bias, pixels, scratch, epilogue},
        g.pixel_channels,
        g.window_channels,
        !g.window_frame().bare()};
  };
  if (!detail::in_bfloat16<T>(precision, kernel))
    correlate_transpose(g, count, windows, packed, bias, pixels, scratch, epilogue);
}

/// As add_correlate_gradient(), in bfloat16 where both have a multiple of 16 channels, and pixels a border.
template <class T>
void add_correlate_gradient(Precision precision, const Correlation& g, Index count, const T* pixels, const T* dwindows,
                            T* dweights, T* scratch) {
  const auto gradient = [&] { return detail::GradientInBfloat16<T, false>{g, count, pixels, dwindows, dweights, scratch}; };
  if (!detail::in_bfloat16<T>(precision, gradient)) add_correlate_gradient(g, count, pixels, dwindows, dweights, scratch);
}

/// As add_correlate_transpose_gradient(), likewise.
template <class T>
void add_correlate_transpose_gradient(Precision precision, const Correlation& g, Index count, const T* dpixels,
                                      const T* windows, T* dweights, T* scratch) {
  const auto gradient = [&] { return detail::GradientInBfloat16<T, true>{g, count, dpixels, windows, dweights, scratch}; };
  if (!detail::in_bfloat16<T>(precision, gradient))
    add_correlate_transpose_gradient(g, count, dpixels, windows, dweights, scratch);
}

}  // namespace eigencoder::kernels
