// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/engine/run_term.hpp"

namespace eigencoder {

/// Runs the operations of one phase of a program on one shard.
template <class P, Mode M>
class Execute {
  using C = typename P::Chain;
  using T = typename C::Scalar;
  using Terms = RunTerm<P, M>;
  static constexpr const auto& program = M == Mode::train ? P::training : P::evaluation;

 public:
  template <int Phase>
  static void phase(const Shard<P>& shard) {
    [&]<std::size_t... K>(std::index_sequence<K...>) { (run<Phase, K>(shard), ...); }
    (std::make_index_sequence<(M == Mode::train ? P::training : P::evaluation).count>{});
  }

  /// Puts the shards' shares together, in shard order. Returns from the first to the last of the totals that the phase gathers.
  template <int Phase>
  static TotalsSlice total(std::span<const double> shares, std::size_t shards, std::span<double> totals) {
    TotalsSlice gathered;
    for (const Operation& operation : program) {
      const auto slice = P::gathered_by(operation);
      if (operation.phase != Phase || slice.size == 0) continue;
      gathered = gathered.with(slice);
      const auto merge = operation.what == Do::gather ? C::merge[operation.index] : detail::add;
      const auto whole = detail::part(totals, slice.begin, slice.size);
      std::fill(whole.begin(), whole.end(), 0.0);
      for (std::size_t s = 0; s < shards; ++s) {
        merge(whole, detail::part(shares.subspan(s * totals.size()), slice.begin, slice.size));
      }
    }
    return gathered;
  }

  /// Term k gathers in that phase.
  template <int Phase>
  static bool gathers(std::size_t k) {
    return std::any_of(program.begin(), program.end(), [&](const Operation& operation) {
      return operation.phase == Phase && operation.what == Do::term_gather && operation.index == k;
    });
  }

  /// The gradients of the parameters [begin, end), which are a part by P::part_begin, as far as they are of layers of P::overwrites:
  /// from the whole batch, whose shards were run with `together`. Layers before `first_trained` have none.
  static void parameter_gradients(const typename C::Layers& layers, std::span<const KeptShard<T>> shards, T* gradient, Index begin,
                                  Index end, std::size_t first_trained, Precision precision) {
    const auto of_operation = [&]<std::size_t K>() {
      constexpr Operation operation = P::training.list[K];
      constexpr std::size_t I = operation.index;
      if constexpr (operation.what == Do::backward && P::overwrites[I]) {
        if (I < first_trained) return;
        constexpr Index width = std::max<Index>(piece / first_block<I>.rows / 96, 1) * 96;
        for (Index first = column_at<I>(begin), last = column_at<I>(end), next = 0; first < last; first = next) {
          next = std::min(first + width, last);
          for (const KeptShard<T>& shard : shards) {
            const Lane<P> lane(*shard.memory);
            const LayerMemory<T> memory{.x = C::reads(I) == 0 ? shard.x : lane.activation(C::reads(I)),
                                        .dy = lane.delta(operation.delta),
                                        .gradient = gradient};
            run_parameter_gradient<C, I, typename C::template stage<I>>(layers, memory, shard.columns, first, next,
                                                                        &shard != &shards.front(), precision);
          }
        }
      }
    };
    [&]<std::size_t... K>(std::index_sequence<K...>) { (of_operation.template operator()<K>(), ...); }
    (std::make_index_sequence<P::training.count>{});
  }

 private:
  /// Values of a gradient that stay in the second cache while all shards add to them. In columns, a multiple of any tile's.
  static constexpr Index piece = P::cache / 2 / static_cast<Index>(sizeof(T));
  template <std::size_t I>
  static constexpr const Block& first_block = C::template stage<I>::Trainable::entries[0].block;
  /// The column of layer I's first block that begins at a parameter; of what lies before the block 0, of what lies behind it all.
  template <std::size_t I>
  static constexpr Index column_at(Index parameter) {
    return std::clamp<Index>((parameter - C::theta_at[I]) / first_block<I>.rows, 0, first_block<I>.cols);
  }

  template <int Phase, std::size_t K>
  static void run(const Shard<P>& shard) {
    constexpr Operation operation = (M == Mode::train ? P::training : P::evaluation).list[K];
    constexpr std::size_t I = operation.index;
    if constexpr (operation.phase != Phase) {
      return;
    } else if constexpr (operation.what == Do::gather) {
      gather<I>(shard);
    } else if constexpr (operation.what == Do::forward) {
      forward<I>(shard);
    } else if constexpr (operation.what == Do::term_gather) {
      Terms::template gather<I>(shard);
    } else if constexpr (operation.what == Do::loss) {
      Terms::template loss<I, operation.delta, operation.gradient>(shard);
    } else if constexpr (operation.what == Do::penalty) {
      Terms::template penalty<I, operation.delta, operation.gradient>(shard);
    } else if constexpr (operation.what == Do::weight_penalty) {
      Terms::template weight_penalty<I, operation.gradient>(shard);
    } else if (I < shard.first_trained) {  // frozen: the rest is the layers' backward
      return;
    } else if constexpr (operation.what == Do::add_side_gradient) {
      add_side_gradient<I, operation.delta>(shard);
    } else if constexpr (operation.what == Do::gather_backward) {
      gather_backward<I, operation.delta>(shard);
    } else {
      backward<I, operation.delta>(shard);
    }
  }

  static std::span<const double> layer_sums(const Shard<P>& shard, std::size_t i) {
    return detail::part(shard.totals, C::sums_at[i], C::needs[i].sums);
  }
  /// Layer I's places in the shard's lane.
  static LayerMemory<T> memory(const Shard<P>& shard, std::size_t i, int delta = 0) {
    const Index link = C::links[i];
    const bool joins = C::joins[i], links = link != no_link && !joins;
    const std::size_t joined = C::joined_by(i);
    T* const dy = shard.delta(delta);
    return {.x = shard.activation(C::reads(i)),
            .y = shard.lane.activation(i + 1),
            .cache = shard.lane.cache(i),
            .scratch = shard.lane.scratch(),
            .scratch_per_sample = shard.lane.scratch_per_sample(),
            .source_cache = links ? shard.lane.cache(static_cast<std::size_t>(link)) : nullptr,
            .joined = joins ? shard.activation(joined) : nullptr,
            .targets = shard.target,
            .dy = dy,
            .dx = C::needs[i].in_place ? dy : shard.delta(delta + 1),
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

  template <std::size_t I>
  static void forward(const Shard<P>& shard) {
    using S = typename P::template stage<I>;
    constexpr Mode mode = M == Mode::evaluate && !C::needs[I].samples ? Mode::predict : M;
    run_forward<C, I, S, mode>(shard.layers, shard.parameters, memory(shard, I), layer_batch(shard, I));
  }

  template <std::size_t I>
  static void gather(const Shard<P>& shard) {
    using S = typename P::template stage<I>;
    run_gather<C, I, S>(shard.layers, memory(shard, I), layer_batch(shard, I),
                        detail::part(shard.share, C::sums_at[I], S::needs.sums));
  }

  template <std::size_t I, int Delta>
  static void gather_backward(const Shard<P>& shard) {
    detail::clear_padding<C, I + 1>(shard.delta(Delta), shard.columns, shard.lengths);
    using S = typename P::template stage<I>;
    run_gather_backward<C, I, S>(shard.layers, shard.parameters, memory(shard, I, Delta), layer_batch(shard, I),
                                 detail::part(shard.share, P::dsums_begin + C::dsums_at[I], S::needs.dsums));
  }

  template <std::size_t I, int Delta>
  static void backward(const Shard<P>& shard) {
    using S = typename P::template backward_stage<I>;
    if constexpr (C::joins[I]) {  // the last to join an activation is the first to add to its side gradient
      constexpr std::size_t joined = C::joined_by(I);
      if (C::last_join(joined) == I && P::side_gradient(joined)) {
        std::fill_n(shard.lane.side_gradient(joined), C::shapes[joined].size() * shard.columns, T(0));
      }
    }
    detail::clear_padding<C, I + 1>(shard.delta(Delta), shard.columns, shard.lengths);
    if constexpr (C::frozen[I] && C::trains_before(I) && GivesInputGradient<S>) {
      run_input_gradient<C, I, S>(shard.layers, shard.parameters, memory(shard, I, Delta), layer_batch(shard, I));
    } else if constexpr (P::overwrites[I]) {
      const LayerMemory<T> where = memory(shard, I, Delta);
      if (!shard.together) {
        run_parameter_gradient<C, I, typename C::template stage<I>>(shard.layers, where, shard.columns, 0, first_block<I>.cols,
                                                                    !shard.first_of_gradient, shard.parameters.precision);
      }
      if constexpr (C::trains_before(I)) run_input_gradient<C, I, S>(shard.layers, shard.parameters, where, layer_batch(shard, I));
    } else {
      run_backward<C, I, S, C::trains_before(I)>(shard.layers, shard.parameters, memory(shard, I, Delta), layer_batch(shard, I));
    }
  }

  /// Adds what reached layer I's output by another way than the next layer: from a join, or from the tangents.
  template <std::size_t I, int Delta>
  static void add_side_gradient(const Shard<P>& shard) {
    const Index values = C::shapes[I + 1].size() * shard.columns;
    VectorView<T>(shard.delta(Delta), values) += VectorView<const T>(shard.lane.side_gradient(I + 1), values);
  }
};

}  // namespace eigencoder
