// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/frame.hpp"
#include "eigencoder/kernels/pixels.hpp"

// What kernels/depthwise.hpp does, for few channels and windows at every pixel: packets run along the rows, through the pixels
// of an image with zeros around it, and the weights are repeated for as many pixels as a packet holds.
namespace eigencoder::kernels {

namespace detail {

inline constexpr Index longest_packet = 16;

/// The image that windows with their padding see; backward, the windows that pixels see.
constexpr Frame framed_rows(bool backward, const Grid& g) {
  const auto inside = [=](const Axis& a) { return backward ? a.windows : a.pixels; };
  const auto before = [=](const Axis& a) { return backward ? a.reach() - 1 - a.padding_before : a.padding_before; };
  const auto whole = [=](const Axis& a) { return (backward ? a.pixels : a.windows) + a.reach() - 1; };
  Frame frame({.channels = g.channels, .height = inside(g.vertical), .width = inside(g.horizontal)});
  frame.top = before(g.vertical), frame.left = before(g.horizontal);
  frame.rows = whole(g.vertical), frame.columns = whole(g.horizontal);
  return frame;
}

}  // namespace detail

/// Scalars of scratch for depthwise(), its transpose and its gradient; 0 where packets never run along the rows.
constexpr Index depthwise_scratch(const Grid& g) {
  if (g.channels >= 2 * detail::longest_packet || g.vertical.stride != 1 || g.horizontal.stride != 1) return 0;
  const Index repeated =
      std::max((g.taps() + 1) * (g.channels + detail::longest_packet), g.taps() * g.channels * detail::longest_packet);
  return std::max(detail::framed_rows(false, g).size(), detail::framed_rows(true, g).size()) + detail::longest_packet +
         repeated;
}

namespace detail {

/// Whether packets along the rows are possible and faster.
template <class T>
bool along_rows(const Grid& g) {
  return g.channels % Packet<T>::size != 0 && depthwise_scratch(g) > 0;
}

/// A number modulo `period`, which grows by steps.
class Cycle {
 public:
  constexpr Cycle(Index period, Index step) : period_(period), step_(step % period) {}
  constexpr operator Index() const { return at_; }
  constexpr void advance() {
    at_ += step_;
    if (at_ >= period_) at_ -= period_;
  }

 private:
  Index period_, step_, at_ = 0;
};

template <class T>
struct DepthwiseOperands {
  bool backward;
  Grid grid;
  Index images;
  const T *x, *weight, *bias;
  T *y, *scratch;
  Epilogue<T> epilogue;
};
template <class T>
struct DepthwiseGradientOperands {
  Grid grid;
  Index images;
  const T *x, *dy;
  T *dweight, *scratch;
};

/// Side: for windows of Side × Side pixels, or any if 0.
template <Index Side, class T>
void depthwise_rows_as(const DepthwiseOperands<T>& k) {
  using P = Packet<T>;
  const Grid g = k.grid;
  const bool backward = k.backward;
  const Frame frame = framed_rows(backward, g);
  const Axis down = g.vertical, across = g.horizontal;
  const Index tall = Side > 0 ? Side : down.taps, wide = Side > 0 ? Side : across.taps;
  const Index channels = g.channels, taps = tall * wide, length = channels + P::size;
  const Index rows = backward ? down.pixels : down.windows, line = (backward ? across.pixels : across.windows) * channels;
  T* const biases = k.scratch + frame.size() + longest_packet;  // what is read beyond the frame is not used
  T* const weights = biases + length;
  Cycle channel(channels, 1);
  for (Index i = 0; i < length; ++i, channel.advance()) {
    biases[i] = k.bias ? k.bias[channel] : T(0);
    for (Index t = 0; t < taps; ++t) weights[t * length + i] = k.weight[(backward ? taps - 1 - t : t) * channels + channel];
  }

  const Cycle no_channel(channels, P::size);
  const T* from = k.x;
  T* to = k.y;
  for (Index n = 0; n < k.images; ++n, from += frame.image_size()) {
    frame.put(from, 1, k.scratch);
    for (Index row = 0; row < rows; ++row, to += line) {
      const T* const source = k.scratch + row * frame.row();
      Cycle first_channel = no_channel;
      Index at = 0;
      const auto block = [&]<std::size_t N>() __attribute__((always_inline)) {
        std::array<P, N> sums;
        std::array<const T*, N> weights_here;
        for (std::size_t i = 0; i < N; ++i, first_channel.advance()) {
          sums[i] = P::load(biases + first_channel);
          weights_here[i] = weights + first_channel;
        }
#pragma GCC unroll 4
        for (Index v = 0; v < tall; ++v) {
          const T* const pixels = source + (at + v * down.dilation * frame.row());
#pragma GCC unroll 4
          for (Index h = 0; h < wide; ++h) {
            const T* const pixel = pixels + h * across.dilation * channels;
#pragma GCC unroll 4
            for (std::size_t i = 0; i < N; ++i) {
              const P w = P::load(weights_here[i] + (v * wide + h) * length);
              sums[i] = multiply_add(w, P::load(pixel + static_cast<Index>(i) * P::size), sums[i]);
            }
          }
        }
        for (std::size_t i = 0; i < N; ++i, at += P::size) {
          const Index lanes = std::min(P::size, line - at);
          k.epilogue.in_registers(sums[i], to + at - k.y, lanes).store_first(to + at, lanes);
        }
      };
      while (at + 4 * P::size <= line) block.template operator()<4>();
      while (at < line) block.template operator()<1>();
      k.epilogue.in_cache(k.y, to - k.y, line);
    }
  }
}
template <class T>
void depthwise_rows(const DepthwiseOperands<T>& k) {
  k.grid.vertical.taps == 3 && k.grid.horizontal.taps == 3 ? depthwise_rows_as<3>(k) : depthwise_rows_as<0>(k);
}

template <class T>
void add_depthwise_rows_gradient(const DepthwiseGradientOperands<T>& k) {
  using P = Packet<T>;
  const Grid g = k.grid;
  const Frame frame = framed_rows(false, g);
  const Axis down = g.vertical, across = g.horizontal;
  const Index channels = g.channels, length = channels * P::size, line = across.windows * channels;
  T* const sums = k.scratch + frame.size() + longest_packet;  // a place for every lane of `channels` packets in a row
  std::fill_n(sums, g.taps() * length, T(0));
  const T *from = k.x, *dy = k.dy;
  for (Index n = 0; n < k.images; ++n, from += frame.image_size()) {
    frame.put(from, 1, k.scratch);
    for (Index row = 0; row < down.windows; ++row, dy += line) {
      Cycle into(length, P::size);
      for (Index at = 0; at < line; at += P::size, into.advance()) {
        const Index lanes = std::min(P::size, line - at);
        const P gradient = P::load_first(dy + at, lanes);
        T* sum = sums + into;
        for (Index v = 0; v < down.taps; ++v) {
          const T* source = k.scratch + (row + v * down.dilation) * frame.row() + at;
          for (Index h = 0; h < across.taps; ++h, source += across.dilation * channels, sum += length) {
            const P product = gradient * P::load(source);
            (P::load(sum) + (lanes == P::size ? product : product.first(lanes))).store(sum);
          }
        }
      }
    }
  }
  for (Index tap = 0; tap < g.taps(); ++tap) {
    Cycle channel(channels, 1);
    for (Index i = 0; i < length; ++i, channel.advance()) k.dweight[tap * channels + channel] += sums[tap * length + i];
  }
}

}  // namespace detail

}  // namespace eigencoder::kernels
