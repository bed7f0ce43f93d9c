// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/core/window.hpp"
#include "eigencoder/kernels/packet.hpp"

// Loops over the windows of an image and over their pixels. Their geometry is known to the compiler: a window
// that lies wholly within the image is code without branches.
namespace eigencoder::kernels {

// How the channels of a pixel are read and written: a packet, some lanes of one, or one by one.

template <class T>
struct Whole {
  using V = Packet<T>;
  V load(const T* from) const { return V::load(from); }
  void store(T* to, V value) const { value.store(to); }
};
template <class T>
struct Part {
  using V = Packet<T>;
  Index count;
  V load(const T* from) const { return V::load_part(from, count); }
  void store(T* to, V value) const { value.store_part(to, count); }
};
template <class T>
struct Single {
  using V = T;
  V load(const T* from) const { return *from; }
  void store(T* to, V value) const { *to = value; }
};

/// f(lanes, c) for the channels from c on, until all are done. Some may be done twice, so f must not add to what it writes.
template <class T, Index Channels, class F>
void for_each_channel(F f) {
  using P = Packet<T>;
  constexpr Index rest = Channels % P::size, end = Channels - rest;
  for (Index c = 0; c < end; c += P::size) f(Whole<T>{}, c);
  if constexpr (P::masks && rest > 3) {
    f(Part<T>{rest}, end);
  } else if constexpr (rest > 0 && end > 0) {
    f(Whole<T>{}, Channels - P::size);
  } else {  // too few for a packet: the compiler vectorises a row of such pixels
    for (Index c = end; c < Channels; ++c) f(Single<T>{}, c);
  }
}

/// Taps [begin, end) of a window.
struct Taps {
  Index begin, end;
};
/// All of them, as a type.
template <Index Count>
struct AllTaps {
  static constexpr Index begin = 0, end = Count;
};

/// f(i, first, taps) for every window: i its number, first the pixel of its first tap, taps those within the image.
template <Axis A, class F>
void for_each_window(F f) {
  static_assert(A.dilation == 1);
  constexpr Index pixels = A.pixels, taps = A.taps, stride = A.stride, before = A.padding_before, windows = A.windows;
  constexpr Index fitting = (pixels + before - taps + stride) / stride;  // the first that reaches too far
  constexpr Index begin = std::min((before + stride - 1) / stride, windows);
  constexpr Index end = std::clamp(fitting, begin, windows);
  const auto clipped = [&](Index from, Index to) {
    for (Index i = from; i < to; ++i) {
      const Index first = i * stride - before;
      f(i, first, Taps{std::max<Index>(-first, 0), std::min(taps, pixels - first)});
    }
  };
  if constexpr (begin > 0) clipped(0, begin);
  for (Index i = begin; i < end; ++i) f(i, i * stride - before, AllTaps<taps>{});
  if constexpr (end < windows) clipped(end, windows);
}

/// The windows that hold a pixel.
template <Axis A>
constexpr Taps windows_over(Index pixel) {
  const Index reached = pixel + A.padding_before;
  return {std::max<Index>((reached - A.taps + A.stride) / A.stride, 0), std::min(reached / A.stride + 1, A.windows)};
}

/// Where the pixels and the windows' values of a batch of images lie. (g++ 12 crashes where lambdas see parts of W.)
template <Windows W, Index Channels>
struct Grid {
  static constexpr Index height = W.vertical.pixels, width = W.horizontal.pixels;
  static constexpr Index rows = W.vertical.windows, columns = W.horizontal.windows;
  static constexpr Index tall = W.vertical.taps, wide = W.horizontal.taps;  ///< of a window
  static constexpr Index down = W.vertical.stride, across = W.horizontal.stride;
  static constexpr Index above = W.vertical.padding_before, left = W.horizontal.padding_before;

  static constexpr Index pixel(Index n, Index r, Index s) { return ((n * height + r) * width + s) * Channels; }
  static constexpr Index window(Index n, Index i, Index j) { return ((n * rows + i) * columns + j) * Channels; }

  /// 1 / the number of pixels of window (i, j).
  static constexpr double share(Index i, Index j) {
    constexpr bool whole =
        above == 0 && left == 0 && (rows - 1) * down + tall <= height && (columns - 1) * across + wide <= width;
    if constexpr (whole) return 1.0 / (tall * wide);
    return shares<W.vertical>[static_cast<std::size_t>(i)] * shares<W.horizontal>[static_cast<std::size_t>(j)];
  }
  /// A window with the pixels to the next one, where windows do not overlap.
  static constexpr Axis cell(Axis axis) {
    axis.taps = axis.stride;
    return axis;
  }

 private:
  template <Axis A>
  static constexpr auto shares = [] {
    std::array<double, static_cast<std::size_t>(A.windows)> all{};
    for (Index i = 0; i < A.windows; ++i) {
      const Index first = i * A.stride - A.padding_before;
      all[static_cast<std::size_t>(i)] =
          1.0 / static_cast<double>(std::min(A.taps, A.pixels - first) - std::max<Index>(-first, 0));
    }
    return all;
  }();
};

/// From the pixels of a window to its value: f(lanes, at, rows, columns, each) is to write the value at `at`; each(g) calls
/// g(k, pixel) on those that exist, the window's taps `rows` × `columns`, in order, k being their place in the window.
template <Windows W, Index Channels, class T, class F>
void reduce_windows(Index images, const T* x, F f) {
  using G = Grid<W, Channels>;
  for (Index n = 0; n < images; ++n) {
    for_each_window<W.vertical>([&](Index i, Index top, auto rows) {
      for_each_window<W.horizontal>([&](Index j, Index left, auto columns) {
        for_each_channel<T, Channels>([&](auto lanes, Index c) {
          f(lanes, G::window(n, i, j) + c, rows, columns, [&](auto g) {
#pragma GCC unroll 8
            for (Index r = rows.begin; r < rows.end; ++r) {
#pragma GCC unroll 8
              for (Index s = columns.begin; s < columns.end; ++s) {
                g(r * G::wide + s, lanes.load(x + G::pixel(n, top + r, left + s) + c));
              }
            }
          });
        });
      });
    });
  }
}

/// From the values of windows to their pixels: a pixel is the sum over its windows of value(k), k being its place in
/// the window and value = from(lanes, at, i, j) a function for window (i, j), whose value is at `at`. Writes every pixel once,
/// in order.
template <Windows W, Index Channels, class T, class F>
void expand_windows(Index images, T* x, F from) {
  using G = Grid<W, Channels>;
  for (Index n = 0; n < images; ++n) {
    if constexpr (G::down >= G::tall && G::across >= G::wide) {  // a pixel has one window or none
      for_each_window<G::cell(W.vertical)>([&](Index i, Index top, auto rows) {
        for (Index r = rows.begin; r < rows.end; ++r) {
          for_each_window<G::cell(W.horizontal)>([&](Index j, Index left, auto columns) {
            for_each_channel<T, Channels>([&](auto lanes, Index c) {
              using V = typename decltype(lanes)::V;
              const auto value = from(lanes, G::window(n, i, j) + c, i, j);
#pragma GCC unroll 8
              for (Index s = columns.begin; s < columns.end; ++s) {
                lanes.store(x + G::pixel(n, top + r, left + s) + c, r < G::tall && s < G::wide ? value(r * G::wide + s) : V(0));
              }
            });
          });
        }
      });
    } else {
      for (Index r = 0; r < G::height; ++r) {
        const Taps rows = windows_over<W.vertical>(r);
        for (Index s = 0; s < G::width; ++s) {
          const Taps columns = windows_over<W.horizontal>(s);
          for_each_channel<T, Channels>([&](auto lanes, Index c) {
            typename decltype(lanes)::V sum(0);
            for (Index i = rows.begin; i < rows.end; ++i) {
              for (Index j = columns.begin; j < columns.end; ++j) {
                const Index k = (r + G::above - i * G::down) * G::wide + s + G::left - j * G::across;
                sum = sum + from(lanes, G::window(n, i, j) + c, i, j)(k);
              }
            }
            lanes.store(x + G::pixel(n, r, s) + c, sum);
          });
        }
      }
    }
  }
}

}  // namespace eigencoder::kernels
