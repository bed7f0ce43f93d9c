// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/engine/run_term.hpp"

namespace eigencoder {

/// Runs the operations of one phase of a program on one shard. Layers are called by pointers to what depends on the network alone: so
/// a program has no code for each of its operations, and several objectives on a network share that of its layers.
template <class P, Mode M>
class Execute {
  using C = typename P::Chain;
  using T = typename C::Scalar;
  using Layers = typename C::Layers;
  using Terms = RunTerm<P, M>;
  static constexpr const auto& program = M == Mode::train ? P::training : P::evaluation;

 public:
  static void phase(int phase, const Shard<P>& shard) {
    for (const Operation& operation : program) {
      if (operation.phase == phase) run(operation, shard);
    }
  }

  /// The gradients of the parameters [begin, end), which are a part by P::part_begin, as far as they are of layers of P::overwrites:
  /// from the whole batch, whose shards were run with `together`, each in the place behind that of the one before. Layers before
  /// `first_trained` have none.
  static void parameter_gradients(const Layers& layers, const KeptBatch<T>& batch, T* gradient, Index begin, Index end,
                                  std::size_t first_trained, Precision precision) {
    const Lane<P> lane(batch.memory);
    for (const Operation& operation : program) {
      const std::size_t i = operation.index;
      if (operation.what != Do::backward || i < first_trained || !P::overwrites[i]) continue;
      const Block& block = C::split_block[i];
      // The column that begins at a parameter; of what lies before the block 0, of what lies behind it all.
      const auto column_at = [&](Index parameter) {
        return std::clamp<Index>((parameter - C::theta_at[i]) / block.rows, 0, block.cols);
      };
      const Index first = column_at(begin), last = column_at(end);
      if (first == last) continue;
      const LayerMemory<T> memory{.x = C::reads(i) == 0 ? batch.x : lane.activation(C::reads(i)),
                                  .dy = lane.delta(operation.delta, C::shapes[i + 1].size()),
                                  .gradient = gradient};
      calls[i].parameter_gradient(layers, memory, batch.columns, first, last, false, precision);
    }
  }

 private:
  /// What the program calls of a layer; null what it does not.
  struct Calls {
    using Pass = void(const Layers&, const Parameters<T>&, const LayerMemory<T>&, const LayerBatch&);

    decltype(&run_gather<C, 0, typename P::template stage<0>>) gather = nullptr;
    Pass* forward = nullptr;
    void (*clear_padding)(T*, Index, const Index*) = nullptr;  ///< of the output's gradient
    decltype(&run_gather_backward<C, 0, typename P::template stage<0>>) gather_backward = nullptr;
    decltype(&run_parameter_gradient<C, 0, typename P::template stage<0>>) parameter_gradient = nullptr;
    Pass* backward = nullptr;
  };
  template <std::size_t I>
  static constexpr Calls calls_of() {
    using S = typename P::template stage<I>;
    constexpr auto has = [](Do what) { return program.has(what, I); };
    Calls of;
    if constexpr (has(Do::gather)) of.gather = run_gather<C, I, S>;
    if constexpr (has(Do::forward)) {
      of.forward = run_forward<C, I, S, M == Mode::evaluate && !C::needs[I].samples ? Mode::predict : M>;
    }
    if constexpr (M == Mode::train && Steps<C>::template known<I + 1>) of.clear_padding = detail::clear_padding<C, I + 1, T>;
    if constexpr (has(Do::gather_backward)) of.gather_backward = run_gather_backward<C, I, S>;
    if constexpr (has(Do::backward)) {
      using B = typename P::template backward_stage<I>;
      constexpr bool inner = C::trains_before(I);
      if constexpr (P::overwrites[I]) of.parameter_gradient = run_parameter_gradient<C, I, typename C::template stage<I>>;
      if constexpr (!P::overwrites[I] && !(C::frozen[I] && GivesInputGradient<B>)) {
        of.backward = run_backward<C, I, B, inner>;
      } else if constexpr (inner) {
        of.backward = run_input_gradient<C, I, B>;
      }
    }
    return of;
  }
  static constexpr std::array<Calls, C::size> calls = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<Calls, C::size>{calls_of<I>()...};
  }
  (std::make_index_sequence<C::size>{});

  static void run(const Operation& operation, const Shard<P>& shard) {
    const std::size_t i = operation.index;
    if (program.is_of_term(operation.what)) return run_terms(operation, shard, std::make_index_sequence<P::terms>{});
    switch (operation.what) {
      case Do::gather:
        return calls[i].gather(shard.layers, memory(shard, i, operation.delta), layer_batch(shard, i),
                               detail::part(shard.share, C::sums_at[i], C::needs[i].sums));
      case Do::forward:
        return calls[i].forward(shard.layers, shard.parameters, memory(shard, i, operation.delta), layer_batch(shard, i));
      default:
        if constexpr (M == Mode::train) {
          if (i >= shard.first_trained) run_backward_operation(operation, shard);  // the others are frozen
        }
    }
  }

  template <std::size_t... K>
  static void run_terms(const Operation& operation, const Shard<P>& shard, std::index_sequence<K...>) {
    ((operation.index == K ? run_term<K>(operation, shard) : void()), ...);
  }
  template <std::size_t K>
  static void run_term(const Operation& operation, const Shard<P>& shard) {
    constexpr auto has = [](Do what) { return program.find(what, K) != nullptr; };
    constexpr auto differentiates = [](Do what) { return program.find(what, K)->gradient; };
    if constexpr (has(Do::term_gather)) {
      if (operation.what == Do::term_gather) Terms::template gather<K>(shard);
    }
    if constexpr (has(Do::loss)) {
      if (operation.what == Do::loss) Terms::template loss<K, differentiates(Do::loss)>(shard, operation.delta);
    }
    if constexpr (has(Do::penalty)) {
      if (operation.what == Do::penalty) Terms::template penalty<K, differentiates(Do::penalty)>(shard, operation.delta);
    }
    if constexpr (has(Do::weight_penalty)) {
      if (operation.what == Do::weight_penalty) Terms::template weight_penalty<K, differentiates(Do::weight_penalty)>(shard);
    }
  }

  static void run_backward_operation(const Operation& operation, const Shard<P>& shard) {
    const std::size_t i = operation.index, joined = C::joined_by(i);
    const Index columns = shard.columns;
    T* const dy = shard.delta(operation.delta, C::shapes[i + 1].size());
    if (operation.what == Do::add_side_gradient) return add_side_gradient(shard, i, dy);
    if (calls[i].clear_padding) calls[i].clear_padding(dy, columns, shard.lengths);
    const LayerMemory<T> where = memory(shard, i, operation.delta);
    const LayerBatch batch = layer_batch(shard, i);
    if (operation.what == Do::gather_backward) {
      calls[i].gather_backward(shard.layers, shard.parameters, where, batch,
                               detail::part(shard.share, P::dsums_begin + C::dsums_at[i], C::needs[i].dsums));
      return;
    }
    // The last to join an activation is the first to add to its side gradient.
    if (C::joins[i] && C::last_join(joined) == i && P::side_gradient(joined)) {
      std::fill_n(shard.lane.side_gradient(joined), C::shapes[joined].size() * columns, T(0));
    }
    if (P::overwrites[i] && !shard.together) {
      calls[i].parameter_gradient(shard.layers, where, columns, 0, C::split_block[i].cols, !shard.first_of_gradient,
                                  shard.parameters.precision);
    }
    if (calls[i].backward) calls[i].backward(shard.layers, shard.parameters, where, batch);
  }

  /// Adds what reached layer i's output by another way than the next layer: from a join, or from the tangents.
  static void add_side_gradient(const Shard<P>& shard, std::size_t i, T* dy) {
    if constexpr (P::side_at[P::layers + 1] > 0) {
      const Index values = C::shapes[i + 1].size() * shard.columns;
      VectorView<T>(dy, values) += VectorView<const T>(shard.lane.side_gradient(i + 1), values);
    }
  }

  static std::span<const double> layer_sums(const Shard<P>& shard, std::size_t i) {
    return detail::part(shard.totals, C::sums_at[i], C::needs[i].sums);
  }
  /// Layer I's places in the shard's lane.
  static LayerMemory<T> memory(const Shard<P>& shard, std::size_t i, int delta) {
    const Index link = C::links[i];
    const bool joins = C::joins[i], links = link != no_link && !joins;
    const std::size_t joined = C::joined_by(i);
    T* const dy = shard.delta(delta, C::shapes[i + 1].size());
    return {.x = shard.activation(C::reads(i)),
            .y = shard.lane.activation(i + 1),
            .cache = shard.lane.cache(i),
            .scratch = shard.lane.scratch(),
            .scratch_per_sample = shard.lane.scratch_per_sample(),
            .source_cache = links ? shard.lane.cache(static_cast<std::size_t>(link)) : nullptr,
            .joined = joins ? shard.activation(joined) : nullptr,
            .targets = shard.target,
            .dy = dy,
            .dx = C::needs[i].in_place ? dy : shard.delta(delta + 1, C::shapes[C::reads(i)].size()),
            .djoined = P::side_gradient(joined) ? shard.lane.side_gradient(joined) : nullptr,
            .gradient = shard.gradient};
  }
  static LayerBatch layer_batch(const Shard<P>& shard, std::size_t i) {
    return {.columns = shard.columns,
            .batch = shard.batch,
            .random = Random(shard.seed, shard.step, i, shard.first),
            .sums = layer_sums(shard, i),
            .dsums = detail::part(shard.totals, P::dsums_begin + C::dsums_at[i], C::needs[i].dsums),
            .tallies = detail::part(shard.share, P::tallies_begin + C::tallies_at[i], C::needs[i].tallies),
            .lengths = shard.lengths};
  }
};

}  // namespace eigencoder
