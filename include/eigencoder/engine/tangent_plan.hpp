// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/objective.hpp"
#include "eigencoder/core/tangent_pass.hpp"
#include "eigencoder/engine/chain.hpp"

namespace eigencoder {

/// What a penalty on tangents adds to a step of a network C under an objective O: which layers carry tangents, and how much
/// memory they take. All of it is 0 where no term looks at tangents.
template <class C, class O>
struct TangentPlan {
  static constexpr std::size_t layers = C::size, terms = O::size;

  /// Which terms look at tangents.
  static constexpr std::array<bool, terms> looks = []<std::size_t... K>(std::index_sequence<K...>) {
    return std::array<bool, terms>{(needs_of<typename O::template term<K>>.site == Site::tangent)...};
  }
  (std::make_index_sequence<terms>{});
  static_assert(std::count(looks.begin(), looks.end(), true) <= 1, "an objective has at most one penalty on tangents");
  /// The one that does; `terms` if none does.
  static constexpr auto term = static_cast<std::size_t>(std::find(looks.begin(), looks.end(), true) - looks.begin());
  /// The layers before this one carry tangents: those of the encoder.
  static constexpr std::size_t carriers = term < terms ? C::code : 0;

  static constexpr TangentDirections directions = [] {
    if constexpr (term < terms) return needs_of<typename O::template term<term>>.directions(C::input, C::shapes[C::code]);
    return TangentDirections{};
  }();
  /// G = W Wᵀ, m × m, takes the place of the first layer's W, m × n. Once a shard it costs 2 m² n multiplications, with the
  /// way back to W, and saves 3 m (n − m) for every direction of every sample.
  static constexpr bool gram = [] {
    if constexpr (directions.from_code && !C::taken_over(0)) {
      constexpr Index m = C::shapes[1].size(), n = C::input.size();
      constexpr Index samples = 64;  // most shards have more
      return HasGram<typename C::template stage<0>> && 2 * m * n < 3 * (n - m) * directions.count * samples;
    }
    return false;
  }();
  static constexpr Index gram_size = gram ? C::shapes[1].size() * C::shapes[1].size() : 0;

  /// Layer i carries tangents, and its derivative depends on its output.
  static constexpr std::array<bool, layers> bends = [] {
    std::array<bool, layers> is{};
    const auto look = [&]<std::size_t I>() {
      using S = typename C::template stage<I>;
      if constexpr (!C::taken_over(I)) {
        static_assert(!Affine<typename S::Layer> || GivesInputGradient<S>,
                      "this penalty needs of a layer with weights and a Tangent the gradient of its input alone: "
                      "input_gradient(Backward<S, true>) const");
        static_assert(Affine<typename S::Layer> || Pushes<S>,
                      "this penalty needs an encoder of layers that carry tangents: dense and convolution layers, "
                      "activations whose derivative follows from their output, pools, resampling, dropout");
        static_assert(!C::joined[I + 1], "this penalty needs an encoder none of whose activations a decoder joins");
        is[I] = Bends<S>;
      }
    };
    [&]<std::size_t... I>(std::index_sequence<I...>) { (look.template operator()<I>(), ...); }
    (std::make_index_sequence<carriers>{});
    return is;
  }();

  /// Scalars a sample before tangent i, that of activation i, in their memory.
  static constexpr auto at =
      detail::running_total<carriers + 1>([](std::size_t i) { return carriers == 0 ? 0 : C::shapes[i].size(); });
  static constexpr Index widest = std::max(C::input.size(), C::widest_output);
  /// Scalars a sample: tangents, and two of their gradients.
  static constexpr Index per_sample = carriers > 0 ? at[carriers + 1] + 2 * widest : 0;
  /// Scalars a lane: G and its gradient.
  static constexpr Index once = 2 * gram_size;
};

}  // namespace eigencoder
