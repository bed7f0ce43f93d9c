// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/window.hpp"
#include "eigencoder/kernels/elementwise.hpp"

// Sums over windows in which every channel has weights of its own and sees no other. Packets lie along the channels.
namespace eigencoder::kernels {

namespace detail {

/// Forward, the pixel under a tap of window `at`; backward, the window that has a tap on pixel `at`; −1 if there is none.
template <bool Backward>
constexpr Index met(const Axis& axis, Index at, Index tap) {
  if constexpr (Backward) {
    const Index distance = at + axis.padding_before - tap * axis.dilation, window = distance / axis.stride;
    return distance >= 0 && distance % axis.stride == 0 && window < axis.windows ? window : -1;
  } else {
    const Index pixel = at * axis.stride - axis.padding_before + tap * axis.dilation;
    return pixel >= 0 && pixel < axis.pixels ? pixel : -1;
  }
}

inline constexpr Index depthwise_together = 4;  ///< outputs for which a weight is loaded once

}  // namespace detail

/// Forward: y(c, p) = f(bias(c) + Σ over taps t of W(c, t) x(c, pixel under t of window p)), zeros beyond the border.
/// Backward, with dy for x and dx for y: dx(c, q) = f(Σ W(c, t) dy(c, window with tap t on q)). `bias` may be null.
/// W(c, t) lies at channels · t + c, taps along the rows. f is the epilogue's.
template <bool Backward, Windows W, Index Channels, class T>
void depthwise(Index images, const T* x, const T* weight, const T* bias, T* y, const Epilogue<T>& epilogue) {
  using P = Packet<T>;
  constexpr Index together = detail::depthwise_together;
  static constexpr Axis down = W.vertical, across = W.horizontal;
  constexpr Index rows = Backward ? down.pixels : down.windows, columns = Backward ? across.pixels : across.windows;
  constexpr Index line = (Backward ? across.windows : across.pixels) * Channels;
  constexpr Index image = (Backward ? down.windows : down.pixels) * line;
  constexpr Index step = (Backward ? 1 : across.stride) * Channels;  // from the input of one output to that of the next
  constexpr auto meets = [](Index column, Index tap) { return detail::met<Backward>(across, column, tap); };
  const auto whole = [=](Index first) {  // no output of a block is beyond the end, and every tap has an input
    constexpr Index last_tap = across.taps - 1;
    const Index last = first + together - 1;
    return last < columns && !(Backward && across.stride > 1) && meets(first, 0) >= 0 && meets(first, last_tap) >= 0 &&
           meets(last, 0) >= 0 && meets(last, last_tap) >= 0;
  };

  const auto block = [&]<bool Whole>(const T* from, Index row, Index first, T* to, Index count) {
    for (Index c = 0; c < Channels; c += P::size) {
      const Index lanes = std::min(P::size, Channels - c);
      std::array<P, static_cast<std::size_t>(together)> sums;
      sums.fill(bias ? P::load_first(bias + c, lanes) : P(0));
      for (Index v = 0; v < down.taps; ++v) {
        const Index met_row = detail::met<Backward>(down, row, v);
        if (met_row < 0) continue;
        const T* const source = from + met_row * line + c;
        for (Index h = 0; h < across.taps; ++h) {
          const P w = P::load_first(weight + (v * across.taps + h) * Channels + c, lanes);
          const auto add = [&](Index o, const T* at) {
            P& sum = sums[static_cast<std::size_t>(o)];
            sum = multiply_add(w, P::load_first(at, lanes), sum);
          };
          for (Index o = 0; o < together; ++o) {
            if constexpr (Whole) {
              add(o, source + meets(first, h) * Channels + o * step);
            } else if (const Index met_column = o < count ? meets(first + o, h) : -1; met_column >= 0) {
              add(o, source + met_column * Channels);
            }
          }
        }
      }
      for (Index o = 0; o < count; ++o) {
        T* const at = to + o * Channels + c;
        epilogue.in_registers(sums[static_cast<std::size_t>(o)], at - y, lanes).store_first(at, lanes);
      }
    }
  };
  T* to = y;
  for (Index n = 0; n < images; ++n, x += image) {
    for (Index row = 0; row < rows; ++row) {
      for (Index first = 0; first < columns; first += together) {
        const Index count = std::min(together, columns - first);
        whole(first) ? block.template operator()<true>(x, row, first, to, together)
                     : block.template operator()<false>(x, row, first, to, count);
        to += count * Channels;
      }
      if (const Index begin = to - y - columns * Channels; epilogue.then) epilogue.in_cache(y, &begin, 1, columns * Channels);
    }
  }
}

/// dW(c, t) += Σ over images and windows p of dy(c, p) x(c, pixel under t of p).
template <Windows W, Index Channels, class T>
void add_depthwise_gradient(Index images, const T* x, const T* dy, T* dweight) {
  using P = Packet<T>;
  static constexpr Axis down = W.vertical, across = W.horizontal;
  constexpr Index line = across.pixels * Channels, step = across.stride * Channels;
  for (Index n = 0; n < images; ++n, x += down.pixels * line) {
    for (Index row = 0; row < down.windows; ++row, dy += across.windows * Channels) {
      for (Index v = 0; v < down.taps; ++v) {
        const Index met_row = detail::met<false>(down, row, v);
        if (met_row < 0) continue;
        for (Index h = 0; h < across.taps; ++h) {
          // Windows [begin, end) have a pixel under this tap.
          Index begin = 0, end = across.windows;
          while (begin < end && detail::met<false>(across, begin, h) < 0) ++begin;
          while (begin < end && detail::met<false>(across, end - 1, h) < 0) --end;
          if (begin == end) continue;
          T* const sum = dweight + (v * across.taps + h) * Channels;
          const T* const from = x + met_row * line + detail::met<false>(across, begin, h) * Channels;
          for (Index c = 0; c < Channels; c += P::size) {
            const Index lanes = std::min(P::size, Channels - c);
            std::array<P, 4> sums{P::load_first(sum + c, lanes), P(0), P(0), P(0)};
            const auto add = [&](std::size_t into, Index p) {
              sums[into] = multiply_add(P::load_first(dy + p * Channels + c, lanes),
                                        P::load_first(from + (p - begin) * step + c, lanes), sums[into]);
            };
            Index p = begin;
            for (; p + 4 <= end; p += 4) {
              for (std::size_t k = 0; k < 4; ++k) add(k, p + static_cast<Index>(k));
            }
            for (; p < end; ++p) add(0, p);
            ((sums[0] + sums[1]) + (sums[2] + sums[3])).store_first(sum + c, lanes);
          }
        }
      }
    }
  }
}

}  // namespace eigencoder::kernels
