// SPDX-License-Identifier: MIT
#pragma once

namespace eigencoder {

/// Stands where no elementwise layer is applied in the store of another: f(x) = x, with the derivative 1.
struct NoActivation {
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
