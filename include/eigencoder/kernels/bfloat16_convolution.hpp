// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/bfloat16.hpp"
#include "eigencoder/kernels/convolution.hpp"

// Convolutions whose factors are rounded to bfloat16: those of floats, on images of half as many channels, each a pair of two.
namespace eigencoder::kernels {

namespace detail {

/// Values of the weights' pairs, which are on the stack.
inline constexpr Index most_weights_in_bfloat16 = 64 * 64 * 9;

/// The depth goes over `inner` channels, by pairs; the rows are whole panels, all of one height.
inline bool suits_bfloat16(const Correlation& g, Index rows, Index inner, bool framed) {
  return (rows == 16 || rows % 32 == 0) && inner % 16 == 0 && framed && g.weights() <= most_weights_in_bfloat16;
}

#ifdef EIGENCODER_HAS_BFLOAT16
/// The operands in pairs of channels.
struct Pairs {
  using Multiply = MultiplyAddPairs;
  static constexpr Index together = 2;

  /// As Frame::put(), whose channels are the pairs here, of images of floats.
  static const float* around(const Frame& frame, const float* images, Index count, float* memory) {
    const Index here = std::min(frame.height, frame.rows - frame.top), across = std::min(frame.width, frame.columns - frame.left);
    float* to = memory;
    for (Index n = 0; n < count; ++n, images += 2 * frame.image_size()) {
      to = std::fill_n(to, frame.top * frame.row(), 0.0F);
      for (Index y = 0; y < here; ++y) {
        to = std::fill_n(to, frame.left * frame.pixel, 0.0F);
        to = put_row(images + 2 * y * frame.width * frame.channels, across * frame.channels, to);
        to = std::fill_n(to, (frame.columns - frame.left - across) * frame.pixel, 0.0F);
      }
      to = std::fill_n(to, (frame.rows - frame.top - here) * frame.row(), 0.0F);
    }
    return memory;
  }
  /// Panels of so many rows, in pairs of two steps of the depth.
  static void pack(const float* panels, Index size, Index rows, float* to) {
    using P = Packet<float>;
    const Index tall = std::min<Index>(rows, 32);
    for (Index at = 0; at < size; at += 2 * tall, to += tall) {
      for (Index row = 0; row < tall; row += P::size) zipped(P::load(panels + at + row), P::load(panels + at + tall + row)).store(to + row);
    }
  }

 private:
  static float* put_row(const float* from, Index pairs, float* to) {
    using P = Packet<float>;
    Index i = 0;
    for (; i + P::size <= pairs; i += P::size) neighbours(P::load(from + 2 * i), P::load(from + 2 * i + P::size)).store(to + i);
    if (i < pairs) neighbours(P::load(from + 2 * i), P(0)).store_part(to + i, pairs - i);  // 8 are left: channels are multiples of 16
    return to + pairs;
  }
};
#endif

/// A convolution, Correlate<T> or CorrelateTranspose<T>, in bfloat16. To be run where has_bfloat16().
template <class Convolution, class T>
struct ConvolutionInBfloat16 {
  static constexpr bool compiled = std::same_as<T, float>;
  Convolution of;
  Index rows;  ///< channels of the result
#ifdef EIGENCODER_HAS_BFLOAT16
  void run() const {
    alignas(64) T weights[static_cast<std::size_t>(most_weights_in_bfloat16 / 2)];
    Pairs::pack(of.packed, of.g.weights(), rows, weights);
    of.template run_with<Pairs>(weights);
  }
#else
  void run() const;
#endif
};

}  // namespace detail

/// As correlate(), with factors of that precision. In bfloat16 where there are 16, or a multiple of 32, window channels, a multiple of 16
/// pixel channels, and a border around the pixels.
template <class T>
void correlate(Precision precision, const Correlation& g, Index count, const T* pixels, const T* packed, const std::type_identity_t<T>* bias,
               T* windows, T* scratch, const Epilogue<T>& epilogue) {
  if constexpr (detail::knows_bfloat16<T>) {
    if (precision == Precision::bfloat16 && has_bfloat16() &&
        detail::suits_bfloat16(g, g.window_channels, g.pixel_channels, !g.pixel_frame().bare())) {
      return launch(detail::ConvolutionInBfloat16<detail::Correlate<T>, T>{
          {g, count, pixels, packed, bias, windows, scratch, epilogue}, g.window_channels});
    }
  }
  correlate(g, count, pixels, packed, bias, windows, scratch, epilogue);
}

/// As correlate_transpose(), likewise: with windows and pixels exchanged.
template <class T>
void correlate_transpose(Precision precision, const Correlation& g, Index count, const T* windows, const T* packed,
                         const std::type_identity_t<T>* bias, T* pixels, T* scratch, const Epilogue<T>& epilogue) {
  if constexpr (detail::knows_bfloat16<T>) {
    if (precision == Precision::bfloat16 && has_bfloat16() &&
        detail::suits_bfloat16(g, g.pixel_channels, g.window_channels, !g.window_frame().bare())) {
      return launch(detail::ConvolutionInBfloat16<detail::CorrelateTranspose<T>, T>{
          {g, count, windows, packed, bias, pixels, scratch, epilogue}, g.pixel_channels});
    }
  }
  correlate_transpose(g, count, windows, packed, bias, pixels, scratch, epilogue);
}

}  // namespace eigencoder::kernels
