// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <limits>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/kernels/draw.hpp"

// What corrupts the input of a denoising autoencoder, or any activation, in training. Vincent, Larochelle, Bengio and Manzagol,
// 2008.
namespace eigencoder {

namespace detail {

constexpr double noise_rate(const char* layer, double rate) {
  if (!(rate >= 0 && rate < 1)) raise<OptionError>(layer, ": rate must be in [0, 1), found ", rate);
  return rate;
}

/// to = `from`, with 0 where the draw is below the rate, and the other values scaled.
template <class From, class To>
void clear_hit(const Random& random, double rate, double scale, const From& from, To& to) {
  using V = kernels::Packet<typename To::Scalar>;
  const V hit(rate), factor(scale), zero(0);
  for (Index j = 0; j < from.cols(); ++j) {
    kernels::transform_draws<kernels::Uniform>(
        random, j, from.rows(), to.col(j).data(), [=](V u, V v) { return where(u < hit, zero, factor * v); },
        from.col(j).data());
  }
}

}  // namespace detail

/// The range that corrupted values are cut to. By default it has no bounds. Throws OptionError unless low < high.
struct Clip {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();

  constexpr Clip() = default;
  constexpr Clip(double least, double most) : low(least), high(most) {
    if (!(low < high)) raise<OptionError>("Clip: low must be less than high, found ", low, " and ", high);
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
      raise<OptionError>("GaussianNoise: sigma must be finite and not negative, found ", sigma);
    }
  }
  constexpr std::array<Setting, 3> settings() const {
    return {{{"sigma", sigma}, {"clip.low", clip.low}, {"clip.high", clip.high}}};
  }

  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) { return in; }
  static constexpr Needs needs(Shape) { return {.backward_y = true, .in_place = true, .training_only = true}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
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

/// Each value is 0 with probability `rate` and x otherwise, anew in each step; in training alone, predictions pass x through.
/// dx is 0 where y was masked, else dy. Unlike Dropout it does not scale what is left: a corrupted input keeps its range. The
/// rate must be in [0, 1). Throws OptionError.
struct MaskingNoise {
  double rate;

  constexpr explicit MaskingNoise(double masked) : rate(detail::noise_rate("MaskingNoise", masked)) {}
  constexpr std::array<Setting, 1> settings() const { return {{{"rate", rate}}}; }

  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) { return in; }
  static constexpr Needs needs(Shape) { return {.in_place = true, .training_only = true}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    detail::clear_hit(pass.random, rate, 1, pass.x, pass.y);
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) detail::clear_hit(pass.random, rate, 1, pass.dy, pass.dx);
  }
};

/// Each value is `pepper` with probability rate / 2, `salt` with probability rate / 2 and x otherwise, anew in each step; in
/// training alone, predictions pass x through.
///   SaltAndPepperNoise{0.2}   SaltAndPepperNoise{0.2, -1, 1}
/// dx is 0 where y was replaced, else dy. The rate must be in [0, 1), pepper and salt finite. Throws OptionError.
struct SaltAndPepperNoise {
  double rate, pepper, salt;

  constexpr explicit SaltAndPepperNoise(double replaced, double least = 0, double most = 1)
      : rate(detail::noise_rate("SaltAndPepperNoise", replaced)), pepper(least), salt(most) {
    const auto finite = [](double value) { return value - value == 0; };
    if (!finite(pepper) || !finite(salt)) {
      raise<OptionError>("SaltAndPepperNoise: pepper and salt must be finite, found ", pepper, " and ", salt);
    }
  }
  constexpr std::array<Setting, 3> settings() const { return {{{"rate", rate}, {"pepper", pepper}, {"salt", salt}}}; }

  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) { return in; }
  static constexpr Needs needs(Shape) { return {.in_place = true, .training_only = true}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    using V = kernels::Packet<typename S::Scalar>;
    const V replaced(rate), half(rate / 2), low(pepper), high(salt);
    for (Index j = 0; j < pass.x.cols(); ++j) {
      kernels::transform_draws<kernels::Uniform>(
          pass.random, j, pass.x.rows(), pass.y.col(j).data(),
          [=](V u, V x) { return where(u < half, low, where(u < replaced, high, x)); }, pass.x.col(j).data());
    }
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) detail::clear_hit(pass.random, rate, 1, pass.dy, pass.dx);
  }
};

}  // namespace eigencoder
