// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/frame.hpp"
#include "eigencoder/kernels/pixels.hpp"

// What kernels/depthwise.hpp does, for few channels and windows at every pixel: packets run along the rows, through the pixels
// of an image with zeros around it, and the weights are repeated for as many pixels as a packet holds.
namespace eigencoder::kernels {

namespace detail {

inline constexpr Index longest_packet = 16,
                       most_in_rows = 2 * longest_packet - 1;  ///< channels for which packets run along rows

inline constexpr Index repeated_weights = most_in_rows + longest_packet;  ///< of one tap

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
  if (g.channels > detail::most_in_rows || g.vertical.stride != 1 || g.horizontal.stride != 1) return 0;
  const Index repeated = std::max((g.taps() + 1) * detail::repeated_weights, g.taps() * g.channels * detail::longest_packet);
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

/// Puts image n into a frame, of which the border is made with the first.
template <class T>
void put_image(const Frame& frame, Index n, const T* image, T* in_frame) {
  if (n == 0) return frame.put(image, 1, in_frame);
  const Index line = std::min(frame.width, frame.columns - frame.left) * frame.channels;
  const Index rows = std::min(frame.height, frame.rows - frame.top), row = frame.row(), next = frame.width * frame.channels;
  T* to = in_frame + frame.top * row + frame.left * frame.channels;
  for (Index r = 0; r < rows; ++r, image += next, to += row)
    for_each_lane<T>(
        line, [=](auto lanes, Index i) __attribute__((always_inline)) { lanes.store(to + i, lanes.load(image + i)); });
}

/// Side: for windows of Side × Side pixels, or any if 0.
template <Index Side, class T>
void depthwise_rows_as(const DepthwiseOperands<T>& k) {
  using P = Packet<T>;
  const Grid g = k.grid;
  const bool backward = k.backward;
  const Frame frame = framed_rows(backward, g);
  const Axis down = g.vertical, across = g.horizontal;
  const Index tall = Side > 0 ? Side : down.taps, wide = Side > 0 ? Side : across.taps;
  const Index channels = g.channels, taps = tall * wide, length = channels + P::size, row_of_frame = frame.row();
  const Index next_row = down.dilation * row_of_frame, next_pixel = across.dilation * channels;
  const Index rows = backward ? down.pixels : down.windows, line = (backward ? across.pixels : across.windows) * channels;
  T* const biases = k.scratch + frame.size() + longest_packet;  // what is read beyond the frame is not used
  T* const weights = biases + repeated_weights;
  Cycle channel(channels, 1);
  for (Index i = 0; i < length; ++i, channel.advance()) {
    biases[i] = k.bias ? k.bias[channel] : T(0);
    for (Index t = 0; t < taps; ++t)
      weights[t * repeated_weights + i] = k.weight[(backward ? taps - 1 - t : t) * channels + channel];
  }

  const Epilogue<T> epilogue = k.epilogue;
  const Cycle no_channel(channels, P::size);
  const T* from = k.x;
  T* to = k.y;
  for (Index n = 0; n < k.images; ++n, from += frame.image_size()) {
    put_image(frame, n, from, k.scratch);
    for (Index row = 0; row < rows; ++row, to += line) {
      const T* const source = k.scratch + row * row_of_frame;
      Cycle first_channel = no_channel;
      Index at = 0;
      const auto block = [&]<std::size_t N>() __attribute__((always_inline)) {
        std::array<P, N> sums;
        std::array<const T*, N> weights_here;
        for (std::size_t i = 0; i < N; ++i, first_channel.advance()) {
          sums[i] = P::load(biases + first_channel);
          weights_here[i] = weights + first_channel;
        }
        const T* pixels = source + at;
#pragma GCC unroll 4
        for (Index v = 0; v < tall; ++v, pixels += next_row) {
          const T* pixel = pixels;
#pragma GCC unroll 4
          for (Index h = 0; h < wide; ++h, pixel += next_pixel) {
#pragma GCC unroll 4
            for (std::size_t i = 0; i < N; ++i) {
              const P w = P::load(weights_here[i] + (v * wide + h) * repeated_weights);
              sums[i] = multiply_add(w, P::load(pixel + static_cast<Index>(i) * P::size), sums[i]);
            }
          }
        }
        for (std::size_t i = 0; i < N; ++i, at += P::size) {
          const Index lanes = std::min(P::size, line - at);
          epilogue.in_registers(sums[i], to + at - k.y, lanes).store_first(to + at, lanes);
        }
      };
      while (at + P::size < line) block.template operator()<2>();
      if (at < line) block.template operator()<1>();
      epilogue.in_cache(k.y, to - k.y, line);
    }
  }
}
template <class T>
void depthwise_rows(const DepthwiseOperands<T>& k) {
  k.grid.vertical.taps == 3 && k.grid.horizontal.taps == 3 ? depthwise_rows_as<3>(k) : depthwise_rows_as<0>(k);
}

/// Adds the products of rows of dy with the pixels that windows of Side × Side see, for every lane of each packet in turn.
template <Index Side, class T>
void add_products_of_rows(const Grid& g, const Frame& frame, const T* in_frame, const T* dy, T* sums) {
  using P = Packet<T>;
  const Index channels = g.channels, length = channels * P::size, line = g.horizontal.windows * channels, row = frame.row();
  const Index next_row = g.vertical.dilation * row, next_pixel = g.horizontal.dilation * channels;
  for (Index turn = 0; turn < length && turn < line; turn += P::size, sums += P::size) {
    std::array<P, static_cast<std::size_t>(Side * Side)> sum;
    for (Index t = 0; t < Side * Side; ++t) sum[static_cast<std::size_t>(t)] = P::load(sums + t * length);
    const auto add = [&](const T* gradients, const T* source, Index lanes) __attribute__((always_inline)) {
      const P gradient = P::load_first(gradients, lanes);
#pragma GCC unroll 4
      for (Index v = 0; v < Side; ++v, source += next_row) {
        const T* pixel = source;
#pragma GCC unroll 4
        for (Index h = 0; h < Side; ++h, pixel += next_pixel) {
          P& to = sum[static_cast<std::size_t>(v * Side + h)];
          to = multiply_add(gradient, lanes == P::size ? P::load(pixel) : P::load(pixel).first(lanes), to);
        }
      }
    };
    const T *gradients = dy, *source = in_frame;
    for (Index r = 0; r < g.vertical.windows; ++r, gradients += line, source += row) {
      Index at = turn;
      for (; at + P::size <= line; at += length) add(gradients + at, source + at, P::size);
      if (at < line) add(gradients + at, source + at, line - at);
    }
    for (Index t = 0; t < Side * Side; ++t) sum[static_cast<std::size_t>(t)].store(sums + t * length);
  }
}
/// The same for windows of any size.
template <class T>
void add_products_of_any_rows(const Grid& g, const Frame& frame, const T* in_frame, const T* dy, T* sums) {
  using P = Packet<T>;
  const Axis down = g.vertical, across = g.horizontal;
  const Index channels = g.channels, length = channels * P::size, line = across.windows * channels;
  for (Index row = 0; row < down.windows; ++row, dy += line) {
    Cycle into(length, P::size);
    for (Index at = 0; at < line; at += P::size, into.advance()) {
      const Index lanes = std::min(P::size, line - at);
      const P gradient = P::load_first(dy + at, lanes);
      T* sum = sums + into;
      for (Index v = 0; v < down.taps; ++v) {
        const T* source = in_frame + (row + v * down.dilation) * frame.row() + at;
        for (Index h = 0; h < across.taps; ++h, source += across.dilation * channels, sum += length) {
          const P product = gradient * P::load(source);
          (P::load(sum) + (lanes == P::size ? product : product.first(lanes))).store(sum);
        }
      }
    }
  }
}

template <class T>
void add_depthwise_rows_gradient(const DepthwiseGradientOperands<T>& k) {
  const Grid g = k.grid;
  const Frame frame = framed_rows(false, g);
  const Index channels = g.channels, length = channels * Packet<T>::size;
  T* const sums = k.scratch + frame.size() + longest_packet;  // a place for every lane of `channels` packets in a row
  std::fill_n(sums, g.taps() * length, T(0));
  const bool square = g.vertical.taps == 3 && g.horizontal.taps == 3;
  for (Index n = 0; n < k.images; ++n) {
    put_image(frame, n, k.x + n * frame.image_size(), k.scratch);
    const T* const dy = k.dy + n * g.windows();
    square ? add_products_of_rows<3>(g, frame, k.scratch, dy, sums) : add_products_of_any_rows(g, frame, k.scratch, dy, sums);
  }
  for (Index tap = 0; tap < g.taps(); ++tap) {
    Cycle channel(channels, 1);
    for (Index i = 0; i < length; ++i, channel.advance()) k.dweight[tap * channels + channel] += sums[tap * length + i];
  }
}

}  // namespace detail

}  // namespace eigencoder::kernels
