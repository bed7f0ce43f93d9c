// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <limits>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/kernels/draw.hpp"

// What corrupts the input of a denoising autoencoder, or any activation, in training. Vincent, Larochelle, Bengio and Manzagol,
// 2008.
namespace eigencoder {

/// The range that corrupted values are cut to; without bounds, none is. Throws OptionError unless low < high.
struct Clip {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();

  constexpr Clip() = default;
  constexpr Clip(double least, double most) : low(least), high(most) {
    if (!(low < high)) throw OptionError(message("Clip: low must be less than high, found ", low, " and ", high));
  }
};

/// y = clip(x + σ n), n ~ N(0, 1) for every value anew in each step; in training alone, predictions pass x through.
///   GaussianNoise{0.3}   GaussianNoise{0.5, Clip{0, 1}}
/// dx = dy where y lies between the bounds of the clip, else 0. σ must be finite and not negative. Throws OptionError.
struct GaussianNoise {
  double sigma;
  Clip clip;

  constexpr explicit GaussianNoise(double deviation, Clip range = {}) : sigma(deviation), clip(range) {
    if (!(sigma >= 0 && sigma <= std::numeric_limits<double>::max())) {
      throw OptionError(message("GaussianNoise: sigma must be finite and not negative, found ", sigma));
    }
  }

  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) { return in; }
  static constexpr Needs needs(Shape) { return {.backward_y = true, .in_place = true, .training_only = true}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, bool Training>
  void forward(Forward<S, Training> pass) const {
    using V = kernels::Packet<typename S::Scalar>;
    const V deviation(sigma), low(clip.low), high(clip.high);
    for (Index j = 0; j < pass.x.cols(); ++j) {
      kernels::transform_draws<kernels::Normal>(
          pass.random, j, pass.x.rows(), pass.y.col(j).data(),
          [=](V n, V x) { return min(max(multiply_add(deviation, n, x), low), high); }, pass.x.col(j).data());
    }
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      using V = kernels::Packet<typename S::Scalar>;
      const V low(clip.low), high(clip.high), zero(0);
      kernels::transform(
          pass.dy.size(), pass.dx.data(), [=](V dy, V y) { return where(y <= low, zero, where(high <= y, zero, dy)); },
          pass.dy.data(), pass.y.data());
    }
  }
};

}  // namespace eigencoder
