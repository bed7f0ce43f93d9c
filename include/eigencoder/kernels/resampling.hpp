// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/pixels.hpp"

namespace eigencoder::kernels {

/// One axis of an image that is enlarged with linear interpolation between the centres of its pixels.
template <Index Pixels, Index Factor>
struct Interpolated {
  static constexpr Index half = Factor / 2;

  /// The share of the next pixel in new pixel t of those from one centre to the next.
  static constexpr double share_of_next(Index t) {
    return (static_cast<double>(half + t) + 0.5) / static_cast<double>(Factor) - 0.5;
  }

  /// New pixels from one centre to the next, as windows over them: window i lies between the pixels i − 1 and i.
  static constexpr Axis between = [] {
    Axis axis(Pixels * Factor, Factor, Factor, 1, Padding::valid);
    axis.padding_before = Factor - half;
    axis.windows = Pixels + 1;
    return axis;
  }();
  /// New pixels to which a pixel contributes, those of two such windows.
  static constexpr Axis around = [] {
    Axis axis(Pixels * Factor, 2 * Factor, Factor, 1, Padding::valid);
    axis.padding_before = Factor - half;
    axis.windows = Pixels;
    return axis;
  }();
  /// What the pixel contributes to tap t of those around it. Beyond the outermost centres there is only one pixel to take.
  template <class Tapped>
  static constexpr double share(Index t, Tapped taps) {
    if (t < Factor) return taps.begin > 0 ? 1 : share_of_next(t);
    return taps.end < 2 * Factor ? 1 : 1 - share_of_next(t - Factor);
  }
  static constexpr Index clamp(Index pixel) { return std::clamp<Index>(pixel, 0, Pixels - 1); }
};

/// y = x enlarged with bilinear interpolation.
template <Shape In, Extent Factor, class T>
void enlarge_bilinear(Index images, const T* x, T* y) {
  using Down = Interpolated<In.height, Factor.height>;
  using Across = Interpolated<In.width, Factor.width>;
  constexpr Index channels = In.channels, height = In.height, width = In.width, factor = Factor.height;
  for (Index n = 0; n < images; ++n) {
    const auto row = [=](Index r) { return x + (n * height + Down::clamp(r)) * width * channels; };
    for_each_window<Down::between>([&](Index i, Index top, auto rows) {
      for (Index r = rows.begin; r < rows.end; ++r) {
        const T *above = row(i - 1), *below = row(i);
        const T lower = static_cast<T>(Down::share_of_next(r));
        T* const to = y + (n * height * factor + top + r) * width * Factor.width * channels;
        for_each_window<Across::between>([&](Index j, Index left, auto columns) {
          for_each_channel<T, channels>([&](auto lanes, Index c) {
            using V = typename decltype(lanes)::V;
            const auto at = [&](Index s) {
              const Index from = Across::clamp(s) * channels + c;
              return multiply_add(V(lower), lanes.load(below + from), V(1 - lower) * lanes.load(above + from));
            };
            const V previous = at(j - 1), next = at(j);
#pragma GCC unroll 8
            for (Index s = columns.begin; s < columns.end; ++s) {
              const double share = Across::share_of_next(s);
              lanes.store(to + (left + s) * channels + c, multiply_add(V(share), next, V(1 - share) * previous));
            }
          });
        });
      }
    });
  }
}

/// The reverse: x = what its pixels contribute to those of y, times these.
template <Shape In, Extent Factor, class T>
void reduce_bilinear(Index images, const T* y, T* x) {
  using Down = Interpolated<In.height, Factor.height>;
  using Across = Interpolated<In.width, Factor.width>;
  constexpr Windows around = [] {
    Windows w(Shape{}, 1, 1, Padding::valid);
    w.vertical = Down::around;
    w.horizontal = Across::around;
    return w;
  }();
  reduce_windows<around, In.channels>(images, y, [=](auto lanes, Index at, auto rows, auto columns, auto each) {
    using V = typename decltype(lanes)::V;
    V sum(0);
    each([&](Index k, V value) {
      constexpr Index wide = 2 * Factor.width;
      sum = multiply_add(V(Down::share(k / wide, rows) * Across::share(k % wide, columns)), value, sum);
    });
    lanes.store(x + at, sum);
  });
}

}  // namespace eigencoder::kernels
