// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "eigencoder/core/window.hpp"
#include "eigencoder/kernels/epilogue.hpp"
#include "eigencoder/kernels/phases.hpp"

// Loops over the windows of images and over their pixels. The usual cases are branched off once, to loops whose ends the
// compiler knows; a window that lies wholly within its image is code without branches.
namespace eigencoder::kernels {

/// Images of so many channels, which lie innermost, and windows over them.
struct Grid {
  Axis vertical, horizontal;
  Index channels;

  constexpr Grid(const Axis& down, const Axis& across, Index count) : vertical(down), horizontal(across), channels(count) {}
  constexpr Grid(const Windows& windows, Index count) : Grid(windows.vertical, windows.horizontal, count) {}

  constexpr Index taps() const { return vertical.taps * horizontal.taps; }
  constexpr Index pixels() const { return vertical.pixels * horizontal.pixels * channels; }  ///< scalars of an image
  constexpr Index windows() const { return vertical.windows * horizontal.windows * channels; }
};

namespace detail {

// How the channels of a pixel are read and written: a packet, some lanes of one, or one by one.

template <class T>
struct Whole {
  using V = Packet<T>;
  V load(const T* from) const { return V::load(from); }
  void store(T* to, V value) const { value.store(to); }
  V finish(const Epilogue<T>& epilogue, V value, Index at) const { return epilogue.in_registers(value, at, V::size); }
};
template <class T>
struct Part {
  using V = Packet<T>;
  Index count;
  V load(const T* from) const { return V::load_part(from, count); }
  void store(T* to, V value) const { value.store_part(to, count); }
  V finish(const Epilogue<T>& epilogue, V value, Index at) const { return epilogue.in_registers(value, at, count); }
};
template <class T>
struct Single {
  using V = T;
  V load(const T* from) const { return *from; }
  void store(T* to, V value) const { *to = value; }
};

/// f(lanes, i) for n scalars in a row from i on, until all are done; some may be done twice.
template <class T, class F>
[[gnu::always_inline]] inline void for_each_lane(Index n, F f) {
  using P = Packet<T>;
  const Index rest = n % P::size, end = n - rest;
  for (Index i = 0; i < end; i += P::size) f(Whole<T>{}, i);
  if (rest == 0) return;
  if (end > 0) {
    f(Whole<T>{}, n - P::size);
  } else if (P::masks && rest > 3) {
    f(Part<T>{rest}, 0);
  } else {
    for (Index i = 0; i < n; ++i) f(Single<T>{}, i);
  }
}

/// [begin, end): taps of a window, or windows.
struct Taps {
  Index begin, end;
  constexpr Index count() const { return end - begin; }
};
/// All taps, as a type.
template <Index Count>
struct AllTaps {
  static constexpr Index begin = 0, end = Count;
  static constexpr Index count() { return Count; }
};

/// The windows that lie wholly within the image.
constexpr Taps whole_windows(const Axis& axis) {
  const Index begin = std::min((axis.padding_before + axis.stride - 1) / axis.stride, axis.windows);
  const Index fitting = (axis.pixels + axis.padding_before - axis.taps + axis.stride) / axis.stride;
  return {begin, std::clamp(fitting, begin, axis.windows)};
}
/// The taps of a window that are within the image.
constexpr Taps taps_within(const Axis& axis, Index window) {
  const Index first = window * axis.stride - axis.padding_before;
  return {std::max<Index>(-first, 0), std::min(axis.taps, axis.pixels - first)};
}

/// Whether some windows reach beyond their image.
constexpr bool clipped(const Grid& g) {
  return whole_windows(g.vertical).count() < g.vertical.windows || whole_windows(g.horizontal).count() < g.horizontal.windows;
}

/// Windows that cover their image without overlap, whole ones alone.
constexpr bool tiles(const Axis& axis) {
  return axis.stride == axis.taps && axis.padding_before == 0 && axis.windows * axis.taps == axis.pixels;
}

/// Whether a pixel is much less than a packet.
template <class T>
constexpr bool few(Index channels) {
  return channels < std::min<Index>(Packet<T>::size, 4);
}

/// How the pixels of images lie while their windows are looked at: as they are, or, where channels are few and
/// windows are several pixels apart, sorted by phase in bands of rows, so that packets can run along a row; and where windows
/// tile the image, from one row of windows to the next.
struct Layout {
  Index channels;
  Index row, phase, pitch;  ///< from a row to the next, from a phase to the next, and from a pixel of a phase to the next
  Index window_row;         ///< from a row of windows to the next
  Index band = 0;           ///< how many rows of windows, or of pixels, are sorted at a time; 0: the pixels are as they are
  bool tiled = false;       ///< whether the windows of a band are one row

  template <class T>
  static constexpr Index most = 16384 / sizeof(T);  ///< scalars that are sorted at a time: half of a first cache

  constexpr Layout(const Grid& g)
      : channels(g.channels),
        row(g.horizontal.pixels * channels),
        phase(channels),
        pitch(g.horizontal.stride * channels),
        window_row(g.vertical.stride * row) {}

  template <class T>
  static constexpr bool sorts(const Grid& g, Index rows) {
    const Index windows = g.horizontal.windows;
    const bool many = windows >= 8 || (windows > 1 && tiles(g.vertical) && tiles(g.horizontal));
    return few<T>(g.channels) && g.horizontal.stride > 1 && many &&
           rows * Phases(g.horizontal, g.channels).length * g.horizontal.stride <= most<T>;
  }
  /// For rows of windows.
  template <class T>
  static constexpr Layout of_windows(const Grid& g, const Phases& phases) {
    Layout lies(g);
    const Axis down = g.vertical;
    if (!sorts<T>(g, down.taps)) return lies;
    const Index size = phases.length * phases.stride;
    lies.pitch = lies.channels;
    lies.tiled = tiles(down) && tiles(g.horizontal);
    lies.band = (most<T> / size - down.taps) / down.stride + 1;
    lies.phase = lies.tiled ? lies.band * phases.length : phases.length;
    lies.row = phases.stride * lies.phase;
    lies.window_row = lies.tiled ? phases.length : down.stride * size;
    return lies;
  }
  /// For rows of pixels.
  template <class T>
  static constexpr Layout of_pixels(const Grid& g, const Phases& phases) {
    Layout lies(g);
    if (!sorts<T>(g, 1)) return lies;
    lies.pitch = lies.channels;
    lies.phase = phases.length;
    lies.row = phases.stride * lies.phase;
    lies.band = most<T> / lies.row;
    return lies;
  }
  /// Whether successive windows see successive pixels.
  constexpr bool runs() const { return pitch == channels; }
};

/// f(lanes, at, rows, columns, each) for the windows [begin, end) of a row, which have the same taps, rows × columns. The value
/// of window 0 lies at `value`, its first tap at `place`. Squares: whether windows of 2 × 2 and of 3 × 3 have code of their own.
template <class T, bool Squares, class F>
[[gnu::always_inline]] inline void for_windows(const Grid& g, const Layout& lies, Index begin, Index end, Index value,
                                               Index place, Taps rows, Taps columns, F f) {
  const Index channels = g.channels, tall = g.vertical.taps, wide = g.horizontal.taps, stride = g.horizontal.stride;
  const Index row = lies.row, phase = lies.phase, pitch = lies.pitch, step = lies.runs() ? end - begin : 1;
  const auto with = [=](auto down, auto across, auto each) __attribute__((always_inline)) {
    for_each_lane<T>(
        step * channels, [=](auto lanes, Index c) __attribute__((always_inline)) {
          Index at = value + begin * channels + c, first = place + begin * pitch + c;
          for (Index j = begin; j < end; j += step, at += step * channels, first += step * pitch) {
            f(
                lanes, at, down, across, [&](const auto& visit) __attribute__((always_inline)) { each(first, visit); });
          }
        });
  };
  const auto with_side = [=]<Index Side>(AllTaps<Side> taps) __attribute__((always_inline)) {
    const auto offset = [=](Index s) { return s / stride * pitch + s % stride * phase; };
    const Index one = offset(1), two = offset(2);
    with(
        taps, taps, [=](Index at, const auto& visit) __attribute__((always_inline)) {
          [&]<std::size_t... K>(std::index_sequence<K...>) __attribute__((always_inline)) {
            (visit(Index(K), at + Index(K) / Side * row + (K % Side == 0 ? 0 : K % Side == 1 ? one : two)), ...);
          }
          (std::make_index_sequence<static_cast<std::size_t>(Side * Side)>{});
        });
  };
  const auto whole = [=](Index side) {
    return rows.count() == side && tall == side && columns.count() == side && wide == side;
  };
  if constexpr (Squares) {
    if (whole(2)) return with_side(AllTaps<2>{});
    if (whole(3)) return with_side(AllTaps<3>{});
  }
  Index first_phase = columns.begin, first = rows.begin * row;
  while (first_phase >= stride) first_phase -= stride, first += pitch;
  first += first_phase * phase;
  with(
      rows, columns, [=](Index line, const auto& visit) __attribute__((always_inline)) {
        line += first;
        for (Index r = rows.begin; r < rows.end; ++r, line += row) {
          Index at = line, p = first_phase;
          for (Index s = columns.begin; s < columns.end; ++s) {
            visit(r * wide + s, at);
            at += phase;
            if (++p == stride) p = 0, at += pitch - stride * phase;
          }
        }
      });
}

/// f(lanes, at, rows, columns, each) for every window and all channels: `at` is where its value lies, rows × columns its taps
/// within the image. each(visit) calls visit(k, place) for these in order, k being the number of the tap in the whole window,
/// and `place` where the pixel lies, after begin(top, bottom) was called for the rows [top, bottom) of all images, and before
/// end(top, bottom) is.
template <class T, bool Squares, class Begin, class F, class End>
[[gnu::always_inline]] inline void for_each_band(const Grid& g, const Layout& lies, Index images, Begin begin, F f, End end) {
  const Axis down = g.vertical, across = g.horizontal;
  const Index windows = across.windows, row_of_values = windows * g.channels;
  if (lies.tiled) {
    for (Index first = 0; first < images * down.windows; first += lies.band) {
      const Index count = std::min(lies.band, images * down.windows - first);
      begin(first * down.taps, (first + count) * down.taps);
      for_windows<T, Squares>(g, lies, 0, count * windows, first * row_of_values, 0, {0, down.taps}, {0, across.taps}, f);
      end(first * down.taps, (first + count) * down.taps);
    }
    return;
  }
  const Taps whole = whole_windows(across);
  const Index together = lies.band > 0 ? lies.band : down.windows;
  for (Index n = 0; n < images; ++n) {
    for (Index first = 0; first < down.windows; first += together) {
      const Index count = std::min(together, down.windows - first);
      const Index top = std::max<Index>(first * down.stride - down.padding_before, 0);
      const Index bottom = std::min((first + count - 1) * down.stride - down.padding_before + down.taps, down.pixels);
      begin(n * down.pixels + top, n * down.pixels + bottom);
      Index value = (n * down.windows + first) * row_of_values;
      Index place = (first * down.stride - down.padding_before) * lies.row;
      place += lies.band > 0 ? -top * lies.row : n * g.pixels() - across.padding_before * g.channels;
      for (Index i = first; i < first + count; ++i, value += row_of_values, place += lies.window_row) {
        const Taps rows = taps_within(down, i);
        for (Index j = 0; j < windows;) {
          const bool inside = j >= whole.begin && j < whole.end;
          const Index until = inside ? whole.end : j + 1;
          for_windows<T, Squares>(g, lies, j, until, value, place, rows, taps_within(across, j), f);
          j = until;
        }
      }
      end(n * down.pixels + top, n * down.pixels + bottom);
    }
  }
}

/// f(rows as they are and sorted) for the rows of a band, of which the first lie at `row` and `sorted`.
template <class Row, class Sorted, class F>
void for_sorted_rows(const Grid& g, const Layout& lies, Index count, Row* row, Sorted* sorted, F f) {
  using Rows = Phases::Rows<Row, Sorted>;
  const Index line = g.horizontal.pixels * g.channels, taps = g.vertical.taps;
  if (!lies.tiled) return f(Rows{count, row, line, sorted, lies.row, lies.phase});
  for (Index r = 0; r < taps; ++r)
    f(Rows{count / taps, row + r * line, taps * line, sorted + r * lies.row, lies.window_row, lies.phase});
}

/// f(lanes, at, rows, columns, each) for every window and all channels: `at` is where its value lies, rows × columns its taps
/// within the image. each(visit) calls visit(k, value) for these in order, k being the number of the tap in the whole window,
/// and `value` that of its pixel in x. Some channels may be done twice.
template <class T, bool Squares = true, class F>
void for_each_window(const Grid& g, Index images, const T* x, F f) {
  const Phases phases(g.horizontal, g.channels);
  const Layout lies = Layout::of_windows<T>(g, phases);
  std::array<T, static_cast<std::size_t>(Layout::most<T>)> memory;
  const Index line = g.horizontal.pixels * g.channels;
  const T* const from = lies.band > 0 ? memory.data() : x;
  for_each_band<T, Squares>(
      g, lies, images,
      [&](Index top, Index bottom) {
        if (lies.band == 0) return;
        for_sorted_rows(g, lies, bottom - top, x + top * line, memory.data(), [&](const auto& rows) { phases.split<T>(rows); });
      },
      [=](auto lanes, Index at, auto rows, auto columns, const auto& each) __attribute__((always_inline)) {
        f(
            lanes, at, rows, columns, [&](const auto& visit) __attribute__((always_inline)) {
              each([&](Index k, Index place) __attribute__((always_inline)) { visit(k, lanes.load(from + place)); });
            });
      },
      [](Index, Index) {});
}

/// expand_windows() for windows that overlap, or leave pixels out.
template <class T, class F>
void expand_any(const Grid& g, Index images, T* x, F from) {
  const Axis down = g.vertical, across = g.horizontal;
  const Index channels = g.channels, wide = across.taps, stride = across.stride, row_of_values = across.windows * channels;
  const Index line = across.pixels * channels, before = across.padding_before;
  const Phases phases(across, channels);
  const Layout lies = Layout::of_pixels<T>(g, phases);
  const Taps whole = whole_windows(across);
  std::array<T, static_cast<std::size_t>(Layout::most<T>)> memory;
  const Index reached = before + across.pixels, end_group = reached / stride, end_phase = reached % stride;
  const Index begin_group = before / stride, begin_phase = before % stride, most_of_phase = wide / stride,
              longer = wide % stride;
  // A pixel of phase p and number q has tap p + m · stride of window q − m.
  const auto expand_row = [&](Taps rows, Index values, Index first_tap, T * to) __attribute__((always_inline)) {
    for (Index p = 0; p < stride; ++p) {
      const Index most = most_of_phase + (p < longer);  // windows of a pixel
      const Index begin = begin_group + (p < begin_phase), end = end_group + (p < end_phase);
      for (Index q = begin; q < end;) {
        const bool inside = q >= whole.begin + most - 1 && q < whole.end;
        const Index until = inside ? std::min(end, whole.end) : q + 1, step = lies.runs() ? until - q : 1;
        const Taps over{std::max<Index>(q - across.windows + 1, 0), std::min(q + 1, most)};
        for_each_lane<T>(
            step * channels, [&](auto lanes, Index c) __attribute__((always_inline)) {
              for (Index at = q; at < until; at += step) {
                typename decltype(lanes)::V sum(0);
                Index value_row = values + c, tap_row = first_tap + p;
                for (Index i = rows.begin; i < rows.end; ++i, value_row += row_of_values, tap_row -= down.stride * wide) {
                  const Index tall = taps_within(down, i).count();
                  Index value = value_row + (at - over.begin) * channels, tap = tap_row + over.begin * stride;
                  for (Index m = over.begin; m < over.end; ++m, value -= channels, tap += stride) {
                    const Index taps = inside ? wide : taps_within(across, at - m).count();
                    sum = sum + from(lanes, value, tall, taps)(tap);
                  }
                }
                lanes.store(to + (p * lies.phase + at * lies.pitch + c), sum);
              }
            });
        q = until;
      }
    }
  };
  const Index together = lies.band > 0 ? lies.band : down.pixels;
  for (Index n = 0; n < images; ++n) {
    Taps rows{0, 0};
    for (Index first = 0; first < down.pixels; first += together) {
      const Index count = std::min(together, down.pixels - first);
      for (Index r = first; r < first + count; ++r) {
        // The windows that hold a row, from those that hold the one before.
        const Index at = r + down.padding_before;
        while (rows.end < down.windows && rows.end * down.stride <= at) ++rows.end;
        while (rows.begin < rows.end && rows.begin * down.stride + down.taps <= at) ++rows.begin;
        expand_row(rows, (n * down.windows + rows.begin) * row_of_values, (at - rows.begin * down.stride) * wide,
                   lies.band > 0 ? memory.data() + (r - first) * lies.row : x + (r * line - before * channels));
      }
      if (lies.band > 0) phases.merge<T>({count, x + first * line, line, memory.data(), lies.row, lies.phase});
    }
    x += down.pixels * line;
  }
}

/// From the values of windows to their pixels: a pixel is the sum over its windows of value(k), k being the number of its tap,
/// and value = from(lanes, at, rows, columns) a function for the window whose value lies at `at` and that has rows × columns
/// taps within the image.
template <class T, class F>
void expand_windows(const Grid& g, Index images, T* x, F from) {
  const Axis down = g.vertical, across = g.horizontal;
  if (down.stride != down.taps || across.stride != across.taps || down.lost() > 0 || across.lost() > 0)
    return expand_any(g, images, x, from);
  const Phases phases(across, g.channels);
  const Layout lies = Layout::of_windows<T>(g, phases);
  std::array<T, static_cast<std::size_t>(Layout::most<T>)> memory;
  const Index line = across.pixels * g.channels;
  T* const to = lies.band > 0 ? memory.data() : x;
  for_each_band<T, true>(
      g, lies, images, [](Index, Index) {},
      [=](auto lanes, Index at, auto rows, auto columns, const auto& each) __attribute__((always_inline)) {
        const auto value = from(lanes, at, rows.count(), columns.count());
        each([&](Index k, Index place) __attribute__((always_inline)) { lanes.store(to + place, value(k)); });
      },
      [&](Index top, Index bottom) {
        if (lies.band == 0) return;
        for_sorted_rows(g, lies, bottom - top, x + top * line, std::as_const(memory).data(),
                        [&](const auto& rows) { phases.merge<T>(rows); });
      });
}

}  // namespace detail

}  // namespace eigencoder::kernels
