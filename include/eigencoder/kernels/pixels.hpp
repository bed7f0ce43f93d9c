// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/window.hpp"
#include "eigencoder/kernels/epilogue.hpp"

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

/// f(lanes, c) for the channels from c on, until all are done. If Twice, some may be done twice where that is faster.
/// Few: how many there are, if the compiler is to know it, too few for a packet; else 0.
template <class T, Index Few, bool Twice, class F>
[[gnu::always_inline]] inline void for_each_channel(Index channels, F f) {
  using P = Packet<T>;
  if constexpr (Few > 0) {
    for (Index c = 0; c < Few; ++c) f(Single<T>{}, c);
  } else {
    const Index rest = channels % P::size, end = channels - rest;
    for (Index c = 0; c < end; c += P::size) f(Whole<T>{}, c);
    if (rest == 0) return;
    if (P::masks && rest > 3) {
      f(Part<T>{rest}, end);
    } else if (Twice && end > 0) {
      f(Whole<T>{}, channels - P::size);
    } else {
      for (Index c = end; c < channels; ++c) f(Single<T>{}, c);
    }
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

/// f(r, s) for rows × columns of taps: code without loops where they are types, but not else, where it would be long and rarely run.
template <class Rows, class Columns, class F>
[[gnu::always_inline]] inline void for_each_tap(Rows rows, Columns columns, F f) {
  if constexpr (std::same_as<Columns, Taps>) {
    for (Index r = rows.begin; r < rows.end; ++r) {
      for (Index s = columns.begin; s < columns.end; ++s) f(r, s);
    }
  } else {
#pragma GCC unroll 4
    for (Index r = rows.begin; r < rows.end; ++r) {
#pragma GCC unroll 4
      for (Index s = columns.begin; s < columns.end; ++s) f(r, s);
    }
  }
}

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

/// f(i) for i < n. If Together, in blocks of which the compiler knows the length, so that it can make packets of them; some
/// i may come twice.
template <Index Together, class F>
[[gnu::always_inline]] inline void repeat(Index n, F f) {
  if (Together == 1 || n < Together) {
    for (Index i = 0; i < n; ++i) f(i);
  } else {
    for (Index block = 0; block < n; block += Together) {
      const Index first = std::min(block, n - Together);
#ifndef __clang__
#pragma GCC ivdep
#endif
      for (Index i = 0; i < Together; ++i) f(first + i);
    }
  }
}

/// for_each_window() for Few channels, or any if 0, and windows of Side × Side, or any if 0. If Few, the stride is Side too.
template <class T, Index Few, Index Side, bool Twice, class F>
void for_each_window_as(const Grid& g, Index images, F f) {
  const Axis down = g.vertical, across = g.horizontal;
  const Index channels = Few > 0 ? Few : g.channels, line = across.pixels * channels, windows = across.windows;
  const Index wide = Side > 0 ? Side : across.taps, step = (Few > 0 ? Side : across.stride) * channels;
  const Taps rows = whole_windows(down), columns = whole_windows(across);
  const bool all_whole = !clipped(g);
  for (Index n = 0; n < images; ++n) {
    for_each_channel<T, Few, Twice>(
        channels, [=](auto lanes, Index c) __attribute__((always_inline)) {
          const Index value = n * down.windows * windows * channels + c;
          const Index pixel = (n * down.pixels - down.padding_before) * line - across.padding_before * channels + c;
          const auto window = [&](Index at, Index first, auto tall, auto taps) __attribute__((always_inline)) {
            f(
                lanes, at, tall, taps, [&](auto visit) __attribute__((always_inline)) {
                  for_each_tap(
                      tall, taps, [&](Index r, Index s) __attribute__((always_inline)) {
                        visit(r, s, r * wide + s, first + (r * line + s * channels));
                      });
                });
          };
          for (Index i = rows.begin; i < rows.end; ++i) {
            const Index at = value + (i * windows + columns.begin) * channels;
            const Index first = pixel + i * down.stride * line + columns.begin * step;
            repeat<(Few == 1 ? 8 : 1)>(
                columns.count(), [&](Index j) __attribute__((always_inline)) {
                  if constexpr (Side > 0) {
                    window(at + j * channels, first + j * step, AllTaps<Side>{}, AllTaps<Side>{});
                  } else {
                    window(at + j * channels, first + j * step, Taps{0, down.taps}, Taps{0, wide});
                  }
                });
          }
          if (all_whole) return;
          for (Index i = 0; i < down.windows; ++i) {
            const bool inside = i >= rows.begin && i < rows.end;
            for (Index j = 0; j < windows; ++j) {
              if (inside && j >= columns.begin && j < columns.end) continue;
              window(value + (i * windows + j) * channels, pixel + i * down.stride * line + j * step, taps_within(down, i),
                     taps_within(across, j));
            }
          }
        });
  }
}

/// f(lanes, at, rows, columns, each) for every window and all channels: `at` is where its value lies, rows × columns its taps
/// within the image. each(visit) calls visit(r, s, k, place) for these in order, k being the number of tap (r, s) in the whole
/// window, and place where the pixel lies. If Twice, some channels may be done twice.
template <class T, bool Twice, class F>
void for_each_window(const Grid& g, Index images, F f) {
  const auto square = [&](Index side) { return g.vertical.taps == side && g.horizontal.taps == side; };
  if (square(2)) {
    if (g.horizontal.stride == 2 && g.channels == 1) return for_each_window_as<T, 1, 2, Twice>(g, images, f);
    if (g.horizontal.stride == 2 && g.channels == 3) return for_each_window_as<T, 3, 2, Twice>(g, images, f);
    return for_each_window_as<T, 0, 2, Twice>(g, images, f);
  }
  if (square(3)) return for_each_window_as<T, 0, 3, Twice>(g, images, f);
  for_each_window_as<T, 0, 0, Twice>(g, images, f);
}

/// expand_windows() for windows that overlap, or leave pixels out.
template <class T, class F>
void expand_any(const Grid& g, Index images, T* x, F from) {
  const Axis down = g.vertical, across = g.horizontal;
  const Index channels = g.channels, wide = across.taps;
  // The windows that hold a pixel, from those that hold the one before.
  const auto move = [](const Axis& axis, Index pixel, Taps& over) __attribute__((always_inline)) {
    const Index reached = pixel + axis.padding_before;
    while (over.end < axis.windows && over.end * axis.stride <= reached) ++over.end;
    while (over.begin < over.end && over.begin * axis.stride + axis.taps <= reached) ++over.begin;
  };
  for (Index n = 0; n < images; ++n) {
    Taps rows{0, 0};
    for (Index r = 0; r < down.pixels; ++r, x += across.pixels * channels) {
      move(down, r, rows);
      const Index value = (n * down.windows + rows.begin) * across.windows * channels;
      const Index tap = (r + down.padding_before - rows.begin * down.stride) * wide;
      for_each_channel<T, 0, true>(
          channels, [=](auto lanes, Index c) __attribute__((always_inline)) {
            Taps columns{0, 0};
            for (Index s = 0; s < across.pixels; ++s) {
              move(across, s, columns);
              typename decltype(lanes)::V sum(0);
              Index line = value + c, k = tap + s + across.padding_before;
              for (Index i = 0; i < rows.count(); ++i, line += across.windows * channels, k -= down.stride * wide) {
                for (Index j = columns.begin; j < columns.end; ++j) {
                  const auto count = [=] { return taps_within(down, rows.begin + i).count() * taps_within(across, j).count(); };
                  sum = sum + from(lanes, line + j * channels, count)(k - j * across.stride);
                }
              }
              lanes.store(x + (s * channels + c), sum);
            }
          });
    }
  }
}

/// From the values of windows to their pixels: a pixel is the sum over its windows of value(k), k being the number of its tap,
/// and value = from(lanes, at, count) a function for the window whose value lies at `at` and that has count() taps within the
/// image.
template <class T, class F>
void expand_windows(const Grid& g, Index images, T* x, F from) {
  const Axis &down = g.vertical, &across = g.horizontal;
  if (down.stride != down.taps || across.stride != across.taps || down.lost() > 0 || across.lost() > 0)
    return expand_any(g, images, x, from);
  for_each_window<T, true>(
      g, images, [=](auto lanes, Index at, auto rows, auto columns, auto each) __attribute__((always_inline)) {
        const auto value = from(lanes, at, [=] { return rows.count() * columns.count(); });
        each([&](Index, Index, Index k, Index place) __attribute__((always_inline)) { lanes.store(x + place, value(k)); });
      });
}

}  // namespace detail

}  // namespace eigencoder::kernels
