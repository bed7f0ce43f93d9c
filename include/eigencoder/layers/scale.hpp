// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/kernels/channels.hpp"

namespace eigencoder {

namespace detail {

/// f(s x), with a channel's s
template <class F>
struct TimesFactor {
  using InComponent = kernels::InComponentWith<F, TimesFactor>;
  [[no_unique_address]] F f;
  template <class V>
  V operator()(V s, V x) const {
    return f.apply(s * x);
  }
};
/// s dy f′, where f′ follows from x
template <class F>
struct TimesFactorAndSlope {
  using InComponent = kernels::InComponentWith<F, TimesFactorAndSlope>;
  [[no_unique_address]] F f;
  template <class V>
  V operator()(V s, V dy, V x) const {
    return s * dy * f.derivative(x);
  }
};
/// dy x, dy
struct ProductsWithInput {
  using InComponent = ProductsWithInput;
  template <class V>
  std::array<V, 2> operator()(V dy, V x) const {
    return {dy * x, dy};
  }
};

}  // namespace detail

/// A factor for every channel, the same in all pixels: y_c = s_c x_c + b_c.   s, b: one value a channel
/// A feature of a vector is a channel. Every value of channel c is multiplied by s_c and has b_c added, so
///   ds_c += Σ dy_c x_c   db_c += Σ dy_c   over all pixels and samples      dx_c = s_c dy_c
/// Options in any order: Bias::none (default) or added; an Init for s (default Init::ones), such as Init::constant(1e-4) for a
/// residual block that begins as the identity. Touvron, Cord, Sablayrolles, Synnaeve and Jégou, "Going deeper with image
/// transformers", 2021.
template <auto... Options>
struct Scale {
  static_assert(((OptionOf<Options, Bias> || OptionOf<Options, Init>)&&...),
                "Scale<Options...>: an option is a Bias or an Init");
  static constexpr bool biased = option_or<Bias, Options...>(Bias::none) == Bias::added;

  using Tangent = Scale<>;
  static constexpr Mirroring mirroring = Mirroring::follows;
  static constexpr bool stepwise = true;

  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) { return in; }
  static constexpr Needs needs(Shape) { return {.backward_x = true, .in_place = true, .derivative = true, .epilogue = true}; }
  static constexpr auto parameters(Shape in) {
    const Block scale{.name = "scale",
                      .rows = in.channels,
                      .init = option_or<Init, Options...>(Init::ones),
                      .fan_in = 1,
                      .fan_out = 1,
                      .decay = false};
    if constexpr (biased) {
      return std::array{scale, Block{.name = "bias", .rows = in.channels, .decay = false}};
    } else {
      return std::array{scale};
    }
  }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    using T = typename S::Scalar;
    const T* const scale = std::get<0>(pass.theta).data();
    const auto transform = [&](auto f, auto... by_channel) {
      kernels::transform_channels(S::in.channels, pass.x.size(), pass.y.data(), f,
                                  std::array<const T*, sizeof...(by_channel)>{by_channel...}, pass.x.data());
    };
    if constexpr (biased) {
      transform(kernels::Affine<typename S::Epilogue>{pass.epilogue}, scale, std::get<1>(pass.theta).data());
    } else {
      transform(detail::TimesFactor<typename S::Epilogue>{pass.epilogue}, scale);
    }
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    using T = typename S::Scalar;
    kernels::sum_channels(
        S::in.channels, pass.dy.size(),
        [&](Index c, double products, [[maybe_unused]] double sum) {
          std::get<0>(pass.dtheta)[c] += static_cast<T>(products);
          if constexpr (biased) std::get<1>(pass.dtheta)[c] += static_cast<T>(sum);
        },
        detail::ProductsWithInput{}, std::array<const T*, 0>{}, pass.dy.data(), pass.x.data());
    if constexpr (InputGradient) input_gradient(pass);
  }
  template <class S>
  void input_gradient(Backward<S, true> pass) const {
    using T = typename S::Scalar;
    const std::array<const T*, 1> scale{std::get<0>(pass.theta).data()};
    if constexpr (std::same_as<typename S::Previous, NoActivation>) {  // along tangents, too, where there is no x
      kernels::transform_channels(S::in.channels, pass.dy.size(), pass.dx.data(), detail::TimesFactor<NoActivation>{}, scale,
                                  pass.dy.data());
    } else {
      kernels::transform_channels(S::in.channels, pass.dy.size(), pass.dx.data(),
                                  detail::TimesFactorAndSlope<typename S::Previous>{pass.previous}, scale, pass.dy.data(),
                                  pass.x.data());
    }
  }
};

}  // namespace eigencoder
