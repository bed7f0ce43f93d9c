// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/pixels.hpp"

namespace eigencoder::kernels {

/// y = the largest value of every window, or NaN where there is one; place = where in the window it was, of equal ones the
/// first.
template <bool Places, Windows W, Index Channels, class T>
void max_pool(Index images, const T* x, T* y, T* place) {
  reduce_windows<W, Channels>(images, x, [=](auto lanes, Index at, auto, auto, auto each) {
    using V = typename decltype(lanes)::V;
    V most(0), winner(0);
    bool first = true;
    each([&](Index k, V value) {
      const V here(static_cast<T>(k));
      if constexpr (Places) winner = first ? here : where(most < value, here, winner);
      most = first ? value : where(value <= value, max(most, value), value);
      first = false;
    });
    lanes.store(y + at, most);
    if constexpr (Places) lanes.store(place + at, winner);
  });
}

/// x = the values of the windows at their places, 0 elsewhere. value(lanes, at) is a window's.
template <Windows W, Index Channels, class T, class F>
void put_in_place(Index images, const T* place, T* x, F value) {
  expand_windows<W, Channels>(images, x, [=](auto lanes, Index at, Index, Index) {
    using V = typename decltype(lanes)::V;
    return [v = value(lanes, at), winner = lanes.load(place + at)](Index k) {
      return where(winner == V(static_cast<T>(k)), v, V(0));
    };
  });
}

/// The reverse: store(lanes, at, value) gets the value of x at each window's place.
template <Windows W, Index Channels, class T, class F>
void take_from_place(Index images, const T* place, const T* x, F store) {
  reduce_windows<W, Channels>(images, x, [=](auto lanes, Index at, auto, auto, auto each) {
    using V = typename decltype(lanes)::V;
    const V winner = lanes.load(place + at);
    V found(0);
    each([&](Index k, V value) { found = where(winner == V(static_cast<T>(k)), value, found); });
    store(lanes, at, found);
  });
}

/// y = the sums of the windows; their means if Mean.
template <bool Mean, Windows W, Index Channels, class T>
void sum_windows(Index images, const T* x, T* y) {
  reduce_windows<W, Channels>(images, x, [=](auto lanes, Index at, auto rows, auto columns, auto each) {
    using V = typename decltype(lanes)::V;
    V sum(0);
    each([&](Index, V value) { sum = sum + value; });
    const T share = Mean ? T(1) / static_cast<T>((rows.end - rows.begin) * (columns.end - columns.begin)) : T(1);
    lanes.store(y + at, sum * V(share));
  });
}

/// x = the values of the windows, at each of their pixels; divided among these if Mean.
template <bool Mean, Windows W, Index Channels, class T>
void spread_windows(Index images, const T* y, T* x) {
  expand_windows<W, Channels>(images, x, [=](auto lanes, Index at, Index i, Index j) {
    using V = typename decltype(lanes)::V;
    const double share = Mean ? Grid<W, Channels>::share(i, j) : 1;
    return [v = lanes.load(y + at) * V(share)](Index) { return v; };
  });
}

}  // namespace eigencoder::kernels
