// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/kernels/channels.hpp"
#include "eigencoder/layers/noise.hpp"

namespace eigencoder {

/// Each value is 0 with probability `rate`, and x / (1 − rate) otherwise, anew in each step; in training alone, predictions
/// pass x through. dx is dy under the same mask, drawn again. Throws OptionError. Srivastava, Hinton, Krizhevsky, Sutskever and
/// Salakhutdinov, 2014.
struct Dropout {
  using Tangent = Dropout;
  double rate;

  constexpr explicit Dropout(double dropped) : rate(detail::noise_rate("Dropout", dropped)) {}
  constexpr std::array<Setting, 1> settings() const { return {{{"rate", rate}}}; }

  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) { return in; }
  static constexpr Needs needs(Shape) { return {.in_place = true, .training_only = true}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    detail::clear_hit(pass.random, rate, 1 / (1 - rate), pass.x, pass.y);
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) detail::clear_hit(pass.random, rate, 1 / (1 - rate), pass.dy, pass.dx);
  }
};

/// Dropout of whole channels: in every sample each channel is 0 in all pixels with probability `rate`, and x / (1 − rate)
/// otherwise. For sequences this is Keras's SpatialDropout1D, for vectors Dropout. Throws OptionError.
/// Tompson, Goroshin, Jain, LeCun and Bregler, 2015.
struct SpatialDropout2D {
  using Tangent = SpatialDropout2D;
  double rate;

  constexpr explicit SpatialDropout2D(double dropped) : rate(detail::noise_rate("SpatialDropout2D", dropped)) {}
  constexpr std::array<Setting, 1> settings() const { return {{{"rate", rate}}}; }

  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) { return in; }
  static constexpr Needs needs(Shape in) { return {.scratch = in.channels, .in_place = true, .training_only = true}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    mask(pass.random, pass.x, pass.y, pass.scratch);
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) mask(pass.random, pass.dy, pass.dx, pass.scratch);
  }

  /// factor · v, and 0 where the factor is 0, whatever v is
  struct KeepChannel {
    using InComponent = KeepChannel;
    template <class V>
    V operator()(V factor, V v) const {
      return kernels::where(V(0) < factor, factor * v, V(0));
    }
  };

 private:
  template <class From, class To, class Factors>
  void mask(const Random& random, const From& from, To& to, Factors& factors) const {
    using T = typename To::Scalar;
    for (Index j = 0; j < from.cols(); ++j) {
      kernels::transform_draws<kernels::Uniform>(random, j, factors.size(), factors.data(),
                                                 kernels::DrawnFactor{rate, 1 / (1 - rate)});
      kernels::transform_channels(factors.size(), from.rows(), to.col(j).data(), KeepChannel{},
                                  std::array<const T*, 1>{factors.data()}, from.col(j).data());
    }
  }
};

}  // namespace eigencoder
