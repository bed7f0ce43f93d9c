// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/layers/recurrent.hpp"

namespace eigencoder {

/// Every step of a sequence is the same vector: a code, given to a decoder at each of its steps.
/// x: features(n)   y: sequence(Steps, n), y_t = x   dx = Σ_t dy_t
/// A recurrent layer that follows, with Returns::sequence and Direction::forward, runs as one with it, and multiplies x with
/// its input weights once instead of `Steps` times.
template <Index Steps>
struct RepeatVector {
  static_assert(Steps > 0, "RepeatVector<Steps>: Steps must be positive");
  static constexpr Index repeated_steps = Steps;
  static constexpr bool stepwise = true;
  using OneStep = RepeatVector<1>;

  constexpr RepeatVector() = default;
  template <Index Other>
  constexpr explicit RepeatVector(const RepeatVector<Other>&) {}

  static constexpr bool keeps_range = true;
  static constexpr bool accepts(Shape in) { return in.height == 1 && in.width == 1; }
  template <Shape In>
  struct Refusal {
    static_assert(accepts(In),
                  "RepeatVector repeats a vector, features(n), not an image or a sequence: put a Reshape<features(n)> before it");
  };
  static constexpr Shape output(Shape in) { return sequence(Steps, in.size()); }
  static constexpr Needs needs(Shape) { return {}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    constexpr Index n = S::in.size();
    for (Index j = 0; j < pass.x.cols(); ++j) {
      for (Index t = 0; t < Steps; ++t) pass.y.col(j).segment(t * n, n) = pass.x.col(j);
    }
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      constexpr Index n = S::in.size();
      for (Index j = 0; j < pass.dy.cols(); ++j) {
        pass.dx.col(j) = pass.dy.col(j).head(n);
        for (Index t = 1; t < Steps; ++t) pass.dx.col(j) += pass.dy.col(j).segment(t * n, n);
      }
    }
  }
};

namespace detail {

/// What a recurrent layer becomes after RepeatVector<Steps>: W x + b is computed once and added at every step; backward, the
/// gradients of the pre-activations are summed over the steps, and multiplied once for dW and once for dx.
template <Index Steps, class Layer>
struct Repeated {
  using Recurrent = typename Layer::Recurrent;
  Layer layer;

  constexpr Repeated() = default;
  constexpr Repeated(const RepeatVector<Steps>&, const Layer& recurrent) : layer(recurrent) {}

  static constexpr Shape repeated(Shape in) { return {.channels = in.size(), .height = 1, .width = Steps}; }
  static constexpr auto directions(Shape in) { return std::array{Recurrent::recurrence(repeated(in), Direction::forward, true)}; }

  static constexpr bool accepts(Shape in) { return RepeatVector<Steps>::accepts(in); }
  static constexpr Shape output(Shape in) { return Recurrent::output(repeated(in)); }
  static constexpr Needs needs(Shape in) { return recurrent_needs(directions(in)); }
  static constexpr auto parameters(Shape in) { return Recurrent::parameters(repeated(in)); }

  template <class S>
  void prepare(Prepare<S> pass) const {
    prepare_recurrent(directions(S::in), pass);
  }
  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    recurrent_forward<Returns::sequence>(directions(S::in), layer.recurrent_dropout.value, pass);
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    recurrent_backward<Returns::sequence, true>(directions(S::in), layer.recurrent_dropout.value, pass);
  }
  template <class S>
  void input_gradient(Backward<S, true> pass) const {
    recurrent_backward<Returns::sequence, false>(directions(S::in), layer.recurrent_dropout.value, pass);
  }
};

/// The layer that another becomes after a Previous that repeats a vector: a decoder, which gives out all steps in their order.
/// Where samples have fewer steps than the shape, other layers begin or end at a step that the vector does not tell.
template <class Previous, class Layer>
requires(Previous::repeated_steps > 0 && Layer::Recurrent::returns == Returns::sequence &&
         Layer::Recurrent::direction == Direction::forward) using AfterRepeatVector = Repeated<Previous::repeated_steps, Layer>;

}  // namespace detail

}  // namespace eigencoder
