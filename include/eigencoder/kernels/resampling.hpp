// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/pixels.hpp"

namespace eigencoder::kernels {

namespace detail {

/// One axis of an image that is enlarged with linear interpolation between the centres of its pixels.
struct Interpolated {
  Index pixels, factor;
  double spacing = 1.0 / static_cast<double>(factor);  ///< of new pixels, in old ones

  /// The share of the next pixel in new pixel t of those from one centre to the next.
  constexpr double share_of_next(Index t) const { return (static_cast<double>(factor / 2 + t) + 0.5) * spacing - 0.5; }
  /// New pixels from one centre to the next, as windows over them: window i lies between the pixels i − 1 and i.
  constexpr Axis between() const { return windows(factor, pixels + 1); }
  /// New pixels to which a pixel contributes, those of two such windows.
  constexpr Axis around() const { return windows(2 * factor, pixels); }
  /// What the pixel contributes to tap t of those around it. Beyond the outermost centres there is only one pixel to take.
  constexpr double share(Index t, Taps taps) const {
    if (t < factor) return taps.begin > 0 ? 1 : share_of_next(t);
    return taps.end < 2 * factor ? 1 : 1 - share_of_next(t - factor);
  }
  constexpr Index clamp(Index pixel) const { return std::clamp<Index>(pixel, 0, pixels - 1); }

 private:
  constexpr Axis windows(Index taps, Index count) const {
    Axis axis(pixels * factor, taps, factor, 1, Padding::valid);
    axis.padding_before = factor - factor / 2;
    axis.windows = count;
    return axis;
  }
};

template <class T>
struct EnlargeBilinear {
  static constexpr bool compiled = CompiledScalar<T>;
  Interpolated down, across;
  Index channels, images;
  const T* x;
  T* y;
  void run() const { across.factor == 2 ? run_as<2>() : run_as<0>(); }

 private:
  /// Factor: that across, or any if 0.
  template <Index Factor>
  void run_as() const {
    const Interpolated wide = Factor > 0 ? Interpolated{across.pixels, Factor} : across;
    const Axis rows_between = down.between(), columns_between = wide.between();
    const Taps inner = whole_windows(columns_between);
    const Index line = wide.pixels * channels;
    T* to = y;
    for (Index n = 0; n < images; ++n) {
      for (Index row = 0; row < rows_between.pixels; ++row, to += columns_between.pixels * channels) {
        const Index i = (row + rows_between.padding_before) / down.factor;
        const T *above = x + (n * down.pixels + down.clamp(i - 1)) * line,
                *below = x + (n * down.pixels + down.clamp(i)) * line;
        const T lower = static_cast<T>(down.share_of_next(row + rows_between.padding_before - i * down.factor));
        for_each_lane<T>(
            channels, [ =, this ](auto lanes, Index c) __attribute__((always_inline)) {
              using V = typename decltype(lanes)::V;
              const auto at = [ =, this ](Index s) __attribute__((always_inline)) {
                const Index from = wide.clamp(s) * channels + c;
                return multiply_add(V(lower), lanes.load(below + from), V(1 - lower) * lanes.load(above + from));
              };
              V previous = at(-1);
              const auto between = [ =, this, &previous ](Index j, auto taps) __attribute__((always_inline)) {
                const Index left = j * wide.factor - columns_between.padding_before;
                const V next = at(j);
#pragma GCC unroll 4
                for (Index s = taps.begin; s < taps.end; ++s) {
                  const double share = wide.share_of_next(s);
                  lanes.store(to + ((left + s) * channels + c), multiply_add(V(share), next, V(1 - share) * previous));
                }
                previous = next;
              };
              for (Index j = 0; j < columns_between.windows; ++j) {
                if (Factor > 0 && j >= inner.begin && j < inner.end) {
                  between(j, AllTaps<Factor>{});
                } else {
                  between(j, taps_within(columns_between, j));
                }
              }
            });
      }
    }
  }
};

template <class T>
struct ReduceBilinear {
  static constexpr bool compiled = CompiledScalar<T>;
  Interpolated down, across;
  Index channels, images;
  const T* y;
  T* x;
  void run() const {
    const Grid grid{down.around(), across.around(), channels};
    const auto sum = [ tall = down, wide = across, to = x ](auto lanes, Index at, auto rows, auto columns, const auto& each)
        __attribute__((always_inline)) {
      using V = typename decltype(lanes)::V;
      V total(0);
      each([&](Index k, V value) __attribute__((always_inline)) {
        const Index taps = 2 * wide.factor;
        const double share = tall.share(k / taps, {rows.begin, rows.end}) * wide.share(k % taps, {columns.begin, columns.end});
        total = multiply_add(V(share), value, total);
      });
      lanes.store(to + at, total);
    };
    for_each_window(grid, images, y, sum);
  }
};

}  // namespace detail

/// y = x enlarged with bilinear interpolation.   x: images of shape `in`   y: `factor` as high and wide
template <class T>
void enlarge_bilinear(Shape in, Extent factor, Index images, const T* x, T* y) {
  launch(detail::EnlargeBilinear<T>{{in.height, factor.height}, {in.width, factor.width}, in.channels, images, x, y});
}

/// The reverse: x = what its pixels contribute to those of y, times these.
template <class T>
void reduce_bilinear(Shape in, Extent factor, Index images, const T* y, T* x) {
  launch(detail::ReduceBilinear<T>{{in.height, factor.height}, {in.width, factor.width}, in.channels, images, y, x});
}

}  // namespace eigencoder::kernels
