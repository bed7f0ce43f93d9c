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

/// 0 where the draw u is below the rate, else v scaled.
struct ClearHit {
  using InComponent = ClearHit;
  double rate, scale;
  template <class V>
  V operator()(V u, V v) const {
    return kernels::where(u < V(rate), V(0), V(scale) * v);
  }
};
template <class From, class To>
void clear_hit(const Random& random, double rate, double scale, const From& from, To& to) {
  for (Index j = 0; j < from.cols(); ++j) {
    kernels::transform_draws<kernels::Uniform>(random, j, from.rows(), to.col(j).data(), ClearHit{rate, scale},
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

  /// clip(x + σ n)
  struct AddNoise {
    using InComponent = AddNoise;
    double sigma, low, high;
    template <class V>
    V operator()(V n, V x) const {
      return kernels::min(kernels::max(kernels::multiply_add(V(sigma), n, x), V(low)), V(high));
    }
  };
  /// dy where y lies between the bounds, else 0
  struct BetweenBounds {
    using InComponent = BetweenBounds;
    double low, high;
    template <class V>
    V operator()(V dy, V y) const {
      return kernels::where(y <= V(low), V(0), kernels::where(V(high) <= y, V(0), dy));
    }
  };

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    for (Index j = 0; j < pass.x.cols(); ++j) {
      kernels::transform_draws<kernels::Normal>(pass.random, j, pass.x.rows(), pass.y.col(j).data(),
                                                AddNoise{sigma, clip.low, clip.high}, pass.x.col(j).data());
    }
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      kernels::transform(pass.dy.size(), pass.dx.data(), BetweenBounds{clip.low, clip.high}, pass.dy.data(), pass.y.data());
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

  /// pepper, salt or x, as the draw u says
  struct Replace {
    using InComponent = Replace;
    double rate, pepper, salt;
    template <class V>
    V operator()(V u, V x) const {
      return kernels::where(u < V(rate / 2), V(pepper), kernels::where(u < V(rate), V(salt), x));
    }
  };

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    for (Index j = 0; j < pass.x.cols(); ++j) {
      kernels::transform_draws<kernels::Uniform>(pass.random, j, pass.x.rows(), pass.y.col(j).data(),
                                                 Replace{rate, pepper, salt}, pass.x.col(j).data());
    }
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) detail::clear_hit(pass.random, rate, 1, pass.dy, pass.dx);
  }
};

}  // namespace eigencoder
