// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "eigencoder/core/layer.hpp"

namespace eigencoder {

template <class... L>
struct Frozen;

/// A layer whose parameters are not trained: Frozen<Dense<32>>. (Around several layers: models/frozen_layers.hpp.) It computes
/// what the layer computes; an optimizer never sees its parameters, neither weight decay nor a penalty moves them, and where
/// nothing before it is trained, no gradient is computed from there back. After a trained layer it passes on the gradient of
/// its input alone, if the layer has `input_gradient`.
///
/// Only parameters are frozen, as in PyTorch where a parameter does not require a gradient: a frozen BatchNorm still normalises
/// with the statistics of the batch in training and moves its running averages. (Keras's runs as in inference.) To freeze by
/// name, at run time: Trainer::freeze.
template <Recipe L>
struct Frozen<L> : L {
  static constexpr bool frozen = true;

  static constexpr bool has_parameters(Shape in) {
    const auto blocks = L::parameters(in);
    return std::any_of(blocks.begin(), blocks.end(), [](const Block& block) { return block.trainable; });
  }
  static constexpr bool accepts(Shape in) { return L::accepts(in) && has_parameters(in); }

  template <Shape In>
  struct Refusal {
    static_assert([] {
      if constexpr (!L::accepts(In) && requires { typename L::template Refusal<In>; }) {
        return sizeof(typename L::template Refusal<In>) > 0;
      }
      return true;
    }());
    static_assert(!L::accepts(In) || has_parameters(In),
                  "Frozen<L> is for a layer with parameters: this one has nothing to freeze");
  };
};

}  // namespace eigencoder
