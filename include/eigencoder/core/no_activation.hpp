// SPDX-License-Identifier: MIT
#pragma once

namespace eigencoder {

/// The activation of a layer that applies no other one in its store: f(x) = x, with the derivative 1.
struct NoActivation {
  using InComponent = NoActivation;
  template <class V>
  static constexpr V apply(V value) {
    return value;
  }
  template <class V>
  static constexpr V derivative(V) {
    return V(1);
  }
};

}  // namespace eigencoder
