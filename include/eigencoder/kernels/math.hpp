// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/packet.hpp"

// Elementary functions for packets and scalars. Coefficients: S. L. Moshier, Cephes mathematical library (exp, tanh);
// tools/minimax.py (log, log_one_plus, sine_and_cosine).
// A NaN gives a NaN, and ±∞ gives the limit.
namespace eigencoder::kernels {

namespace detail {

/// c₀ xⁿ + c₁ xⁿ⁻¹ + … + cₙ by Horner's rule.
template <class V, class First, class... Rest>
V polynomial(V x, First first, Rest... rest) {
  V sum = V(first);
  ((sum = multiply_add(sum, x, V(rest))), ...);
  return sum;
}

}  // namespace detail

/// eˣ: x = n ln 2 + r with |r| ≤ ½ ln 2, then 2ⁿ eʳ. Over- and underflows as the exact value does.
template <class V>
V exp(V x) {
  constexpr bool is_float = std::same_as<typename ScalarOf<V>::type, float>;
  const V limited = min(max(x, V(is_float ? -104.0 : -746.0)), V(is_float ? 89.0 : 710.0));
  const V n = floor(multiply_add(limited, V(1.44269504088896340736), V(0.5)));
  V r = multiply_add(n, V(-0.693145751953125), limited);
  r = multiply_add(n, V(-1.42860682030941723212e-6), r);
  if constexpr (is_float) {
    const V p = detail::polynomial(r, 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1,
                                   5.0000001201e-1);
    return scale_by_power_of_two(multiply_add(p, r * r, r) + V(1), n);
  } else {
    const V square = r * r;
    const V p = r * detail::polynomial(square, 1.26177193074810590878e-4, 3.02994407707441961300e-2, 9.99999999999999999910e-1);
    const V q =
        detail::polynomial(square, 3.00198505138664455042e-6, 2.52448340349684104192e-3, 2.27265548208155028766e-1, 2.0);
    return scale_by_power_of_two(multiply_add(V(2), p / (q - p), V(1)), n);
  }
}

/// 1 / (1 + e⁻ˣ), from e^(−|x|) alone so that nothing overflows and neither tail loses its digits.
template <class V>
V sigmoid(V x) {
  const V small = exp(-abs(x));
  return where(x < V(0), small, V(1)) / (V(1) + small);
}

/// tanh x: a rational function near 0, where 1 − 2 / (e²ˣ + 1) would cancel.
template <class V>
V tanh(V x) {
  constexpr bool is_float = std::same_as<typename ScalarOf<V>::type, float>;
  const V size = abs(x), square = x * x;
  const V tail = V(1) - V(2) / (exp(size + size) + V(1));
  V ratio;
  if constexpr (is_float) {
    ratio =
        detail::polynomial(square, -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1);
  } else {
    ratio = detail::polynomial(square, -9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3) /
            detail::polynomial(square, 1.0, 1.12811678491632931402e2, 2.23548839060100448583e3, 4.84406305325125486048e3);
  }
  return where(size < V(0.625), multiply_add(x * square, ratio, x), where(x < V(0), -tail, tail));
}

/// eˣ − 1 = 2 tanh(x/2) / (1 − tanh(x/2)) near 0, where eˣ − 1 would cancel.
template <class V>
V exp_minus_one(V x) {
  const V half = tanh(V(0.5) * x);
  return where(abs(x) < V(0.5), (half + half) / (V(1) - half), exp(x) - V(1));
}

namespace detail {

/// log(1 + x) = 2 artanh u with u = x / (2 + x), whose first term 2u is x − u x. P(u²) = (2 artanh u − 2u) / u³.
template <class V, class... Coefficients>
V log_one_plus_by_artanh(V x, Coefficients... of_p) {
  const V u = x / (V(2) + x), square = u * u;
  return x - u * (x - square * polynomial(square, of_p...));
}

}  // namespace detail

/// log x = n ln 2 + log(1 + f) with x = 2ⁿ (1 + f) and √½ ≤ 1 + f < √2.
template <class V>
V log(V x) {
  using T = typename ScalarOf<V>::type;
  const Split<V> parts = split(x);
  const auto small = parts.mantissa < V(0.707106781186547524401);
  const V f = where(small, parts.mantissa + parts.mantissa, parts.mantissa) - V(1), n = where(small, parts.n - V(1), parts.n);
  V y;
  if constexpr (std::same_as<T, float>) {
    y = detail::log_one_plus_by_artanh(f, 0.23331101, 0.28550794, 0.40000122, 0.66666667);
  } else {
    y = detail::log_one_plus_by_artanh(f, 0.130871578734975336, 0.1326871934931034899, 0.1538624183956814208, 0.1818179559806270263,
                                       0.2222222239213889406, 0.2857142857080156881, 0.4000000000000088066, 0.6666666666666666646);
  }
  y = multiply_add(n, V(0.693359375), multiply_add(n, V(-2.121944400546905827679e-4), y));  // n times the first part of ln 2 is exact
  constexpr T infinity = std::numeric_limits<T>::infinity();
  const V edge = where(x < V(0), V(std::numeric_limits<T>::quiet_NaN()), x - V(infinity));  // −∞ at 0; a NaN stays one
  return where(V(0) < x, where(x < V(infinity), y, x), edge);
}

/// log(1 + x) for 0 ≤ x ≤ 1, without a logarithm.
template <class V>
V log_one_plus(V x) {
  if constexpr (std::same_as<typename ScalarOf<V>::type, float>) {
    const V p = detail::polynomial(x, -3.2440246e-3, 1.9851460e-2, -5.6959530e-2, 1.0603654e-1, -1.5305592e-1, 1.9675939e-1,
                                   -2.4954134e-1, 3.3329962e-1, -4.9999902e-1);
    return multiply_add(x * x, p, x);
  } else {
    return detail::log_one_plus_by_artanh(x, 0.1617237086083201853, 0.08796583657241127082, 0.1200193656387279873,
                                          0.1331404740537837468, 0.1538557638567016777, 0.181817891938171859, 0.2222222272264306479,
                                          0.2857142856705257362, 0.4000000000001481547, 0.666666666666666584);
  }
}

/// log(1 + e⁻ˣ) for x ≥ 0, the part of log(1 + eˣ) that is not linear.
template <class V>
V log_one_plus_exp_of_minus(V x) {
  return log_one_plus(exp(-x));
}

/// log(1 + eˣ) = max(x, 0) + log(1 + e^(−|x|)).
template <class V>
V softplus(V x) {
  return max(x, V(0)) + log_one_plus_exp_of_minus(abs(x));
}

template <class V>
struct SineAndCosine {
  V sine, cosine;
};

/// sin 2πt and cos 2πt for |t| ≤ ½: the zeros on the circle are split off, so that the rest is smooth and of one
/// sign. Absolute errors: 3 ε.
template <class V>
SineAndCosine<V> sine_and_cosine(V t) {
  constexpr bool is_float = std::same_as<typename ScalarOf<V>::type, float>;
  const V s = t * t;
  V p, q;
  if constexpr (is_float) {
    p = detail::polynomial(s, -0.78719639, 3.5103835, -9.6235166, 16.769115, -16.208954, 6.2831853);
    q = detail::polynomial(s, -0.41064873, 1.5990555, -3.6609454, 5.1118623, -3.7392043, 0.99999998);
  } else {
    p = detail::polynomial(s, 1.978939383621302569e-5, -2.761683940696966553e-4, 2.93818411553468936e-3,
                           -2.532256628674829743e-2, 0.1731999022673150244, -0.9116881668694305645, 3.545738602188213221,
                           -9.628238835662044492, 16.76940522934936765, -16.20896101168141413, 6.283185307179586477);
    q = detail::polynomial(s, 1.816627667461463052e-5, -2.33825134478414811e-4, 2.258843974067650641e-3,
                           -1.748408536746408188e-2, 0.1060566470116225329, -0.4873424809802901769, 1.621182143774798212,
                           -3.663966201750731321, 5.112053187808782514, -3.739208802178717015, 1.0);
  }
  return {t * multiply_add(V(-4), s, V(1)) * p, multiply_add(V(-16), s, V(1)) * q};
}

}  // namespace eigencoder::kernels
