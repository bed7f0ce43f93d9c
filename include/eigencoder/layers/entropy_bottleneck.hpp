// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <limits>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/kernels/draw.hpp"

namespace eigencoder {

/// Rounds a code to multiples of a step Δ, so that it can be written as whole numbers. In training it adds noise instead, drawn
/// anew for every value, which moves a value as far as rounding to whole numbers does, and has a derivative:
///   y = Δ ⌊x/Δ + ½⌋ in predictions and evaluations      y = x + u, u ~ U(−½, ½), in training      dx = dy
/// The last layer of an encoder whose codes are stored. Training has the step 1, since the network finds the scale of its codes
/// by itself; another Δ in predictions makes shorter and coarser codes, or longer and finer ones, by the same network. Rate,
/// the penalty that goes with it, counts the bits that codes take. `log_scale`, r, one value a channel, is of the distribution
/// that Rate takes for the codes', and learnt by Rate alone. Δ must be from 10⁻³⁰ to 10³⁰. Throws OptionError. CompressAI,
/// TensorFlow Compression: EntropyBottleneck. Ballé, Laparra and Simoncelli, "End-to-end optimized image compression", 2017.
struct EntropyBottleneck {
  double step = 1;

  constexpr EntropyBottleneck() = default;
  constexpr explicit EntropyBottleneck(double given) : step(given) {
    if (!(step >= 1e-30 && step <= 1e30))
      raise<OptionError>("EntropyBottleneck: step must be from 1e-30 to 1e30, found ", step);
  }
  constexpr std::array<Setting, 1> settings() const { return {{{"step", step}}}; }

  static constexpr bool rounds = true;  ///< Rate needs a layer that says so
  static constexpr Mirroring mirroring = Mirroring::leaves;

  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) { return in; }
  static constexpr Needs needs(Shape) { return {.in_place = true}; }
  static constexpr std::array<Block, 1> parameters(Shape in) {
    return {Block{.name = "log_scale", .rows = in.channels, .decay = false}};
  }

  /// x + u − ½
  struct AddUniform {
    using InComponent = AddUniform;
    template <class V>
    V operator()(V u, V x) const {
      return x + (u - V(0.5));
    }
  };
  /// The nearest multiple of the step.
  struct Round {
    using InComponent = Round;
    double step;
    template <class V>
    V operator()(V x) const {
      return V(step) * kernels::floor(x / V(step) + V(0.5));
    }
  };

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    if constexpr (M == Mode::train) {
      for (Index j = 0; j < pass.x.cols(); ++j) {
        kernels::transform_draws<kernels::Uniform>(pass.random, j, pass.x.rows(), pass.y.col(j).data(), AddUniform{},
                                                   pass.x.col(j).data());
      }
    } else {
      kernels::transform(pass.x.size(), pass.y.data(), Round{step}, pass.x.data());
    }
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      if (pass.dx.data() != pass.dy.data()) pass.dx = pass.dy;
    }
  }
};

}  // namespace eigencoder
