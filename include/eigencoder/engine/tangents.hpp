// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/engine/program.hpp"
#include "eigencoder/engine/run_layer.hpp"

namespace eigencoder {

/// Small changes of the input on their way through an encoder, v = J u, for a penalty on them, or directions of the code on
/// their way back, v = Jᵀ u; and the gradient of the penalty, the other way through the same layers. With w at a layer's input
/// and z at its output, one of them the tangent and the other the gradient,
///   up     w → J w            an affine layer's forward without its bias, others push
///   down   z → Jᵀ z           an affine layer's backward without its weights' gradient, others pull
///   meet   ∂(z · J w)/∂θ      an affine layer's weights' gradient, added; of others what bends, ∂/∂y, which waits in the lane
///                             until the step's own backward is there.
template <class P, Mode M>
class Tangents {
  using C = typename P::Network;
  using T = typename C::Scalar;

 public:
  /// The penalty's share of the value. All directions, one after the other: memory does not grow with their number.
  template <bool Gradient, class Shard, class Term>
  static double run(const Shard& shard, const Term& term, double weight) {
    each([&]<std::size_t I>() {
      if constexpr (P::bends[I]) std::fill_n(shard.lane.side_gradient(I + 1), C::shapes[I + 1].size() * shard.columns, T(0));
    });
    if constexpr (P::gram) {
      C::template recipe<0>(shard.layers)
          .gram(Gram<First>{.theta = First::Trainable::views(shard.parameters.theta), .G = square(shard.lane.gram())});
      std::fill_n(shard.lane.gram_delta(), P::gram_size, T(0));
    }
    constexpr std::size_t from = P::from_code ? P::carriers : 0, to = P::carriers - from, end = P::gram ? 1 : to;
    double value = 0;
    for (Index d = 0; d < P::directions.count; ++d) {
      term.direction(d, Random(shard.seed, shard.step, P::layers + static_cast<std::size_t>(d), shard.first),
                     view<from>(shard, shard.lane.tangent(from)));
      if constexpr (P::from_code) {
        each_down([&]<std::size_t I>() { down<I>(shard, shard.lane.tangent(I + 1), shard.lane.tangent(C::reads(I))); });
      } else {
        each([&]<std::size_t I>() { up<I>(shard, shard.lane.tangent(C::reads(I)), shard.lane.tangent(I + 1)); });
      }
      T *gradient = shard.lane.tangent_delta(0), *next = shard.lane.tangent_delta(1);
      value += term(TangentPass<T, Gradient>{.v = view<end, const T>(shard, shard.lane.tangent(to)),
                                             .w = view<end, const T>(shard, shard.lane.tangent(end)),
                                             .dv = view<end>(shard, gradient),
                                             .batch = shard.batch,
                                             .weight = weight});
      if (weight == 0) continue;  // measured alone
      if constexpr (Gradient && P::from_code) {
        each([&]<std::size_t I>() {
          if constexpr (C::trains(I)) meet<I>(shard, gradient, shard.lane.tangent(I + 1), next);
          if constexpr (I + 1 < P::carriers) {
            up<I>(shard, gradient, next);
            std::swap(gradient, next);
          }
        });
      } else if constexpr (Gradient) {
        each_down([&]<std::size_t I>() {
          if constexpr (C::trains(I)) meet<I>(shard, shard.lane.tangent(C::reads(I)), gradient, next);
          if constexpr (C::trains_before(C::reads(I))) {
            down<I>(shard, gradient, next);
            std::swap(gradient, next);
          }
        });
      }
    }
    if constexpr (Gradient && P::gram) {
      C::template recipe<0>(shard.layers)
          .gram_backward(GramBackward<First>{.theta = First::Trainable::views(shard.parameters.theta),
                                             .dtheta = First::Trainable::views(shard.gradient),
                                             .dG = square<const T>(shard.lane.gram_delta())});
    }
    return value;
  }

 private:
  /// The encoder's layers that run, upwards.
  template <class F>
  static void each(F f) {
    const auto run = [&]<std::size_t I>() {
      if constexpr (!C::taken_over(I)) f.template operator()<I>();
    };
    [&]<std::size_t... I>(std::index_sequence<I...>) { (run.template operator()<I>(), ...); }
    (std::make_index_sequence<P::carriers>{});
  }
  template <class F>
  static void each_down(F f) {
    const auto run = [&]<std::size_t I>() {
      if constexpr (!C::taken_over(P::carriers - 1 - I)) f.template operator()<P::carriers - 1 - I>();
    };
    [&]<std::size_t... I>(std::index_sequence<I...>) { (run.template operator()<I>(), ...); }
    (std::make_index_sequence<P::carriers>{});
  }

  template <std::size_t I, class Value, class Shard>
  static MatrixView<Value> view(const Shard& shard, Value* data) {
    return {data, C::shapes[I].size(), shard.columns};
  }

  using First = typename P::template stage<0>;
  template <class Value>
  static MatrixView<Value> square(Value* data) {
    return {data, C::shapes[1].size(), C::shapes[1].size()};
  }

  /// Affine layer I without its bias, as a network of its own; with G in the place of its weights where that is what runs.
  template <std::size_t I>
  struct Linear {
    static constexpr bool gram = P::gram && I == 0;
    using Layer = typename C::template runs_as<I>::Tangent;
    using Chain = eigencoder::Chain<T, C::shapes[gram ? 1 : C::reads(I)], static_cast<std::size_t>(-1), Layer>;
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
      return {gram ? shard.lane.gram() : shard.parameters.theta + C::theta_at[I], nullptr,
              shard.parameters.packed + C::packed_at[I]};
    }
    template <class Shard>
    static LayerMemory<T> memory(const Shard& shard) {
      return {
          .cache = shard.lane.cache(I), .scratch = shard.lane.scratch(), .scratch_per_sample = shard.lane.scratch_per_sample()};
    }
    template <class Shard>
    static LayerBatch batch(const Shard& shard) {
      return {.columns = shard.columns, .batch = shard.batch, .random = Random(shard.seed, shard.step, I, shard.first)};
    }
  };

  template <std::size_t I, class Shard>
  static void up(const Shard& shard, const T* w, T* z) {
    using S = typename P::template stage<I>;
    if constexpr (Affine<typename S::Layer>) {
      using L = Linear<I>;
      LayerMemory<T> memory = L::memory(shard);
      memory.x = w;
      memory.y = z;
      run_forward<typename L::Chain, 0, typename L::S, M>(L::layers(shard.layers), L::parameters(shard), memory,
                                                                 L::batch(shard));
    } else {
      C::template recipe<I>(shard.layers)
          .push(Push<S>{
              .y = output<I>(shard), .cache = cache<I>(shard), .u = view<C::reads(I)>(shard, w), .v = view<I + 1>(shard, z)});
    }
  }

  template <std::size_t I, class Shard>
  static void down(const Shard& shard, const T* z, T* w) {
    using S = typename P::template stage<I>;
    if constexpr (M != Mode::train && S::needs.training_only) {
      std::copy_n(z, S::in.size() * shard.columns, w);
    } else if constexpr (Affine<typename S::Layer>) {
      using L = Linear<I>;
      LayerMemory<T> memory = L::memory(shard);
      memory.dy = z;
      memory.dx = w;
      run_input_gradient<typename L::Chain, 0, typename L::S>(L::layers(shard.layers), L::parameters(shard), memory,
                                                              L::batch(shard));
    } else {
      C::template recipe<I>(shard.layers)
          .pull(Pull<S>{
              .y = output<I>(shard), .cache = cache<I>(shard), .dv = view<I + 1>(shard, z), .du = view<C::reads(I)>(shard, w)});
    }
  }

  template <std::size_t I, class Shard>
  static void meet(const Shard& shard, const T* w, const T* z, T* scratch) {
    static_cast<void>(scratch);
    using S = typename P::template stage<I>;
    if constexpr (S::Trainable::count > 0) {
      using L = Linear<I>;
      LayerMemory<T> memory = L::memory(shard);
      memory.x = w;
      memory.dy = z;
      memory.gradient = L::gram ? shard.lane.gram_delta() : shard.gradient + C::theta_at[I];
      run_backward<typename L::Chain, 0, typename L::S, false>(L::layers(shard.layers), L::parameters(shard), memory,
                                                               L::batch(shard));
    } else if constexpr (P::bends[I]) {
      C::template recipe<I>(shard.layers)
          .bend(Bend<S>{.y = output<I>(shard),
                        .cache = cache<I>(shard),
                        .u = view<C::reads(I)>(shard, w),
                        .dv = view<I + 1>(shard, z),
                        .dy = view<I + 1>(shard, shard.lane.side_gradient(I + 1)),
                        .scratch = view<I + 1>(shard, scratch)});
    }
  }

  template <std::size_t I, class Shard>
  static MatrixView<const T> output(const Shard& shard) {
    return view<I + 1, const T>(shard, shard.lane.activation(I + 1));
  }
  template <std::size_t I, class Shard>
  static MatrixView<const T> cache(const Shard& shard) {
    return {shard.lane.cache(I), C::needs[I].cache, shard.columns};
  }
};

}  // namespace eigencoder
