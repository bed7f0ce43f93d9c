// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "eigencoder/core/shape.hpp"

// How the windows of convolutions and pools lie over an image.
namespace eigencoder {

/// Height and width of a kernel, a pool or a stride; one number stands for both.
struct Extent {
  Index height = 1, width = 1;

  constexpr Extent(Index both) : Extent(both, both) {}
  constexpr Extent(Index rows, Index columns) : height(detail::positive(rows)), width(detail::positive(columns)) {}
  constexpr Index size() const { return height * width; }
  friend constexpr bool operator==(Extent, Extent) = default;
};

/// same: zeros around the image, so that ⌈extent / stride⌉ windows fit; where their number is odd, the odd one goes below or to
/// the right, as in Keras (PyTorch pads both sides alike, so strided layers differ from it).
/// valid: only windows that lie wholly within the image.
enum class Padding { same, valid };

/// Pixels from one tap of a kernel to the next.
struct Dilation {
  Index height = 1, width = 1;

  constexpr explicit Dilation(Index both) : Dilation(both, both) {}
  constexpr Dilation(Index rows, Index columns) : height(detail::positive(rows)), width(detail::positive(columns)) {}
  friend constexpr bool operator==(Dilation, Dilation) = default;
};

/// Windows along one axis: window i begins at pixel i · stride − padding_before, and looks at `taps` pixels `dilation` apart.
struct Axis {
  Index pixels = 1, taps = 1, stride = 1, dilation = 1;
  Index padding_before = 0;  ///< pixels of padding before the first
  Index windows = 1;  ///< how many there are; 0 or less: not even one fits

  constexpr Axis(Index length, Index tap_count, Index step, Index spread, Padding padding)
      : pixels(length), taps(tap_count), stride(step), dilation(spread) {
    windows = count(pixels, reach(), stride, padding);
    if (padding == Padding::same) padding_before = std::max<Index>((windows - 1) * stride + reach() - pixels, 0) / 2;
  }

  /// How many windows of that reach an axis of so many pixels has.
  static constexpr Index count(Index pixels, Index reach, Index stride, Padding padding) {
    if (padding == Padding::same) return (pixels + stride - 1) / stride;
    return pixels < reach ? 0 : (pixels - reach) / stride + 1;
  }

  /// Pixels from a window's first tap to its last, both counted.
  constexpr Index reach() const { return (taps - 1) * dilation + 1; }
  /// Pixels at the end that no window reaches.
  constexpr Index lost() const { return std::max<Index>(pixels + padding_before - (windows - 1) * stride - reach(), 0); }
  friend constexpr bool operator==(const Axis&, const Axis&) = default;
};

/// Both axes of an image.
struct Windows {
  Axis vertical, horizontal;

  constexpr Windows(Shape image, Extent window, Extent stride, Padding padding, Dilation dilation = Dilation{1})
      : vertical(image.height, window.height, stride.height, dilation.height, padding),
        horizontal(image.width, window.width, stride.width, dilation.width, padding) {}

  constexpr bool fit() const { return vertical.windows > 0 && horizontal.windows > 0; }
  constexpr Index count() const { return vertical.windows * horizontal.windows; }
  /// A window of several pixels on an image of one, as features(n) is: all but one of them see nothing but padding.
  constexpr bool on_one_pixel() const {
    return vertical.pixels * horizontal.pixels == 1 && vertical.taps * horizontal.taps > 1;
  }
  friend constexpr bool operator==(const Windows&, const Windows&) = default;
};

}  // namespace eigencoder
