// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <tuple>
#include <utility>

#include "eigencoder/core/no_activation.hpp"
#include "eigencoder/kernels/dispatch.hpp"
#include "eigencoder/kernels/packet.hpp"

namespace eigencoder::kernels {

namespace detail {

template <class T, class F, class... In>
void transform_here(Index n, T* out, F f, const In*... in) {
  using P = Packet<T>;
  Index i = 0;
  for (; i + P::size <= n; i += P::size) f(P::load(in + i)...).store(out + i);
  if (i < n) f(P::load_part(in + i, n - i)...).store_part(out + i, n - i);
}

template <class T, class F, std::size_t K>
struct Transform {
  static constexpr bool compiled = CompiledScalar<T> && CompiledFunction<F>;
  Index n;
  T* out;
  F f;
  std::array<const T*, K> in;
  void run() const {
    std::apply([this](auto... from) { transform_here(n, out, f, from...); }, in);
  }
};

}  // namespace detail

/// out[i] = f(in[i]...) for i < n. `out` may be one of the inputs.
template <class T, class F, class... In>
void transform(Index n, T* out, F f, const In*... in) {
  if constexpr (in_component<detail::Transform<T, F, sizeof...(In)>>()) {
    launch(detail::Transform<T, F, sizeof...(In)>{n, out, f, {in...}});
  } else {
    detail::transform_here(n, out, f, in...);
  }
}

/// factor · v
struct Scaled {
  using InComponent = Scaled;
  double factor;
  template <class V>
  V operator()(V v) const {
    return V(factor) * v;
  }
};

/// A loss at one value and its derivative there.
template <class V>
struct Pointwise {
  V value, derivative;
};

namespace detail {

template <bool Gradient, bool Accumulate, class T, class F, class... Also>
double sum_pointwise_here(Index n, const T* y, const T* t, T* dy, double scale, F f, const Also*... also) {
  using P = Packet<T>;
  constexpr Index block = 64 * P::size;
  const P factor(scale);
  const auto at = [&](auto load, auto load_dy, auto store_dy) {
    const Pointwise<P> loss = f(load(y), load(t), load(also)...);
    if constexpr (Gradient && Accumulate) store_dy(multiply_add(factor, loss.derivative, load_dy()));
    if constexpr (Gradient && !Accumulate) store_dy(factor * loss.derivative);
    return loss.value;
  };
  double total = 0;
  Index i = 0;
  while (i + P::size <= n) {
    P sum(0);
    for (const Index end = std::min(n, i + block); i + P::size <= end; i += P::size) {
      const auto load = [i](const T* x) { return P::load(x + i); };
      sum = sum + at(load, [&] { return load(dy); }, [&](P v) { v.store(dy + i); });
    }
    total += static_cast<double>(sum.sum());
  }
  if (const Index rest = n - i; rest > 0) {
    const auto load = [=](const T* x) { return P::load_part(x + i, rest); };
    const P last = at(load, [&] { return load(dy); }, [&](P v) { v.store_part(dy + i, rest); });
    const auto lanes = last.lanes();
    for (Index lane = 0; lane < rest; ++lane) total += static_cast<double>(lanes[static_cast<std::size_t>(lane)]);
  }
  return total;
}

template <bool Gradient, bool Accumulate, class T, class F, std::size_t K>
struct SumPointwise {
  static constexpr bool compiled = CompiledScalar<T> && CompiledFunction<F>;
  Index n;
  const T *y, *t;
  T* dy;
  double scale;
  F f;
  std::array<const T*, K> also;
  double* total;
  void run() const {
    *total = std::apply(
        [this](auto... more) { return sum_pointwise_here<Gradient, Accumulate>(n, y, t, dy, scale, f, more...); }, also);
  }
};

}  // namespace detail

/// Σ f(y[i], t[i]).value, and dy[i] = scale · f(y[i], t[i]).derivative (added if Accumulate). Partial sums are in T over at most
/// a few hundred values a lane, their total in double. f may take values of more vectors, `also`.
template <bool Gradient, bool Accumulate, class T, class F, class... Also>
double sum_pointwise(Index n, const T* y, const T* t, T* dy, double scale, F f, const Also*... also) {
  constexpr bool adds = Gradient && Accumulate;
  using Kernel = detail::SumPointwise<Gradient, adds, T, F, sizeof...(Also)>;
  if constexpr (in_component<Kernel>()) {
    double total = 0;
    launch(Kernel{n, y, t, dy, scale, f, {also...}, &total});
    return total;
  } else {
    return detail::sum_pointwise_here<Gradient, adds>(n, y, t, dy, scale, f, also...);
  }
}

namespace detail {

template <class T>
struct SumSquares {
  static constexpr bool compiled = CompiledScalar<T>;
  Index n;
  const T* x;
  T* total;
  void run() const {
    using P = Packet<T>;
    P a(0), b(0), c(0), d(0);  // four, since each addition waits for the previous one
    Index i = 0;
    const auto add = [&](P& sum, P value) { sum = multiply_add(value, value, sum); };
    for (; i + 4 * P::size <= n; i += 4 * P::size) {
      add(a, P::load(x + i));
      add(b, P::load(x + i + P::size));
      add(c, P::load(x + i + 2 * P::size));
      add(d, P::load(x + i + 3 * P::size));
    }
    for (; i + P::size <= n; i += P::size) add(a, P::load(x + i));
    T rest = 0;
    for (; i < n; ++i) rest += x[i] * x[i];
    *total = ((a + b) + (c + d)).sum() + rest;
  }
};

template <class T>
struct AddValues {
  static constexpr bool compiled = CompiledScalar<T>;
  Index n;
  T* to;
  const T* from;
  void run() const {
    using P = Packet<T>;
    Index i = 0;
    for (; i + P::size <= n; i += P::size) (P::load(to + i) + P::load(from + i)).store(to + i);
    for (; i < n; ++i) to[i] += from[i];
  }
};

}  // namespace detail

/// Σ x[i]² in T: not finite where a value, a square or the sum is not.
template <class T>
T sum_squares(Index n, const T* x) {
  T total = 0;
  launch(detail::SumSquares<T>{n, x, &total});
  return total;
}

/// to[i] += from[i].
template <class T>
void add_values(Index n, T* to, const T* from) {
  launch(detail::AddValues<T>{n, to, from});
}

}  // namespace eigencoder::kernels
