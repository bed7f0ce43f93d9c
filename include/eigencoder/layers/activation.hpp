// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <limits>

#include "eigencoder/core/tangent_pass.hpp"
#include "eigencoder/kernels/elementwise.hpp"
#include "eigencoder/kernels/math.hpp"

// Activations that work value by value. Each is its equation, written once for scalars and for packets.
namespace eigencoder {

namespace detail {

// What activations do value by value, as functions that kernels can know.

template <class F>
struct Activated {
  using InComponent = kernels::InComponentWith<F, Activated>;
  [[no_unique_address]] F f;
  template <class V>
  V operator()(V x) const {
    return f.apply(x);
  }
};
template <class F>
struct TimesDerivative {
  using InComponent = kernels::InComponentWith<F, TimesDerivative>;
  [[no_unique_address]] F f;
  template <class V>
  V operator()(V dy, V y) const {
    return dy * f.derivative(y);
  }
};
template <class F>
struct TimesSlope {
  using InComponent = kernels::InComponentWith<F, TimesSlope>;
  template <class V>
  V operator()(V dy, V x) const {
    return dy * F::slope(x);
  }
};

}  // namespace detail

/// Base of an activation y = f(x) whose derivative follows from its output. `Self` has
///   apply(x) = f(x)   derivative(y) = f′ at f⁻¹(y)   curvature(y) = d derivative / dy, for penalties on the Jacobian
/// It may say that f never falls (`monotone`): a max pool that follows then runs first, and f on the pooled values alone. It
/// may say between which values y lies (`range`), which KLSparsity and losses on probabilities need to know.
template <class Self>
struct Activation {
  static constexpr bool monotone = false;
  static constexpr Mirroring mirroring = Mirroring::follows;
  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) { return in; }
  static constexpr Needs needs(Shape) { return {.backward_y = true, .in_place = true}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    kernels::transform(pass.y.size(), pass.y.data(), detail::Activated<Self>{self()}, pass.x.data());
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      kernels::transform(pass.dy.size(), pass.dx.data(), detail::TimesDerivative<Self>{self()}, pass.dy.data(), pass.y.data());
    }
  }

  template <class S>
  void push(Push<S> pass) const {
    kernels::transform(pass.v.size(), pass.v.data(), detail::TimesDerivative<Self>{self()}, pass.u.data(), pass.y.data());
  }
  template <class S>
  requires Curved<typename S::Layer>
  void bend(Bend<S> pass) const {
    kernels::transform(
        pass.dy.size(), pass.dy.data(), [this](auto dy, auto dv, auto u, auto y) { return dy + dv * u * self().curvature(y); },
        pass.dy.data(), pass.dv.data(), pass.u.data(), pass.y.data());
  }

 private:
  const Self& self() const { return static_cast<const Self&>(*this); }
};

/// Base of an activation that is linear in pieces, so that its curvature is 0.
template <class Self>
struct PiecewiseLinear : Activation<Self> {
  static constexpr bool piecewise_linear = true;
  template <class V>
  static V curvature(V) {
    return V(0);
  }
};

/// Base of an activation y = f(x) whose derivative needs its input: `Self` has apply(x) and slope(x) = f′(x).
template <class Self>
struct InputActivation {
  static constexpr Mirroring mirroring = Mirroring::follows;
  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) { return in; }
  static constexpr Needs needs(Shape) { return {.backward_x = true, .in_place = true}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    kernels::transform(pass.y.size(), pass.y.data(), detail::Activated<Self>{}, pass.x.data());
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      kernels::transform(pass.dy.size(), pass.dx.data(), detail::TimesSlope<Self>{}, pass.dy.data(), pass.x.data());
    }
  }
};

/// y = x
struct Identity : PiecewiseLinear<Identity> {
  using InComponent = Identity;
  static constexpr bool monotone = true;
  template <class V>
  static V apply(V x) {
    return x;
  }
  template <class V>
  static V derivative(V) {
    return V(1);
  }
};

/// y = max(x, 0)
struct ReLU : PiecewiseLinear<ReLU> {
  using InComponent = ReLU;
  static constexpr bool monotone = true;
  static constexpr double least = 0;  ///< what products take the maximum with while they have the sum in a register
  template <class V>
  static V apply(V x) {
    return kernels::max(x, V(0));
  }
  template <class V>
  static V derivative(V y) {
    return kernels::where(y > V(0), V(1), V(0));
  }
};

/// y = x for x > 0, slope · x otherwise. The slope must be finite and not negative, or the output would not tell the sign of
/// the input. Default 0.3, as in Keras (PyTorch: 0.01). Throws OptionError.
struct LeakyReLU : PiecewiseLinear<LeakyReLU> {
  using InComponent = LeakyReLU;
  static constexpr bool monotone = true;
  double slope = 0.3;

  constexpr LeakyReLU() = default;
  constexpr explicit LeakyReLU(double negative_slope) : slope(negative_slope) {
    if (!(slope >= 0 && slope <= std::numeric_limits<double>::max()))
      raise<OptionError>("LeakyReLU: slope must be finite and not negative, found ", slope);
  }
  constexpr std::array<Setting, 1> settings() const { return {{{"slope", slope}}}; }

  template <class V>
  V apply(V x) const {
    return kernels::where(x > V(0), x, V(slope) * x);
  }
  template <class V>
  V derivative(V y) const {
    return kernels::where(y > V(0), V(1), V(slope));
  }
};

/// y = x for x > 0, α (eˣ − 1) otherwise. α must be finite and positive; default 1. Throws OptionError.
/// Clevert, Unterthiner and Hochreiter, 2016.
struct ELU : Activation<ELU> {
  using InComponent = ELU;
  static constexpr bool monotone = true;
  double alpha = 1;

  constexpr ELU() = default;
  constexpr explicit ELU(double scale) : alpha(scale) {
    if (!(alpha > 0 && alpha <= std::numeric_limits<double>::max()))
      raise<OptionError>("ELU: alpha must be finite and positive, found ", alpha);
  }
  constexpr std::array<Setting, 1> settings() const { return {{{"alpha", alpha}}}; }

  template <class V>
  V apply(V x) const {
    return kernels::where(x > V(0), x, V(alpha) * kernels::exp_minus_one(kernels::min(x, V(0))));
  }
  template <class V>
  V derivative(V y) const {
    return kernels::where(y > V(0), V(1), y + V(alpha));
  }
  template <class V>
  static V curvature(V y) {
    return kernels::where(y > V(0), V(0), V(1));
  }
};

/// y = 1 / (1 + e⁻ˣ)
struct Sigmoid : Activation<Sigmoid> {
  using InComponent = Sigmoid;
  static constexpr bool monotone = true;
  static constexpr Range range{0, 1};
  static constexpr Logits logits = Logits::logistic;  ///< which BinaryCrossEntropy takes over

  template <class V>
  static V apply(V x) {
    return kernels::sigmoid(x);
  }
  template <class V>
  static V derivative(V y) {
    return y * (V(1) - y);
  }
  template <class V>
  static V curvature(V y) {
    return V(1) - (y + y);
  }
};

/// y = tanh x
struct Tanh : Activation<Tanh> {
  using InComponent = Tanh;
  static constexpr bool monotone = true;
  static constexpr Range range{-1, 1};
  template <class V>
  static V apply(V x) {
    return kernels::tanh(x);
  }
  template <class V>
  static V derivative(V y) {
    return V(1) - y * y;
  }
  template <class V>
  static V curvature(V y) {
    return V(-2) * y;
  }
};

/// y = log(1 + eˣ), whose derivative is the sigmoid of x: 1 − e⁻ʸ.
struct Softplus : Activation<Softplus> {
  using InComponent = Softplus;
  static constexpr bool monotone = true;
  template <class V>
  static V apply(V x) {
    return kernels::softplus(x);
  }
  template <class V>
  static V derivative(V y) {
    return -kernels::exp_minus_one(-y);
  }
  template <class V>
  static V curvature(V y) {
    return kernels::exp(-y);
  }
};

/// y = x / (1 + |x|), whose derivative is (1 − |y|)². Bergstra, Desjardins, Lamblin and Bengio, 2009.
struct Softsign : Activation<Softsign> {
  using InComponent = Softsign;
  static constexpr bool monotone = true;
  static constexpr Range range{-1, 1};
  template <class V>
  static V apply(V x) {
    const V size = kernels::abs(x);
    return kernels::where(size > V(1e30), kernels::where(x < V(0), V(-1), V(1)), x / (V(1) + size));  // ∞ / ∞ is NaN
  }
  template <class V>
  static V derivative(V y) {
    const V rest = V(1) - kernels::abs(y);
    return rest * rest;
  }
  template <class V>
  static V curvature(V y) {
    return kernels::where(y < V(0), V(2), V(-2)) * (V(1) - kernels::abs(y));
  }
};

/// y = x σ(x), also known as swish. Ramachandran, Zoph and Le, 2017.
struct SiLU : InputActivation<SiLU> {
  using InComponent = SiLU;
  template <class V>
  static V apply(V x) {
    return x * kernels::sigmoid(x);
  }
  template <class V>
  static V slope(V x) {
    const V s = kernels::sigmoid(x);
    return s + x * s * (V(1) - s);
  }
};

/// y = x Φ(x) with Φ the standard normal distribution function, exact (PyTorch's default). Hendrycks and Gimpel, 2016.
struct GELU : InputActivation<GELU> {
  using InComponent = GELU;
  template <class V>
  static V distribution(V x) {
    return V(0.5) * (V(1) + kernels::erf(V(0.70710678118654752440) * x));
  }
  template <class V>
  static V apply(V x) {
    return x * distribution(x);
  }
  template <class V>
  static V slope(V x) {
    constexpr double one_over_root_two_pi = 0.39894228040143267794;
    return distribution(x) + V(one_over_root_two_pi) * x * kernels::exp(V(-0.5) * x * x);
  }
};

}  // namespace eigencoder
