// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/kernels/pooling.hpp"

namespace eigencoder {

namespace detail {

/// What pools have in common: the shape of what they give, and the images that they refuse.
template <Extent Window, Extent Stride, auto... Options>
struct Pool {
  static_assert((std::is_same_v<decltype(Options), Padding> && ...), "an option of a pool is a Padding");
  static constexpr Windows windows(Shape in) { return {in, Window, Stride, option_or<Padding, Options...>(Padding::valid)}; }
  static constexpr bool lost(Shape in) { return windows(in).vertical.lost() > 0 || windows(in).horizontal.lost() > 0; }

  static constexpr bool accepts(Shape in) { return windows(in).fit() && !lost(in); }
  template <Shape In>
  struct Refusal {
    static_assert(windows(In).fit(), "the window of this pool is larger than its image");
    static_assert(
        !windows(In).fit() || !lost(In),
        "no window of this pool reaches the last rows or columns of its image, which would be lost: crop them with Crop2D, "
        "take Padding::same, or change the window");
  };
  static constexpr Shape output(Shape in) {
    return {.channels = in.channels, .height = windows(in).vertical.windows, .width = windows(in).horizontal.windows};
  }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }
};

}  // namespace detail

/// The largest value of every window, channel by channel.   x: (h, w, c)   y: (⌊(h − p) / s⌋ + 1, …, c) for windows of p and
/// steps of s dx = dy where y came from (of equal values: from the first along the rows), 0 elsewhere; a pixel that won in
/// several windows gets the sum. A NaN in a window becomes its value. Options: Padding::valid (default) or Padding::same, with
/// ⌈h / s⌉ windows, whose padding is never taken. Where valid windows leave out the last rows or columns the layer does not
/// compile (Keras and PyTorch drop them).
template <Extent Window, Extent Stride = Window, auto... Options>
struct MaxPool2D : detail::Pool<Window, Stride, Options...> {
  using Pool = detail::Pool<Window, Stride, Options...>;
  static constexpr Extent window = Window, stride = Stride;

  /// The cache says where in its window each value of y was, counted along the rows.
  static constexpr Needs needs(Shape in) { return {.cache = Pool::output(in).size(), .backward_y = true, .derivative = true}; }

  template <class S, bool Training>
  void forward(Forward<S, Training> pass) const {
    constexpr bool places = Forward<S, Training>::keeps_cache;
    typename S::Scalar* place = nullptr;
    if constexpr (places) place = pass.cache.data();
    kernels::max_pool<places, Pool::windows(S::in), S::in.channels>(pass.x.cols(), pass.x.data(), pass.y.data(), place);
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      const auto *dy = pass.dy.data(), *y = pass.y.data();
      const auto value = [=](auto lanes, Index at) {
        if constexpr (std::is_same_v<typename S::Before, NoEpilogue>) {
          return lanes.load(dy + at);
        } else {  // what was taken is y, so the derivative there is that of the window
          return lanes.load(dy + at) * pass.before.derivative(lanes.load(y + at));
        }
      };
      kernels::put_in_place<Pool::windows(S::in), S::in.channels>(pass.dy.cols(), pass.cache.data(), pass.dx.data(), value);
    }
  }
};

}  // namespace eigencoder
