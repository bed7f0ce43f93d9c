// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "eigencoder/core/no_activation.hpp"
#include "eigencoder/kernels/dispatch.hpp"
#include "eigencoder/kernels/elementwise.hpp"

// What happens to the results of a product while they are in the registers or in the first cache: an activation is applied to
// them, or they are multiplied with one's derivative.
namespace eigencoder::kernels {

/// Values whose places in C a product has just written: `rows` of them, one after another, from each of c + at[0 … count).
template <class T>
struct Written {
  const void* f;  ///< the function of values
  T* c;
  const T* y;  ///< what f's derivative is taken from, laid out as C
  const Index* at;
  Index count, rows;
};

/// c = f(c)
template <class T, class F>
struct ApplyWritten : Written<T> {
  static constexpr bool compiled = CompiledScalar<T> && CompiledFunction<F>;
  void run() const {
    const F function = *static_cast<const F*>(this->f);
    for (Index j = 0; j < this->count; ++j) {
      T* const place = this->c + this->at[j];
      detail::transform_here(this->rows, place, [function](auto value) { return function.apply(value); }, place);
    }
  }
};

/// c = c · f′, where f′ follows from y
template <class T, class F>
struct DifferentiateWritten : Written<T> {
  static constexpr bool compiled = CompiledScalar<T> && CompiledFunction<F>;
  void run() const {
    const F function = *static_cast<const F*>(this->f);
    for (Index j = 0; j < this->count; ++j) {
      T* const place = this->c + this->at[j];
      detail::transform_here(this->rows, place, [function](auto value, auto from) { return value * function.derivative(from); },
                             place, this->y + this->at[j]);
    }
  }
};

/// f(x) = max(x, F::least): what products do in registers.
template <class F>
concept Bound = requires { F::least; };

template <class T>
struct Epilogue {
  T least = -std::numeric_limits<T>::infinity();  ///< no result is less
  const T* gate = nullptr;                        ///< or null; where it is not positive, the result is 0; laid out as C
  Function then = nullptr;                        ///< or null; a kernel of Written
  const void* f = nullptr;                        ///< its function of values, which must outlive the product
  const T* y = nullptr;

  bool none() const { return !(least > -std::numeric_limits<T>::infinity()) && !gate && !then; }

  template <class P>
  P in_registers(P value, Index place, Index rows) const {
    if (gate) value = where(P::load_first(gate + place, rows) > P(0), value, P(0));
    return max(value, P(least));
  }
  /// The same for one value.
  T of(T value, Index place) const {
    if (gate && !(gate[place] > T(0))) value = T(0);
    return kernels::max(value, least);
  }
  void in_cache(T* c, const Index* at, Index count, Index rows) const {
    Written<T> written{f, c, y, at, count, rows};
    then(&written);
  }
  /// The same for `rows` values from `place` on, where there is anything to do in the cache.
  void in_cache(T* c, Index place, Index rows) const {
    if (then) in_cache(c, &place, 1, rows);
  }
};

/// result = f(sum)
template <class T, class F>
Epilogue<T> apply(const F& f) {
  if constexpr (std::same_as<F, NoActivation>) {
    return {};
  } else if constexpr (Bound<F>) {
    return {.least = static_cast<T>(F::least)};
  } else {
    return {.then = function<ApplyWritten<T, F>>(), .f = &f};
  }
}

/// result = sum · f′, where f′ follows from the y at the result's place. For NoActivation y is not read.
template <class T, class F>
Epilogue<T> times_derivative(const F& f, const T* y) {
  if constexpr (std::same_as<F, NoActivation>) {
    return {};
  } else if constexpr (Bound<F>) {
    static_assert(F::least == 0, "the gate is open where y is positive");
    return {.gate = y};
  } else {
    return {.then = function<DifferentiateWritten<T, F>>(), .f = &f, .y = y};
  }
}

}  // namespace eigencoder::kernels
