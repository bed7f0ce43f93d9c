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

/// Scalars that are kept between the two passes, along the columns and along the rows.
template <class T>
inline constexpr Index most_between = 16384 / sizeof(T);

template <class T>
struct EnlargeBilinear {
  static constexpr bool compiled = CompiledScalar<T>;
  Interpolated down, across;
  Index channels, images;
  const T* x;
  T* y;
  void run() const {
    const Axis columns = across.between();
    const Phases phases(columns, channels);
    const Index framed = (across.pixels + 2) * channels, size = columns.taps * framed;
    if (channels >= Packet<T>::size || size > most_between<T>) return pixel_by_pixel(columns);
    // Rows are interpolated along the columns, each framed by its first and its last pixel once more; then along the rows.
    const Index line = across.pixels * channels, wide_line = columns.pixels * channels, rows = down.pixels * down.factor;
    const Index together = most_between<T> / size;
    std::array<T, static_cast<std::size_t>(most_between<T>)> between, sorted;
    for (Index first = 0; first < images * rows; first += together) {
      const Index count = std::min(together, images * rows - first), phase = count * framed;
      for (Index r = 0; r < count; ++r) {
        T* const to = between.data() + r * framed + channels;
        along_columns(
            first + r, [=](Index, T lower, const T* above, const T* below) __attribute__((always_inline)) {
              for_each_lane<T>(
                  line, [=](auto lanes, Index c) __attribute__((always_inline)) {
                    using V = typename decltype(lanes)::V;
                    lanes.store(to + c, multiply_add(V(lower), lanes.load(below + c), V(1 - lower) * lanes.load(above + c)));
                  });
            });
        for (Index c = 0; c < channels; ++c) to[c - channels] = to[c], to[line + c] = to[line - channels + c];
      }
      for (Index s = 0; s < columns.taps; ++s) {
        const T share = static_cast<T>(across.share_of_next(s));
        const T* const from = between.data();
        T* const to = sorted.data() + s * phase;
        for_each_lane<T>(
            phase - channels, [ =, step = channels ](auto lanes, Index c) __attribute__((always_inline)) {
              using V = typename decltype(lanes)::V;
              lanes.store(to + c, multiply_add(V(share), lanes.load(from + step + c), V(1 - share) * lanes.load(from + c)));
            });
      }
      phases.merge<T>({count, y + first * wide_line, wide_line, sorted.data(), framed, phase});
    }
  }

 private:
  /// f(row of pixels, share of the row below, row above, row below) for a row of y among those of all images.
  template <class F>
  void along_columns(Index row, F f) const {
    const Index rows = down.pixels * down.factor, n = row / rows;
    const Index reached = row - n * rows + down.between().padding_before, i = reached / down.factor;
    const T* const image = x + n * down.pixels * across.pixels * channels;
    const auto line = [&](Index r) { return image + down.clamp(r) * across.pixels * channels; };
    f(row, static_cast<T>(down.share_of_next(reached - i * down.factor)), line(i - 1), line(i));
  }

  void pixel_by_pixel(const Axis& columns) const {
    for (Index row = 0; row < images * down.pixels * down.factor; ++row) {
      along_columns(row, [&](Index r, T lower, const T* above, const T* below) {
        along_row(columns, lower, above, below, y + r * columns.pixels * channels);
      });
    }
  }
  void along_row(const Axis& columns, T lower, const T* above, const T* below, T* to) const {
    for_each_lane<T>(
        channels, [ =, this ](auto lanes, Index c) __attribute__((always_inline)) {
          using V = typename decltype(lanes)::V;
          const auto at = [ =, this ](Index s) __attribute__((always_inline)) {
            const Index from = across.clamp(s) * channels + c;
            return multiply_add(V(lower), lanes.load(below + from), V(1 - lower) * lanes.load(above + from));
          };
          V previous = at(-1);
          for (Index j = 0; j < columns.windows; ++j) {
            const Taps taps = taps_within(columns, j);
            const Index left = j * columns.stride - columns.padding_before;
            const V next = at(j);
            for (Index s = taps.begin; s < taps.end; ++s) {
              const double share = across.share_of_next(s);
              lanes.store(to + ((left + s) * channels + c), multiply_add(V(share), next, V(1 - share) * previous));
            }
            previous = next;
          }
        });
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
    const Axis rows = down.around(), columns = across.around();
    const Index line = across.pixels * channels, wide_line = columns.pixels * channels;
    std::array<T, static_cast<std::size_t>(most_between<T>)> memory;
    if (wide_line > most_between<T>) return both_ways();
    const Index together = most_between<T> / wide_line;
    for (Index first = 0; first < images * down.pixels; first += together) {
      const Index count = std::min(together, images * down.pixels - first);
      for (Index r = first; r < first + count; ++r) {
        const Index n = r / down.pixels, i = r - n * down.pixels;
        const Taps taps = taps_within(rows, i);
        T* const sum = memory.data() + (r - first) * wide_line;
        const T* from = y + (n * rows.pixels + i * rows.stride - rows.padding_before) * wide_line;
        for_each_lane<T>(
            wide_line, [ =, tall = down ](auto lanes, Index c) __attribute__((always_inline)) {
              using V = typename decltype(lanes)::V;
              V total(0);
              for (Index t = taps.begin; t < taps.end; ++t)
                total = multiply_add(V(tall.share(t, taps)), lanes.load(from + t * wide_line + c), total);
              lanes.store(sum + c, total);
            });
      }
      reduce(Grid{Axis(1, 1, 1, 1, Padding::valid), columns, channels}, count, memory.data(), x + first * line,
             [wide = across](Index k, Taps, Taps taps) { return wide.share(k, taps); });
    }
  }

 private:
  void both_ways() const {
    reduce(Grid{down.around(), across.around(), channels}, images, y, x,
           [tall = down, wide = across](Index k, Taps rows, Taps columns) {
             const Index taps = 2 * wide.factor;
             return tall.share(k / taps, rows) * wide.share(k % taps, columns);
           });
  }
  template <class F>
  static void reduce(const Grid& grid, Index count, const T* from, T* to, F share) {
    for_each_window<T, false>(
        grid, count, from, [=](auto lanes, Index at, auto rows, auto columns, const auto& each) __attribute__((always_inline)) {
          using V = typename decltype(lanes)::V;
          V total(0);
          each([&](Index k, V value) __attribute__((always_inline)) {
            total = multiply_add(V(share(k, Taps{rows.begin, rows.end}, Taps{columns.begin, columns.end})), value, total);
          });
          lanes.store(to + at, total);
        });
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
