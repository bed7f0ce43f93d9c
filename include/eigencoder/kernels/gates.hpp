// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/math.hpp"

// The functions of recurrent gates, of which a step takes several for each unit: for float as accurate as their place in sums
// with values near 1 asks for, and in half the time of kernels/math.hpp. For double they are those of kernels/math.hpp.
namespace eigencoder::kernels {

/// tanh x, for float within 4·10⁻⁷: a rational function of degree 9 over 8 (tools/minimax.py), constant from |x| = 8 on, where
/// 1 − tanh x = 2.3·10⁻⁷. Never beyond ±1; relative to tanh x the error is below 4 units in the last place. A NaN gives a NaN.
template <class V>
V gate_tanh(V x) {
  if constexpr (std::same_as<typename ScalarOf<V>::type, float>) {
    x = max(min(x, V(8)), V(-8));
    const V s = x * x;
    const V p = detail::polynomial(s, 1.5230456e-8, 2.1894690e-5, 3.5715998e-3, 0.13444499, 0.99999999);
    const V q = detail::polynomial(s, 8.5224625e-7, 3.4112948e-4, 2.6164450e-2, 0.46777827, 1.0);
    return x * p / q;
  } else {
    return tanh(x);
  }
}

/// 1 / (1 + e⁻ˣ) = ½ + ½ tanh(x / 2), for float within 3·10⁻⁷; what is smaller than that is lost.
template <class V>
V gate_sigmoid(V x) {
  if constexpr (std::same_as<typename ScalarOf<V>::type, float>) {
    return multiply_add(V(0.5), gate_tanh(V(0.5) * x), V(0.5));
  } else {
    return sigmoid(x);
  }
}

}  // namespace eigencoder::kernels
