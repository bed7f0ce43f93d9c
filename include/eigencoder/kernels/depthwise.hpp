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
    const Sides down(false, grid.vertical);
    const Axis across = grid.horizontal;
    const Index channels = grid.channels, line = across.pixels * channels, step = across.stride * channels;
    const T *from = x, *gradient = dy;
    for (Index n = 0; n < images; ++n, from += grid.pixels(), gradient += grid.windows()) {
      for (Index h = 0; h < across.taps; ++h) {
        // Windows [begin, end) have a pixel under this tap.
        const Index first = h * across.dilation - across.padding_before;
        const Index begin = first < 0 ? (-first + across.stride - 1) / across.stride : 0;
        const Index end = first < across.pixels ? std::min((across.pixels - 1 - first) / across.stride + 1, across.windows) : 0;
        if (begin >= end) continue;
        for (Index row = 0; row < grid.vertical.windows; ++row) {
          const Meetings rows = down.meetings(row);
          for (Index i = 0; i < rows.count; ++i) {
            add_products(end - begin, gradient + (row * across.windows + begin) * channels,
                         from + (rows.first + i * down.input_step) * line + (first + begin * across.stride) * channels, step,
                         dweight + ((rows.first_tap + i) * across.taps + h) * channels);
          }
        }
      }
    }
  }

  /// to(c) += Σ over p < count of gradient(c, p) · pixel(c, p)
  void add_products(Index count, const T* gradient, const T* pixel, Index step, T* to) const {
    const Index channels = grid.channels;
    for_each_packet<T>(channels, [&](auto lanes, Index c) {
      using P = Packet<T>;
      std::array<P, 4> sums{lanes.load(to + c), P(0), P(0), P(0)};
      const auto add = [&](std::size_t into, Index p) {
        sums[into] = multiply_add(lanes.load(gradient + p * channels + c), lanes.load(pixel + p * step + c), sums[into]);
      };
      Index p = 0;
      for (; p + 4 <= count; p += 4) {
        for (std::size_t k = 0; k < 4; ++k) add(k, p + static_cast<Index>(k));
      }
      for (; p < count; ++p) add(0, p);
      lanes.store(to + c, (sums[0] + sums[1]) + (sums[2] + sums[3]));
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
