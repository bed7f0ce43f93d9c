// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/window.hpp"
#include "eigencoder/kernels/frame.hpp"
#include "eigencoder/kernels/packet.hpp"

// What kernels/depthwise.hpp does, for few channels and windows at every pixel: packets run along the rows, through the pixels
// of an image with zeros around it, and the weights are repeated for as many pixels as a packet holds.
namespace eigencoder::kernels {

namespace detail {

inline constexpr Index longest_packet = 16;

/// The image that windows with their padding see; backward, the windows that pixels see.
template <bool Backward>
constexpr Frame framed_rows(const Windows& w, Index channels) {
  const auto inside = [](const Axis& a) { return Backward ? a.windows : a.pixels; };
  const auto before = [](const Axis& a) { return Backward ? a.reach() - 1 - a.padding_before : a.padding_before; };
  const auto whole = [](const Axis& a) { return (Backward ? a.pixels : a.windows) + a.reach() - 1; };
  Frame frame({.channels = channels, .height = inside(w.vertical), .width = inside(w.horizontal)});
  frame.top = before(w.vertical), frame.left = before(w.horizontal);
  frame.rows = whole(w.vertical), frame.columns = whole(w.horizontal);
  return frame;
}

constexpr Index taps_of(const Windows& w) { return w.vertical.taps * w.horizontal.taps; }

}  // namespace detail

/// Scalars of scratch for the functions below; 0 where they do not support these windows.
constexpr Index depthwise_rows_scratch(const Windows& w, Index channels) {
  if (channels >= 2 * detail::longest_packet || w.vertical.stride != 1 || w.horizontal.stride != 1) return 0;
  const Index repeated = std::max((detail::taps_of(w) + 1) * (channels + detail::longest_packet),
                                  detail::taps_of(w) * channels * detail::longest_packet);
  return std::max(detail::framed_rows<false>(w, channels).size(), detail::framed_rows<true>(w, channels).size()) +
         detail::longest_packet + repeated;
}

/// Whether they are faster than depthwise().
template <class T>
constexpr bool depthwise_in_rows(const Windows& w, Index channels) {
  return depthwise_rows_scratch(w, channels) > 0 && channels % Packet<T>::size != 0;
}

/// As depthwise().
template <bool Backward, Windows W, Index Channels, class T>
void depthwise_rows(Index images, const T* x, const T* weight, const T* bias, T* y, T* scratch, const Epilogue<T>& epilogue) {
  using P = Packet<T>;
  constexpr Frame frame = detail::framed_rows<Backward>(W, Channels);
  constexpr Index taps = detail::taps_of(W), length = Channels + P::size;
  constexpr Index rows = Backward ? W.vertical.pixels : W.vertical.windows;
  constexpr Index line = (Backward ? W.horizontal.pixels : W.horizontal.windows) * Channels;
  T* const biases = scratch + frame.size() + detail::longest_packet;  // what is read beyond the frame is not used
  T* const weights = biases + length;
  for (Index i = 0; i < length; ++i) {
    biases[i] = bias ? bias[i % Channels] : T(0);
    for (Index t = 0; t < taps; ++t) weights[t * length + i] = weight[(Backward ? taps - 1 - t : t) * Channels + i % Channels];
  }

  const auto block = [&]<std::size_t N>(const T* from, Index at, T* to) {
    std::array<P, N> sums;
    std::array<const T*, N> weights_here;
    for (std::size_t k = 0; k < N; ++k) {
      const Index channel = (at + static_cast<Index>(k) * P::size) % Channels;
      sums[k] = P::load(biases + channel);
      weights_here[k] = weights + channel;
    }
    for (Index v = 0, tap = 0; v < W.vertical.taps; ++v) {
      for (Index h = 0; h < W.horizontal.taps; ++h, ++tap) {
        const T* const source = from + at + v * W.vertical.dilation * frame.row() + h * W.horizontal.dilation * Channels;
        for (std::size_t k = 0; k < N; ++k) {
          sums[k] =
              multiply_add(P::load(weights_here[k] + tap * length), P::load(source + static_cast<Index>(k) * P::size), sums[k]);
        }
      }
    }
    for (std::size_t k = 0; k < N; ++k) {
      T* const place = to + at + static_cast<Index>(k) * P::size;
      const Index lanes = std::min(P::size, to + line - place);
      epilogue.in_registers(sums[k], place - y, lanes).store_first(place, lanes);
    }
  };
  T* to = y;
  for (Index n = 0; n < images; ++n, x += frame.image_size()) {
    frame.put(x, 1, scratch);
    for (Index row = 0; row < rows; ++row, to += line) {
      const T* const from = scratch + row * frame.row();
      Index at = 0;
      for (; at + 4 * P::size <= line; at += 4 * P::size) block.template operator()<4>(from, at, to);
      for (; at < line; at += P::size) block.template operator()<1>(from, at, to);
      if (const Index begin = to - y; epilogue.then) epilogue.in_cache(y, &begin, 1, line);
    }
  }
}

/// As add_depthwise_gradient().
template <Windows W, Index Channels, class T>
void add_depthwise_rows_gradient(Index images, const T* x, const T* dy, T* dweight, T* scratch) {
  using P = Packet<T>;
  constexpr Frame frame = detail::framed_rows<false>(W, Channels);
  constexpr Index taps = detail::taps_of(W), length = Channels * P::size, line = W.horizontal.windows * Channels;
  T* const sums = scratch + frame.size() + detail::longest_packet;  // a place for every lane of `Channels` packets in a row
  std::fill_n(sums, taps * length, T(0));
  for (Index n = 0; n < images; ++n, x += frame.image_size()) {
    frame.put(x, 1, scratch);
    for (Index row = 0; row < W.vertical.windows; ++row, dy += line) {
      for (Index v = 0, tap = 0; v < W.vertical.taps; ++v) {
        for (Index h = 0; h < W.horizontal.taps; ++h, ++tap) {
          const T* const source =
              scratch + (row + v * W.vertical.dilation) * frame.row() + h * W.horizontal.dilation * Channels;
          T* const begin = sums + tap * length;
          for (Index at = 0; at < line; at += P::size) {
            T* const sum = begin + at % length;
            const Index lanes = std::min(P::size, line - at);
            const P product = P::load_first(dy + at, lanes) * P::load(source + at);
            (P::load(sum) + (lanes == P::size ? product : product.first(lanes))).store(sum);
          }
        }
      }
    }
  }
  for (Index tap = 0; tap < taps; ++tap) {
    for (Index i = 0; i < length; ++i) dweight[tap * Channels + i % Channels] += sums[tap * length + i];
  }
}

}  // namespace eigencoder::kernels
