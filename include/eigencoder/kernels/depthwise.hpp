// SPDX-License-Identifier: MIT
#pragma once

#include <numeric>

#include "eigencoder/kernels/depthwise_rows.hpp"

// Sums over windows in which every channel has weights of its own and sees no other.
namespace eigencoder::kernels {

namespace detail {

/// The taps of one axis that have an input for an output: `count` of them, from first_tap on, of which the first meets input
/// `first`.
struct Meetings {
  Index first_tap = 0, first = 0, count = 0;
};

/// Forward, outputs are windows and inputs are pixels; backward, the reverse. The taps that meet are tap_step apart, and their
/// inputs input_step.
struct Sides {
  bool backward;
  Axis axis;
  Index outputs, inputs, tap_step = 1, input_step;

  constexpr Sides(bool to_pixels, const Axis& a)
      : backward(to_pixels),
        axis(a),
        outputs(backward ? axis.pixels : axis.windows),
        inputs(backward ? axis.windows : axis.pixels),
        input_step(axis.dilation) {
    if (!backward) return;
    const Index common = std::gcd(axis.stride, axis.dilation);
    tap_step = axis.stride / common;
    input_step = -axis.dilation / common;
  }

  constexpr Meetings meetings(Index output) const {
    Index tap = 0, input = output * axis.stride - axis.padding_before, taps = axis.taps;
    if (backward) {
      const Index reached = output + axis.padding_before;
      while (tap < tap_step && (reached - tap * axis.dilation) % axis.stride != 0) ++tap;
      if (tap == tap_step) return {};
      input = (reached - tap * axis.dilation) / axis.stride;
      taps = (axis.taps - tap + tap_step - 1) / tap_step;
    }
    // How many of them lie before the first input, and how many do not lie behind the last.
    const bool up = input_step > 0;
    const Index size = up ? input_step : -input_step, last = inputs - 1;
    const Index missing = up ? -input : input - last, left = up ? last - input : input;
    const Index begin = missing > 0 ? (missing + size - 1) / size : 0, end = left < 0 ? 0 : std::min(taps, left / size + 1);
    if (begin >= end) return {};
    return {tap + begin * tap_step, input + begin * input_step, end - begin};
  }
  /// From the input of one output to that of the next, where they meet the same taps.
  constexpr Index spacing() const { return backward ? 1 : axis.stride; }
};

/// f(lanes, c) for the packets of channels, of which the last may be a part of one.
template <class T, class F>
[[gnu::always_inline]] inline void for_each_packet(Index channels, F f) {
  using P = Packet<T>;
  Index c = 0;
  for (; c + P::size <= channels; c += P::size) f(Whole<T>{}, c);
  if (c < channels) f(Part<T>{channels - c}, c);
}

template <class T>
struct Depthwise : DepthwiseOperands<T> {
  static constexpr bool compiled = CompiledScalar<T>;
  using DepthwiseOperands<T>::backward, DepthwiseOperands<T>::grid, DepthwiseOperands<T>::images, DepthwiseOperands<T>::x,
      DepthwiseOperands<T>::weight, DepthwiseOperands<T>::bias, DepthwiseOperands<T>::y, DepthwiseOperands<T>::epilogue;
  void run() const { along_rows<T>(grid) ? depthwise_rows(*this) : along_channels(); }

 private:
  static constexpr Index most = 64, together = 4;  ///< columns worked on at once, and of those with all taps

  /// Packets lie along the channels.
  void along_channels() const {
    const Sides down(backward, grid.vertical), across(backward, grid.horizontal);
    const Index channels = grid.channels, from_row = across.inputs * channels, to_row = across.outputs * channels;
    for (Index first = 0; first < across.outputs; first += most) {
      std::array<Meetings, most> columns;
      const Index count = std::min(most, across.outputs - first);
      for (Index j = 0; j < count; ++j) columns[static_cast<std::size_t>(j)] = across.meetings(first + j);
      T* to = y + first * channels;
      for (Index n = 0; n < images; ++n) {
        for (Index row = 0; row < down.outputs; ++row, to += to_row) {
          const Meetings rows = down.meetings(row);
          const T* const from = x + (n * down.inputs + rows.first) * from_row;
          row_of(down, across, rows, columns.data(), count, from, to);
          epilogue.in_cache(y, to - y, count * channels);
        }
      }
    }
  }

  void row_of(const Sides& down, const Sides& across, const Meetings& rows, const Meetings* columns, Index count, const T* from,
              T* to) const {
    const Index channels = grid.channels, taps = grid.horizontal.taps, spacing = across.spacing();
    const T* const weights = weight + rows.first_tap * taps * channels;
    const Index row_step = down.input_step * across.inputs * channels, column_step = across.input_step * channels;
    const Index weight_row = down.tap_step * taps * channels, weight_column = across.tap_step * channels;
    const bool same_taps = !backward || grid.horizontal.stride == 1;
    for_each_packet<T>(
        channels, [ =, this ](auto lanes, Index c) __attribute__((always_inline)) {
          using P = Packet<T>;
          const P before = bias ? lanes.load(bias + c) : P(0);
          const auto outputs = [ =, this ]<std::size_t N>(Index column) __attribute__((always_inline)) {
            const Meetings met = columns[column];
            std::array<P, N> sums;
            sums.fill(before);
            for (Index i = 0; i < rows.count; ++i) {
              const T* source = from + (i * row_step + met.first * channels + c);
              const T* w = weights + (i * weight_row + met.first_tap * channels + c);
              for (Index j = 0; j < met.count; ++j, source += column_step, w += weight_column) {
                const P here = lanes.load(w);
#pragma GCC unroll 4
                for (std::size_t o = 0; o < N; ++o) {
                  sums[o] = multiply_add(here, lanes.load(source + static_cast<Index>(o) * spacing * channels), sums[o]);
                }
              }
            }
#pragma GCC unroll 4
            for (std::size_t o = 0; o < N; ++o) {
              T* const at = to + (column + static_cast<Index>(o)) * channels + c;
              lanes.store(at, lanes.finish(epilogue, sums[o], at - y));
            }
          };
          for (Index column = 0; column < count;) {
            if (same_taps && column + together <= count && columns[column].count == taps &&
                columns[column + together - 1].count == taps) {
              outputs.template operator()<together>(column);
              column += together;
            } else {
              outputs.template operator()<1>(column);
              ++column;
            }
          }
        });
  }
};

template <class T>
struct AddDepthwiseGradient : DepthwiseGradientOperands<T> {
  static constexpr bool compiled = CompiledScalar<T>;
  using DepthwiseGradientOperands<T>::grid, DepthwiseGradientOperands<T>::images, DepthwiseGradientOperands<T>::x,
      DepthwiseGradientOperands<T>::dy, DepthwiseGradientOperands<T>::dweight;
  void run() const { along_rows<T>(grid) ? add_depthwise_rows_gradient(*this) : along_channels(); }

 private:
  void along_channels() const {
    const Axis down = grid.vertical, across = grid.horizontal;
    const Index channels = grid.channels, line = across.pixels * channels, row_of_windows = across.windows * channels;
    // Windows [begin, end) have a pixel under a tap, the first of them pixel `first`.
    struct Seen {
      Index begin, end, first;
      Seen(const Axis& axis, Index tap) {
        const Index at = tap * axis.dilation - axis.padding_before;
        const auto per_stride = [&](Index count) { return axis.stride == 1 ? count : count / axis.stride; };
        begin = at < 0 ? per_stride(-at + axis.stride - 1) : 0;
        end = at < axis.pixels ? std::min(per_stride(axis.pixels - 1 - at) + 1, axis.windows) : 0;
        first = at + begin * axis.stride;
      }
    };
    const Index band =
        std::max<Index>(8192 / static_cast<Index>(sizeof(T)) / row_of_windows, 1);  // rows that the first cache keeps
    for (Index n = 0; n < images; ++n) {
      const T *const gradients = dy + n * grid.windows(), *const pixels = x + n * grid.pixels();
      for (Index top = 0; top < down.windows; top += band) {
        T* to = dweight;
        for (Index v = 0; v < down.taps; ++v) {
          const Seen rows(down, v);
          const Index begin = std::max(rows.begin, top), end = std::min(rows.end, top + band);
          for (Index h = 0; h < across.taps; ++h, to += channels) {
            const Seen columns(across, h);
            if (begin >= end || columns.begin >= columns.end) continue;
            add_products(end - begin, columns.end - columns.begin,
                         gradients + begin * row_of_windows + columns.begin * channels,
                         pixels + (rows.first + (begin - rows.begin) * down.stride) * line + columns.first * channels, to);
          }
        }
      }
    }
  }

  /// to(c) += Σ over rows × columns of gradient(c, window) · pixel(c, window)
  void add_products(Index rows, Index columns, const T* gradient, const T* pixel, T* to) const {
    const Index channels = grid.channels, step = grid.horizontal.stride * channels;
    const Index next_gradients = grid.horizontal.windows * channels,
                next_pixels = grid.vertical.stride * grid.horizontal.pixels * channels;
    for_each_packet<T>(
        channels, [=](auto lanes, Index c) __attribute__((always_inline)) {
          using P = Packet<T>;
          P one = lanes.load(to + c), two(0), three(0), four(0);
          for (Index row = 0; row < rows; ++row) {
            const T *dy_row = gradient + row * next_gradients + c, *x_row = pixel + row * next_pixels + c;
            Index p = columns;
            for (; p >= 4; p -= 4, dy_row += 4 * channels, x_row += 4 * step) {
              one = multiply_add(lanes.load(dy_row), lanes.load(x_row), one);
              two = multiply_add(lanes.load(dy_row + channels), lanes.load(x_row + step), two);
              three = multiply_add(lanes.load(dy_row + 2 * channels), lanes.load(x_row + 2 * step), three);
              four = multiply_add(lanes.load(dy_row + 3 * channels), lanes.load(x_row + 3 * step), four);
            }
            for (; p > 0; --p, dy_row += channels, x_row += step)
              one = multiply_add(lanes.load(dy_row), lanes.load(x_row), one);
          }
          lanes.store(to + c, (one + two) + (three + four));
        });
  }
};

}  // namespace detail

/// Forward: y(c, p) = f(bias(c) + Σ over taps t of W(c, t) x(c, pixel under t of window p)), zeros beyond the border.
/// `bias` may be null. W(c, t) lies at channels · t + c, taps along the rows. f is the epilogue's.
template <class T>
void depthwise(const Grid& grid, Index images, const T* x, const T* weight, const std::type_identity_t<T>* bias, T* y,
               T* scratch, const Epilogue<T>& epilogue = {}) {
  launch(detail::Depthwise<T>{{false, grid, images, x, weight, bias, y, scratch, epilogue}});
}

/// dx(c, q) = f(Σ over taps t of W(c, t) dy(c, window with tap t on q)).
template <class T>
void depthwise_transpose(const Grid& grid, Index images, const T* dy, const T* weight, T* dx, T* scratch,
                         const Epilogue<T>& epilogue = {}) {
  launch(detail::Depthwise<T>{{true, grid, images, dy, weight, nullptr, dx, scratch, epilogue}});
}

/// dW(c, t) += Σ over images and windows p of dy(c, p) x(c, pixel under t of p).
template <class T>
void add_depthwise_gradient(const Grid& grid, Index images, const T* x, const T* dy, T* dweight, T* scratch) {
  launch(detail::AddDepthwiseGradient<T>{{grid, images, x, dy, dweight, scratch}});
}

}  // namespace eigencoder::kernels
