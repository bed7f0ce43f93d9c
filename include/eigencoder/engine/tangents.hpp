// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/engine/lane.hpp"

namespace eigencoder {

/// Where a lane keeps its tangents, as the plan says.
template <class P>
class TangentMemory {
  using C = typename P::Chain;
  using T = typename C::Scalar;
  using Plan = typename P::Tangents;

 public:
  explicit TangentMemory(const Lane<P>& lane) : lane_(lane) {}

  T* tangent(std::size_t i) const { return lane_.tangents(Plan::at[i], Plan::at[i + 1] - Plan::at[i]); }  ///< of activation i
  T* delta(int which) const {  ///< of a tangent
    return lane_.tangents(Plan::at[Plan::carriers + 1] + which * Plan::widest, Plan::widest);
  }
  T* gram() const { return lane_.tangents_once(); }
  T* gram_delta() const { return gram() + Plan::gram_size; }

 private:
  Lane<P> lane_;
};

namespace detail {

// The places where a layer's functions for tangents are called, as run_layer.hpp is for the others. w is at the layer's
// input, z at its output; S is its stage.

/// w → z = J w
template <class C, std::size_t I, class S>
void run_push(const typename C::Layers& layers, const LayerMemory<typename C::Scalar>& memory, Index columns,
              const typename C::Scalar* w, typename C::Scalar* z) {
  using T = typename C::Scalar;
  C::template recipe<I>(layers).push(Push<S>{.y = MatrixView<const T>(memory.y, S::out.size(), columns),
                                             .cache = MatrixView<const T>(memory.cache, S::needs.cache, columns),
                                             .u = MatrixView<const T>(w, S::in.size(), columns),
                                             .v = MatrixView<T>(z, S::out.size(), columns)});
}
/// ∂(z · J w)/∂y, added to dy
template <class C, std::size_t I, class S>
void run_bend(const typename C::Layers& layers, const LayerMemory<typename C::Scalar>& memory, Index columns,
              const typename C::Scalar* w, const typename C::Scalar* z, typename C::Scalar* dy, typename C::Scalar* scratch) {
  using T = typename C::Scalar;
  C::template recipe<I>(layers).bend(Bend<S>{.y = MatrixView<const T>(memory.y, S::out.size(), columns),
                                             .cache = MatrixView<const T>(memory.cache, S::needs.cache, columns),
                                             .u = MatrixView<const T>(w, S::in.size(), columns),
                                             .dv = MatrixView<const T>(z, S::out.size(), columns),
                                             .dy = MatrixView<T>(dy, S::out.size(), columns),
                                             .scratch = MatrixView<T>(scratch, S::out.size(), columns)});
}
/// Of the first layer, W → G
template <class C, class S>
void run_gram(const typename C::Layers& layers, const typename C::Scalar* theta, typename C::Scalar* G) {
  C::template recipe<0>(layers).gram(
      Gram<S>{.theta = S::Trainable::views(theta), .G = MatrixView<typename C::Scalar>(G, S::out.size(), S::out.size())});
}
/// and dG → dW
template <class C, class S>
void run_gram_backward(const typename C::Layers& layers, const typename C::Scalar* theta, typename C::Scalar* gradient,
                       const typename C::Scalar* dG) {
  C::template recipe<0>(layers).gram_backward(
      GramBackward<S>{.theta = S::Trainable::views(theta),
                      .dtheta = S::Trainable::views(gradient),
                      .dG = MatrixView<const typename C::Scalar>(dG, S::out.size(), S::out.size())});
}

}  // namespace detail

/// Small changes of the input on their way through an encoder, v = J u, for a penalty on them, or directions of the code on
/// their way back, v = Jᵀ u; and the gradient of the penalty, the other way through the same layers. With w at a layer's input
/// and z at its output, one of them the tangent and the other the gradient,
///   up     w → J w            an affine layer's forward without its bias, others push
///   down   z → Jᵀ z           backward without the weights' gradient
///   meet   ∂(z · J w)/∂θ      an affine layer's weights' gradient, added; of others what bends, ∂/∂y, which waits in the lane
///                             until the step's own backward is there.
template <class P, Mode M>
class RunTangents {
  using C = typename P::Chain;
  using T = typename C::Scalar;
  using Plan = typename P::Tangents;

 public:
  /// The penalty's share of the value. All directions, one after the other: memory does not grow with their number.
  template <bool Gradient, class Term>
  static double run(const Shard<P>& shard, const Term& term, double weight) {
    const TangentMemory<P> memory(shard.lane);
    each([&]<std::size_t I>() {
      if constexpr (Plan::bends[I]) {
        std::fill_n(shard.lane.side_gradient(I + 1), C::shapes[I + 1].size() * shard.columns, T(0));
      }
    });
    if constexpr (Plan::gram) {
      detail::run_gram<C, First>(shard.layers, shard.parameters.theta, memory.gram());
      std::fill_n(memory.gram_delta(), Plan::gram_size, T(0));
    }
    constexpr bool from_code = Plan::directions.from_code;
    constexpr std::size_t from = from_code ? Plan::carriers : 0, to = Plan::carriers - from, end = Plan::gram ? 1 : to;
    double value = 0;
    for (Index d = 0; d < Plan::directions.count; ++d) {
      term.direction(d, Random(shard.seed, shard.step, stream(RandomStream::layers, P::layers + static_cast<std::size_t>(d)), shard.first),
                     view<from>(shard, memory.tangent(from)));
      if constexpr (from_code) {
        each_down([&]<std::size_t I>() { down<I>(shard, memory.tangent(I + 1), memory.tangent(C::reads(I))); });
      } else {
        each([&]<std::size_t I>() { up<I>(shard, memory.tangent(C::reads(I)), memory.tangent(I + 1)); });
      }
      T *gradient = memory.delta(0), *next = memory.delta(1);
      value += term(TangentPass<T, Gradient>{.v = view<end, const T>(shard, memory.tangent(to)),
                                             .w = view<end, const T>(shard, memory.tangent(end)),
                                             .dv = view<end>(shard, gradient),
                                             .batch = shard.batch,
                                             .weight = weight});
      if (weight == 0) continue;  // measured alone
      if constexpr (Gradient && from_code) {
        each([&]<std::size_t I>() {
          if constexpr (C::trains(I)) meet<I>(shard, gradient, memory.tangent(I + 1), next);
          if constexpr (I + 1 < Plan::carriers) {
            up<I>(shard, gradient, next);
            std::swap(gradient, next);
          }
        });
      } else if constexpr (Gradient) {
        each_down([&]<std::size_t I>() {
          if constexpr (C::trains(I)) meet<I>(shard, memory.tangent(C::reads(I)), gradient, next);
          if constexpr (C::trains_before(C::reads(I))) {
            down<I>(shard, gradient, next);
            std::swap(gradient, next);
          }
        });
      }
    }
    if constexpr (Gradient && Plan::gram) {
      detail::run_gram_backward<C, First>(shard.layers, shard.parameters.theta, shard.gradient, memory.gram_delta());
    }
    return value;
  }

 private:
  using First = typename P::template stage<0>;

  /// The encoder's layers that run, upwards.
  template <class F>
  static void each(F f) {
    const auto run = [&]<std::size_t I>() {
      if constexpr (!C::taken_over(I)) f.template operator()<I>();
    };
    [&]<std::size_t... I>(std::index_sequence<I...>) { (run.template operator()<I>(), ...); }
    (std::make_index_sequence<Plan::carriers>{});
  }
  template <class F>
  static void each_down(F f) {
    const auto run = [&]<std::size_t I>() {
      if constexpr (!C::taken_over(Plan::carriers - 1 - I)) f.template operator()<Plan::carriers - 1 - I>();
    };
    [&]<std::size_t... I>(std::index_sequence<I...>) { (run.template operator()<I>(), ...); }
    (std::make_index_sequence<Plan::carriers>{});
  }

  template <std::size_t I, class Value>
  static MatrixView<Value> view(const Shard<P>& shard, Value* data) {
    return {data, C::shapes[I].size(), shard.columns};
  }

  /// Affine layer I without its bias, as a network of its own; with G instead of its weights where that is what runs.
  template <std::size_t I>
  struct Linear {
    static constexpr bool gram = Plan::gram && I == 0;
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
    static Parameters<T> parameters(const Shard<P>& shard) {
      return {gram ? TangentMemory<P>(shard.lane).gram() : shard.parameters.theta + C::theta_at[I], nullptr,
              shard.parameters.packed + C::packed_at[I]};
    }
  };

  /// Layer I's places in the lane, but for its operands; and what it needs to know of the batch.
  static LayerMemory<T> memory_of(const Shard<P>& shard, std::size_t i) {
    return {
        .cache = shard.lane.cache(i), .scratch = shard.lane.scratch(), .scratch_per_sample = shard.lane.scratch_per_sample()};
  }
  static LayerBatch batch_of(const Shard<P>& shard, std::size_t i) {
    return {.columns = shard.columns, .batch = shard.batch, .random = Random(shard.seed, shard.step, i, shard.first)};
  }

  template <std::size_t I>
  static void up(const Shard<P>& shard, const T* w, T* z) {
    using S = typename C::template stage<I>;
    LayerMemory<T> memory = memory_of(shard, I);
    if constexpr (Affine<typename S::Layer>) {
      using L = Linear<I>;
      memory.x = w;
      memory.y = z;
      run_forward<typename L::Chain, 0, typename L::S, M>(L::layers(shard.layers), L::parameters(shard), memory,
                                                          batch_of(shard, I));
    } else {
      memory.y = shard.lane.activation(I + 1);
      detail::run_push<C, I, S>(shard.layers, memory, shard.columns, w, z);
    }
  }

  template <std::size_t I>
  static void down(const Shard<P>& shard, const T* z, T* w) {
    using S = typename C::template stage<I>;
    LayerMemory<T> memory = memory_of(shard, I);
    memory.dy = z;
    memory.dx = w;
    if constexpr (M != Mode::train && S::needs.training_only) {
      std::copy_n(z, S::in.size() * shard.columns, w);
    } else if constexpr (Affine<typename S::Layer>) {
      using L = Linear<I>;
      run_input_gradient<typename L::Chain, 0, typename L::S>(L::layers(shard.layers), L::parameters(shard), memory,
                                                              batch_of(shard, I));
    } else {
      memory.x = shard.activation(C::reads(I));
      memory.y = shard.lane.activation(I + 1);
      run_input_gradient<C, I, S>(shard.layers, shard.parameters, memory, batch_of(shard, I));
    }
  }

  template <std::size_t I>
  static void meet(const Shard<P>& shard, const T* w, const T* z, T* scratch) {
    static_cast<void>(scratch);
    using S = typename C::template stage<I>;
    LayerMemory<T> memory = memory_of(shard, I);
    if constexpr (S::Trainable::count > 0) {
      using L = Linear<I>;
      memory.x = w;
      memory.dy = z;
      memory.gradient = L::gram ? TangentMemory<P>(shard.lane).gram_delta() : shard.gradient + C::theta_at[I];
      run_backward<typename L::Chain, 0, typename L::S, false>(L::layers(shard.layers), L::parameters(shard), memory,
                                                               batch_of(shard, I));
    } else if constexpr (Plan::bends[I]) {
      memory.y = shard.lane.activation(I + 1);
      detail::run_bend<C, I, S>(shard.layers, memory, shard.columns, w, z, shard.lane.side_gradient(I + 1), scratch);
    }
  }
};

}  // namespace eigencoder
