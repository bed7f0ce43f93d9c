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
    const Index distance = at + axis.before - tap * axis.dilation, window = distance / axis.stride;
    return distance >= 0 && distance % axis.stride == 0 && window < axis.windows ? window : -1;
  } else {
    const Index pixel = at * axis.stride - axis.before + tap * axis.dilation;
    return pixel >= 0 && pixel < axis.pixels ? pixel : -1;
  }
}

/// The same for all places of an axis and all taps.
template <bool Backward, Axis A>
inline constexpr auto meetings = [] {
  constexpr Index places = Backward ? A.pixels : A.windows;
  std::array<std::array<Index, static_cast<std::size_t>(A.taps)>, static_cast<std::size_t>(places)> all{};
  for (Index at = 0; at < places; ++at) {
    for (Index tap = 0; tap < A.taps; ++tap)
      all[static_cast<std::size_t>(at)][static_cast<std::size_t>(tap)] = met<Backward>(A, at, tap);
  }
  return all;
}();

inline constexpr Index depthwise_together = 4;  ///< outputs for which a weight is loaded once

}  // namespace detail

/// Forward: y(c, p) = finish(bias(c) + Σ over taps t of W(c, t) x(c, pixel under t of window p)), zeros beyond the border.
/// Backward, with dy for x and dx for y: dx(c, q) = finish(Σ W(c, t) dy(c, window with tap t on q)). `bias` may be null.
/// W(c, t) lies at channels · t + c, taps along the rows. finish(packet, place in y, lanes).
template <bool Backward, Windows W, Index Channels, class T, class Finish>
void depthwise(Index images, const T* x, const T* weight, const T* bias, T* y, Finish finish) {
  using P = Packet<T>;
  constexpr Index together = detail::depthwise_together;
  constexpr auto& down = detail::meetings<Backward, W.vertical>;
  constexpr auto& across = detail::meetings<Backward, W.horizontal>;
  constexpr Index rows = static_cast<Index>(down.size()), columns = static_cast<Index>(across.size());
  constexpr Index line = (Backward ? W.horizontal.windows : W.horizontal.pixels) * Channels;
  constexpr Index image = (Backward ? W.vertical.windows : W.vertical.pixels) * line;
  constexpr Index step = (Backward ? 1 : W.horizontal.stride) * Channels;  // from what one output meets to what the next does
  constexpr auto whole = [](std::size_t first) {  // no output of a block is beyond the end, and all taps meet something
    if (first + together > across.size() || (Backward && W.horizontal.stride > 1)) return false;
    for (const Index meets : across[first])
      if (meets < 0) return false;
    for (const Index meets : across[first + together - 1])
      if (meets < 0) return false;
    return true;
  };

  const auto block = [&]<bool Whole>(const T* from, std::size_t row, std::size_t first, T* to, Index count) {
    for (Index c = 0; c < Channels; c += P::size) {
      const Index lanes = std::min(P::size, Channels - c);
      std::array<P, together> sums;
      sums.fill(bias ? P::load_first(bias + c, lanes) : P(0));
      for (std::size_t v = 0; v < down[0].size(); ++v) {
        if (down[row][v] < 0) continue;
        const T* const source = from + down[row][v] * line + c;
        const T* const weights = weight + static_cast<Index>(v * across[0].size()) * Channels + c;
        for (std::size_t h = 0; h < across[0].size(); ++h) {
          const P w = P::load_first(weights + static_cast<Index>(h) * Channels, lanes);
          for (std::size_t o = 0; o < together; ++o) {
            if constexpr (Whole) {
              sums[o] = multiply_add(
                  w, P::load_first(source + across[first][h] * Channels + static_cast<Index>(o) * step, lanes), sums[o]);
            } else if (static_cast<Index>(o) < count && across[first + o][h] >= 0) {
              sums[o] = multiply_add(w, P::load_first(source + across[first + o][h] * Channels, lanes), sums[o]);
            }
          }
        }
      }
      for (Index o = 0; o < count; ++o) {
        T* const at = to + o * Channels + c;
        finish(sums[static_cast<std::size_t>(o)], at - y, lanes).store_first(at, lanes);
      }
    }
  };
  T* to = y;
  for (Index n = 0; n < images; ++n, x += image) {
    for (std::size_t row = 0; row < rows; ++row) {
      for (Index first = 0; first < columns; first += together) {
        const Index count = std::min(together, columns - first);
        const auto begin = static_cast<std::size_t>(first);
        whole(begin) ? block.template operator()<true>(x, row, begin, to, together)
                     : block.template operator()<false>(x, row, begin, to, count);
        to += count * Channels;
      }
    }
  }
}

/// dW(c, t) += Σ over images and windows p of dy(c, p) x(c, pixel under t of p).
template <Windows W, Index Channels, class T>
void add_depthwise_gradient(Index images, const T* x, const T* dy, T* dweight) {
  using P = Packet<T>;
  constexpr auto& down = detail::meetings<false, W.vertical>;
  constexpr auto& across = detail::meetings<false, W.horizontal>;
  constexpr Index line = W.horizontal.pixels * Channels, step = W.horizontal.stride * Channels;
  for (Index n = 0; n < images; ++n, x += W.vertical.pixels * line) {
    for (std::size_t row = 0; row < down.size(); ++row, dy += W.horizontal.windows * Channels) {
      for (std::size_t v = 0; v < down[0].size(); ++v) {
        if (down[row][v] < 0) continue;
        const T* const source = x + down[row][v] * line;
        for (std::size_t h = 0; h < across[0].size(); ++h) {
          // Windows [begin, end) have a pixel under this tap.
          Index begin = 0, end = W.horizontal.windows;
          while (begin < end && across[static_cast<std::size_t>(begin)][h] < 0) ++begin;
          while (begin < end && across[static_cast<std::size_t>(end - 1)][h] < 0) --end;
          if (begin == end) continue;
          T* const sum = dweight + static_cast<Index>(v * across[0].size() + h) * Channels;
          const T* const from = source + across[static_cast<std::size_t>(begin)][h] * Channels;
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
