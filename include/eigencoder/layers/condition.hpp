// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>

#include "eigencoder/core/pass.hpp"

// A class that a network is given with the sample. The input holds it below the sample's values, as Classes values of which one
// is 1; TakeCondition removes it, and ProvideCondition appends it to a later activation.
namespace eigencoder {

/// The sample without its class, which is kept for ProvideCondition.   x: (Sample.size() + Classes) × B   y: Sample
/// dx: dy, and zeros below it
template <Shape Sample, Index Classes>
struct TakeCondition {
  static_assert(Classes > 0, "TakeCondition<Sample, Classes>: Classes must be positive");
  static constexpr Index classes = Classes;
  static constexpr Shape restored = Sample;  ///< the part of x that a decoder restores

  static constexpr bool accepts(Shape in) { return in.size() == Sample.size() + Classes; }
  static constexpr Shape output(Shape) { return Sample; }
  static constexpr Needs needs(Shape) { return {.cache = Classes}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    pass.y = pass.x.topRows(Sample.size());
    if constexpr (Forward<S, M>::keeps_cache) pass.cache = pass.x.bottomRows(Classes);
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      pass.dx.topRows(Sample.size()) = pass.dy;
      pass.dx.bottomRows(Classes).setZero();
    }
  }
};

/// The class that the TakeCondition at Position has kept, below the values of x.   x: n × B   y: (n + Classes) × B
/// dx: the first n rows of dy.
template <Index Position, Index Classes>
struct ProvideCondition {
  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) { return features(in.size() + Classes); }
  static constexpr Needs needs(Shape) { return {.link = Position}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }
  template <class Source>
  static constexpr bool links(Shape) {
    return requires { Source::Layer::restored; } && Source::needs.cache == Classes;
  }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    pass.y.topRows(S::in.size()) = pass.x;
    pass.y.bottomRows(Classes) = pass.source.cache;
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) pass.dx = pass.dy.topRows(S::in.size());
  }
};

}  // namespace eigencoder
