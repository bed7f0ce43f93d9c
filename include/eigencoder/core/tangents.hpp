// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/program.hpp"
#include "eigencoder/core/run_layer.hpp"

namespace eigencoder {

/// Small changes of the input on their way through an encoder, v = J u, for a penalty on them; and the gradient of the penalty,
/// back through the same layers. A layer that is affine runs without its bias, forward on u and backward on ∂/∂v, which gives
/// its weights' gradient too. Others push and pull; what the pull makes of the gradient of their output y waits in the lane
/// until the step's own backward is there.
template <class P, bool Training>
class Tangents {
  using C = typename P::Network;
  using T = typename C::Scalar;

 public:
  /// The penalty's share of the value. All directions, one after the other: memory does not grow with their number.
  template <bool Gradient, class Shard, class Term>
  static double run(const Shard& shard, const Term& term, double weight) {
    each([&]<std::size_t I>() {
      if constexpr (P::bends[I]) std::fill_n(shard.lane.bend(I + 1), C::shapes[I + 1].size() * shard.columns, T(0));
    });
    double value = 0;
    for (Index d = 0; d < term.directions(C::input); ++d) {
      term.direction(d, Random(shard.seed, shard.step, P::layers + static_cast<std::size_t>(d), shard.first),
                     tangent(shard, 0));
      each([&]<std::size_t I>() { push<I>(shard); });
      T *dv = shard.lane.tangent_delta(0), *du = shard.lane.tangent_delta(1);
      value += term(TangentPass<T, Gradient>{
          .v = read(tangent(shard, P::carriers)), .dv = view<P::carriers>(shard, dv), .batch = shard.batch, .weight = weight});
      if constexpr (Gradient) {
        each([&]<std::size_t K>() {
          constexpr std::size_t I = P::carriers - 1 - K;
          if constexpr (C::trains(I) && !C::taken_over(I)) {
            pull<I>(shard, dv, du);
            std::swap(dv, du);
          }
        });
      }
    }
    return value;
  }

 private:
  template <class F>
  static void each(F f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (f.template operator()<I>(), ...); }
    (std::make_index_sequence<P::carriers>{});
  }

  template <std::size_t I, class Shard, class Value>
  static MatrixView<Value> view(const Shard& shard, Value* data) {
    return {data, C::shapes[I].size(), shard.columns};
  }
  static MatrixView<const T> read(const MatrixView<T>& matrix) { return {matrix.data(), matrix.rows(), matrix.cols()}; }
  template <class Shard>
  static MatrixView<T> tangent(const Shard& shard, std::size_t i) {
    return {shard.lane.tangent(i), C::shapes[i].size(), shard.columns};
  }

  /// Affine layer I without its bias, as a network of its own.
  template <std::size_t I>
  struct Linear {
    using Layer = typename C::template runs_as<I>::Tangent;
    using Chain = eigencoder::Chain<T, C::shapes[C::reads(I)], static_cast<std::size_t>(-1), Layer>;
    using S = typename Chain::template stage<0>;
    static_assert(S::needs.packed == C::needs[I].packed && S::needs.cache == C::needs[I].cache);

    static std::tuple<Layer> layers(const typename C::Layers& all) {
      if constexpr (std::is_same_v<Layer, typename C::template runs_as<I>>) {
        return {C::template recipe<I>(all)};
      } else {
        return {};
      }
    }
    template <class Shard>
    static Parameters<T> parameters(const Shard& shard) {
      return {shard.parameters.theta + C::theta_at[I], nullptr, shard.parameters.packed + C::packed_at[I]};
    }
    template <class Shard>
    static LayerMemory<T> memory(const Shard& shard) {
      return {.x = shard.lane.tangent(C::reads(I)),
              .y = shard.lane.tangent(I + 1),
              .cache = shard.lane.cache(I),
              .scratch = shard.lane.scratch(),
              .scratch_per_sample = shard.lane.scratch_per_sample(),
              .gradient = shard.gradient + C::theta_at[I]};
    }
    template <class Shard>
    static LayerBatch batch(const Shard& shard) {
      return {.columns = shard.columns, .batch = shard.batch, .random = Random(shard.seed, shard.step, I, shard.first)};
    }
  };

  template <std::size_t I, class Shard>
  static void push(const Shard& shard) {
    using S = typename P::template stage<I>;
    if constexpr (C::taken_over(I)) {
      return;
    } else if constexpr (Affine<typename S::Layer>) {
      using L = Linear<I>;
      run_forward<typename L::Chain, 0, typename L::S, Training>(L::layers(shard.layers), L::parameters(shard),
                                                                 L::memory(shard), L::batch(shard));
    } else {
      C::template recipe<I>(shard.layers)
          .push(Push<S>{.y = view<I + 1, Shard, const T>(shard, shard.lane.activation(I + 1)),
                        .cache = {shard.lane.cache(I), S::needs.cache, shard.columns},
                        .u = read(tangent(shard, C::reads(I))),
                        .v = tangent(shard, I + 1)});
    }
  }

  template <std::size_t I, class Shard>
  static void pull(const Shard& shard, T* dv, T* du) {
    using S = typename P::template stage<I>;
    if constexpr (Affine<typename S::Layer>) {
      using L = Linear<I>;
      LayerMemory<T> memory = L::memory(shard);
      memory.dy = dv;
      memory.dx = du;
      run_backward<typename L::Chain, 0, typename L::S, C::trains_before(I)>(L::layers(shard.layers), L::parameters(shard),
                                                                             memory, L::batch(shard));
    } else {
      C::template recipe<I>(shard.layers)
          .pull(Pull<S>{.y = view<I + 1, Shard, const T>(shard, shard.lane.activation(I + 1)),
                        .cache = {shard.lane.cache(I), S::needs.cache, shard.columns},
                        .u = read(tangent(shard, C::reads(I))),
                        .dv = view<I + 1, Shard, const T>(shard, dv),
                        .du = view<C::reads(I)>(shard, du),
                        .dy = view<I + 1>(shard, shard.lane.bend(I + 1))});
    }
  }
};

}  // namespace eigencoder
