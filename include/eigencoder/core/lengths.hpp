// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/shape.hpp"

namespace eigencoder {

/// How many steps of an activation are each sample's own, where samples have fewer than the shape: the others are padding, which
/// is zero in activations and gradients. For some columns of a batch.
class Lengths {
 public:
  /// All samples have all steps.
  constexpr Lengths() = default;
  /// `of_input` has the lengths of the network's inputs, or is null; `steps` makes of one that of the activation, whose steps have
  /// `channels` values.
  constexpr Lengths(const Index* of_input, Index (*steps)(Index), Index channels)
      : of_input_(of_input), steps_(steps), channels_(channels) {}

  constexpr explicit operator bool() const { return of_input_ != nullptr; }
  constexpr Index operator[](Index column) const { return steps_(of_input_[column]); }
  /// How many values of a column belong to these steps: the first ones.
  constexpr Index values(Index column) const { return channels_ * (*this)[column]; }

 private:
  const Index* of_input_ = nullptr;
  Index (*steps_)(Index) = nullptr;
  Index channels_ = 0;
};

}  // namespace eigencoder
