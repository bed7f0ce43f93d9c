// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/pixels.hpp"

namespace eigencoder::kernels {

namespace detail {

/// Applies an epilogue to n values in a row.
template <class T>
void finish(const Epilogue<T>& epilogue, T* c, Index n) {
  using P = Packet<T>;
  if (epilogue.none()) return;
  if (epilogue.then) return epilogue.in_cache(c, 0, n);
  for (Index at = 0; at < n; at += P::size) {
    const Index lanes = std::min(P::size, n - at);
    epilogue.in_registers(P::load_first(c + at, lanes), at, lanes).store_first(c + at, lanes);
  }
}

template <class T, bool Places>
struct MaxPool {
  static constexpr bool compiled = CompiledScalar<T>;
  Grid grid;
  Index images;
  const T* x;
  T *y, *place;
  Epilogue<T> epilogue;
  void run() const {
    const auto keep = [here = *this](auto lanes, Index at, auto rows, auto columns, const auto& each)
        __attribute__((always_inline)) {
      using V = typename decltype(lanes)::V;
      V most(-std::numeric_limits<T>::infinity()),
          winner(static_cast<T>(rows.begin * here.grid.horizontal.taps + columns.begin));
      each([&](Index k, V value) __attribute__((always_inline)) {
        if constexpr (Places) winner = where(most < value, V(static_cast<T>(k)), winner);
        most = where(value <= value, max(most, value), value);
      });
      lanes.store(here.y + at, most);
      if constexpr (Places) lanes.store(here.place + at, winner);
    };
    for_each_window(grid, images, x, keep);
    finish(epilogue, y, images * grid.windows());
  }
};

template <class T>
struct PutInPlace {
  static constexpr bool compiled = CompiledScalar<T>;
  Grid grid;
  Index images;
  const T *value, *place;
  T *x, *scratch;
  Epilogue<T> epilogue;
  void run() const {
    if (epilogue.gate)
      return put(
          images, value, place, x, [open = epilogue.gate](auto lanes, auto v, Index at) __attribute__((always_inline)) {
            return where(lanes.load(open + at) > decltype(v)(0), v, decltype(v)(0));
          });
    const auto as_it_is = [](auto, auto v, Index) __attribute__((always_inline)) { return v; };
    if (!epilogue.then) return put(images, value, place, x, as_it_is);
    const Index values = grid.windows();
    Epilogue<T> of_image = epilogue;
    for (Index n = 0; n < images; ++n) {
      std::copy_n(value + n * values, values, scratch);
      finish(of_image, scratch, values);
      of_image.y += values;
      put(1, scratch, place + n * values, x + n * grid.pixels(), as_it_is);
    }
  }

 private:
  template <class F>
  void put(Index count, const T* from, const T* places, T* to, F f) const {
    expand_windows(
        grid, count, to, [=](auto lanes, Index at, Index, Index) __attribute__((always_inline)) {
          using V = typename decltype(lanes)::V;
          return [ v = f(lanes, lanes.load(from + at), at), winner = lanes.load(places + at) ](Index k)
              __attribute__((always_inline)) {
            return where(winner == V(static_cast<T>(k)), v, V(0));
          };
        });
  }
};

template <class T>
struct TakeFromPlace {
  static constexpr bool compiled = CompiledScalar<T>;
  Grid grid;
  Index images;
  const T *x, *place;
  T* value;
  Epilogue<T> epilogue;
  void run() const {
    const auto take = [here = *this](auto lanes, Index at, auto, auto, const auto& each) __attribute__((always_inline)) {
      using V = typename decltype(lanes)::V;
      const V winner = lanes.load(here.place + at);
      V found(0);
      each([&](Index k, V pixel)
               __attribute__((always_inline)) { found = where(winner == V(static_cast<T>(k)), pixel, found); });
      lanes.store(here.value + at, found);
    };
    for_each_window(grid, images, x, take);
    finish(epilogue, value, images * grid.windows());
  }
};

template <class T>
struct SumWindows {
  static constexpr bool compiled = CompiledScalar<T>;
  bool mean;
  Grid grid;
  Index images;
  const T* x;
  T* y;
  void run() const {
    const T whole = mean ? T(1) / static_cast<T>(grid.taps()) : T(1);
    const bool differ = mean && clipped(grid);
    const auto sum = [ here = *this, whole, differ ](auto lanes, Index at, auto rows, auto columns, const auto& each)
        __attribute__((always_inline)) {
      using V = typename decltype(lanes)::V;
      V total(0);
      each([&](Index, V value) __attribute__((always_inline)) { total = total + value; });
      T share = whole;
      if constexpr (std::same_as<decltype(rows), Taps>) {
        if (differ) share = T(1) / static_cast<T>(rows.count() * columns.count());
      }
      lanes.store(here.y + at, total * V(share));
    };
    for_each_window(grid, images, x, sum);
  }
};

template <class T>
struct SpreadWindows {
  static constexpr bool compiled = CompiledScalar<T>;
  bool mean;
  Grid grid;
  Index images;
  const T* y;
  T* x;
  void run() const {
    if (tiles(grid.vertical) && tiles(grid.horizontal) && few<T>(grid.channels) && grid.windows() <= Layout::most<T>)
      return repeat();
    std::array<T, 32> shares;  // of a value among so many pixels
    for (std::size_t n = 1; n < shares.size(); ++n) shares[n] = T(1) / static_cast<T>(n);
    const T whole = mean ? T(1) / static_cast<T>(grid.taps()) : T(1);
    const bool differ = mean && clipped(grid);
    expand_windows(
        grid, images, x,
        [ =, from = y, some = shares.data(), most = std::ssize(shares) ](auto lanes, Index at, Index rows, Index columns)
            __attribute__((always_inline)) {
              using V = typename decltype(lanes)::V;
              const Index pixels = rows * columns;
              const T share = !differ ? whole : pixels < most ? some[pixels] : T(1) / static_cast<T>(pixels);
              return [v = lanes.load(from + at) * V(share)](Index) __attribute__((always_inline)) { return v; };
            });
  }

 private:
  /// Windows that tile their image, of few channels: a row of pixels for each row of windows, and copies of it.
  void repeat() const {
    const Phases phases(grid.horizontal, grid.channels);
    const Index line = grid.horizontal.pixels * grid.channels, row = grid.horizontal.windows * grid.channels;
    const Index tall = grid.vertical.taps, rows = images * grid.vertical.windows, together = Layout::most<T> / row;
    const T share = mean ? T(1) / static_cast<T>(grid.taps()) : T(1);
    std::array<T, static_cast<std::size_t>(Layout::most<T>)> memory;
    for (Index first = 0; first < rows; first += together) {
      const Index count = std::min(together, rows - first);
      const T* const values = y + first * row;
      T *const shares = memory.data(), *to = x + first * tall * line;
      for_each_lane<T>(
          count * row, [=](auto lanes, Index i) __attribute__((always_inline)) {
            using V = typename decltype(lanes)::V;
            lanes.store(shares + i, lanes.load(values + i) * V(share));
          });
      phases.merge<T>({count, to, tall * line, shares, row, 0});
      for (Index r = 0; r < count; ++r, to += tall * line) {
        for (Index copy = 1; copy < tall; ++copy) {
          for_each_lane<T>(
              line, [=](auto lanes, Index i)
                        __attribute__((always_inline)) { lanes.store(to + copy * line + i, lanes.load(to + i)); });
        }
      }
    }
  }
};

}  // namespace detail

/// y = f of the largest value of every window, or of NaN where there is one; place, unless null: where in the window it was, of
/// equal ones the first. f is the epilogue's.
template <class T>
void max_pool(const Grid& grid, Index images, const T* x, T* y, std::type_identity_t<T>* place,
              const Epilogue<T>& epilogue = {}) {
  if (place) {
    launch(detail::MaxPool<T, true>{grid, images, x, y, place, epilogue});
  } else {
    launch(detail::MaxPool<T, false>{grid, images, x, y, place, epilogue});
  }
}

/// Scalars of scratch for put_in_place() with an epilogue.
constexpr Index put_in_place_scratch(const Grid& grid) { return grid.windows(); }

/// x = the values of the windows, f applied, at their places; 0 elsewhere. f is the epilogue's, laid out as the values.
template <class T>
void put_in_place(const Grid& grid, Index images, const T* value, const T* place, T* x,
                  std::type_identity_t<T>* scratch = nullptr, const Epilogue<T>& epilogue = {}) {
  launch(detail::PutInPlace<T>{grid, images, value, place, x, scratch, epilogue});
}

/// The reverse: value = f of x at each window's place.
template <class T>
void take_from_place(const Grid& grid, Index images, const T* x, const T* place, T* value, const Epilogue<T>& epilogue = {}) {
  launch(detail::TakeFromPlace<T>{grid, images, x, place, value, epilogue});
}

/// y = the sums of the windows.
template <class T>
void sum_windows(const Grid& grid, Index images, const T* x, T* y) {
  launch(detail::SumWindows<T>{false, grid, images, x, y});
}
/// y = the means of the windows' pixels.
template <class T>
void average_windows(const Grid& grid, Index images, const T* x, T* y) {
  launch(detail::SumWindows<T>{true, grid, images, x, y});
}

/// x = the values of the windows, at each of their pixels.
template <class T>
void spread_windows(const Grid& grid, Index images, const T* y, T* x) {
  launch(detail::SpreadWindows<T>{false, grid, images, y, x});
}
/// The same, each value divided among its pixels.
template <class T>
void share_windows(const Grid& grid, Index images, const T* y, T* x) {
  launch(detail::SpreadWindows<T>{true, grid, images, y, x});
}

}  // namespace eigencoder::kernels
