// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "eigencoder/core/error.hpp"
#include "eigencoder/kernels/draw.hpp"

// Draws masks: which pixels of an image, or steps of a sequence, are hidden.
namespace eigencoder {

/// What a mask hides of an image.
enum class MaskKind : unsigned char {
  box,      ///< a rectangle anywhere in the image; of a sequence, a span of steps
  pixels,   ///< each pixel by itself
  half,     ///< the upper, lower, left or right half, without the middle row or column of an odd number
  strokes,  ///< lines with corners, as of a brush
  any       ///< for every sample one of these four
};

/// How masks are drawn. Every option belongs to one kind; `any` reads all.
struct MaskOptions {
  MaskKind kind = MaskKind::box;
  double least = 0.25, most = 0.5;  ///< box: its height and its width, as shares of the image's, each drawn between these
  double rate = 0.5;                ///< pixels: the probability that a pixel is hidden
  Index strokes = 3;                ///< strokes: how many at most; there is one at least
  double width = 3;                 ///< strokes: how wide they are, in pixels

  /// Throws OptionError.
  constexpr void check() const {
    if (!(least > 0 && least <= most && most <= 1)) {
      raise<OptionError>("MaskOptions: expected 0 < least <= most <= 1, found ", least, " and ", most);
    }
    if (!(rate > 0 && rate < 1)) raise<OptionError>("MaskOptions: expected a rate between 0 and 1, found ", rate);
    if (!(strokes >= 1 && strokes <= 1000)) raise<OptionError>("MaskOptions: expected from 1 to 1000 strokes, found ", strokes);
    if (!(width >= 1 && width <= 1e6)) raise<OptionError>("MaskOptions: expected a width from 1 to 10⁶ pixels, found ", width);
  }
};

namespace kernels {

/// 1 where the draw u is below the rate, else 0.
struct DrawnBelow {
  using InComponent = DrawnBelow;
  double rate;
  template <class V>
  V operator()(V u) const {
    return where(u < V(rate), V(1), V(0));
  }
};

/// One mask of height × width pixels, row by row, 1 where hidden and 0 where seen. It depends on the options and the addresses
/// of `random` alone, and float and double draw the same.
template <class T>
class MaskDraw {
 public:
  MaskDraw(const MaskOptions& options, const Random& random, Index sample, Index height, Index width, T* mask)
      : options_(options), random_(random), sample_(sample), height_(height), width_(width), mask_(mask) {}

  void draw() {
    constexpr std::array kinds{MaskKind::box, MaskKind::pixels, MaskKind::half, MaskKind::strokes};
    draw(options_.kind == MaskKind::any ? kinds[static_cast<std::size_t>(below(4))] : options_.kind);
  }

 private:
  static constexpr Index segments = 4;            // of a stroke
  static constexpr double longest = 0.4;          // a segment, in either direction, as a share of the image's side
  static constexpr Index first = Index{1} << 30;  // address of the first draw that is not of a pixel

  void draw(MaskKind kind) {
    if (kind == MaskKind::pixels) {
      const double rate = std::ceil(options_.rate * 0x1p24) * 0x1p-24;  // on the grid of the draws: the same for float
      transform_draws<Uniform>(random_, sample_, height_ * width_, mask_, DrawnBelow{rate});
      return;
    }
    std::fill_n(mask_, height_ * width_, T(0));
    if (kind == MaskKind::box) {
      const Index rows = side(height_), columns = side(width_), top = below(height_ - rows + 1);
      hide(top, below(width_ - columns + 1), rows, columns);
    } else if (kind == MaskKind::half) {
      const bool across = height_ == 1 || (width_ > 1 && below(2) == 1), last = below(2) == 1;
      const Index rows = across ? height_ : height_ / 2, columns = across ? width_ / 2 : width_;
      hide(last ? height_ - rows : 0, last ? width_ - columns : 0, rows, columns);
    } else {
      for (Index count = 1 + below(options_.strokes); count > 0; --count) stroke();
    }
  }

  double uniform() { return random_.uniform(sample_, next_++); }
  Index below(Index bound) { return random_.below(bound, sample_, next_++); }

  Index side(Index of_image) {
    const auto share = [=](double part) {
      return std::clamp<Index>(static_cast<Index>(part * static_cast<double>(of_image) + 0.5), 1, of_image);
    };
    const Index shortest = share(options_.least);
    return shortest + below(share(options_.most) - shortest + 1);
  }
  void hide(Index top, Index left, Index rows, Index columns) {
    for (Index i = top; i < top + rows; ++i) std::fill_n(mask_ + i * width_ + left, columns, T(1));
  }

  /// Segments from corner to corner. The first begins at a pixel's centre, so that something is hidden.
  void stroke() {
    double y = static_cast<double>(below(height_)), x = static_cast<double>(below(width_));
    for (Index s = 0; s < segments; ++s) {
      const auto onward = [this](double from, Index extent) {
        const double step = (2 * uniform() - 1) * longest * static_cast<double>(extent);
        return std::clamp(from + step, 0.0, static_cast<double>(extent - 1));
      };
      const double to_y = onward(y, height_), to_x = onward(x, width_);
      segment(y, x, to_y, to_x);
      y = to_y;
      x = to_x;
    }
  }
  /// Hides the pixels whose centres are within half a width of the segment.
  void segment(double y0, double x0, double y1, double x1) {
    const double radius = options_.width / 2, dy = y1 - y0, dx = x1 - x0, square = dy * dy + dx * dx;
    const auto begin = [=](double a, double b) { return std::max<Index>(0, static_cast<Index>(std::min(a, b) - radius)); };
    const auto end = [=](double a, double b, Index extent) {
      return static_cast<Index>(std::min(static_cast<double>(extent - 1), std::max(a, b) + radius)) + 1;
    };
    for (Index i = begin(y0, y1); i < end(y0, y1, height_); ++i) {
      for (Index j = begin(x0, x1); j < end(x0, x1, width_); ++j) {
        const double v = static_cast<double>(i) - y0, u = static_cast<double>(j) - x0;
        const double along = square > 0 ? std::clamp((v * dy + u * dx) / square, 0.0, 1.0) : 0.0;
        const double off_y = v - along * dy, off_x = u - along * dx;
        if (off_y * off_y + off_x * off_x <= radius * radius) mask_[i * width_ + j] = T(1);
      }
    }
  }

  const MaskOptions& options_;
  const Random& random_;
  Index sample_, height_, width_, next_ = first;
  T* mask_;
};

template <class T>
void draw_mask(const MaskOptions& options, const Random& random, Index sample, Index height, Index width, T* mask) {
  MaskDraw<T>(options, random, sample, height, width, mask).draw();
}

}  // namespace kernels

}  // namespace eigencoder
