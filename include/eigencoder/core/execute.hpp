// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/arena.hpp"
#include "eigencoder/core/program.hpp"
#include "eigencoder/core/run_layer.hpp"
#include "eigencoder/core/tangents.hpp"

namespace eigencoder {

/// Working memory for a step on some columns: activations, two deltas, caches and scratch. Made once, used for every step.
template <class P>
class Lane {
 public:
  using T = typename P::Network::Scalar;

  explicit Lane(Index columns)
      : capacity_(rounded(columns)),
        memory_(static_cast<std::size_t>(capacity_ * P::per_sample + P::Network::scratch + 2 * P::gram_size)) {}

  Index capacity() const { return capacity_; }
  T* activation(std::size_t i) { return at(P::activation_at[i]); }
  T* cache(std::size_t layer) { return at(P::activations + P::Network::cache_at[layer]); }
  T* term_cache(std::size_t term) { return at(P::activations + P::Network::cache_at[P::layers] + P::term_cache_at[term]); }
  T* delta(int which) { return at(deltas + which * P::Network::widest_output); }
  T* scratch_per_sample() { return at(deltas + 2 * P::Network::widest_output); }
  T* scratch() { return at(P::per_sample); }
  T* gram() { return scratch() + P::Network::scratch; }
  T* gram_delta() { return gram() + P::gram_size; }
  T* tangent(std::size_t i) { return at(tangents + P::tangent_at[i]); }
  T* bend(std::size_t i) { return at(tangents + P::tangent_at[i] + P::Network::shapes[i].size()); }
  T* tangent_delta(int which) {
    return at(tangents + P::tangent_at[P::carriers + 1] +
              which * std::max(P::Network::input.size(), P::Network::widest_output));
  }

 private:
  static constexpr Index deltas = P::activations + P::Network::cache_at[P::layers] + P::term_cache_at[P::terms];
  static constexpr Index tangents = P::per_sample - P::tangents;
  /// So many that every part begins on a cache line; of a few large samples, each too many would cost more than that is worth.
  static Index rounded(Index columns) {
    const Index whole = columns < 16 ? 4 : 16;
    return (columns + whole - 1) / whole * whole;
  }
  T* at(Index scalars_a_sample) { return memory_.data() + scalars_a_sample * capacity_; }

  Index capacity_;
  Arena<T> memory_;
};

/// Some columns of a batch and all that a step on them reads and writes.
template <class P>
struct Shard {
  using T = typename P::Network::Scalar;
  const typename P::Network::Layers& layers;
  const typename P::Objective& objective;
  Lane<P>& lane;
  Parameters<T> parameters;
  T* gradient = nullptr;  ///< of theta, added to; the worker's own
  const T* x = nullptr;
  const T* target = nullptr;
  Index first = 0, columns = 0, batch = 0;  ///< columns [first, first + columns) of a batch of `batch`
  std::span<double> sums;                   ///< the shard's own share of the totals
  std::span<const double> totals;           ///< over the whole batch
  std::span<double> values;                 ///< of the objective's terms, unweighted: the shard's share
  T* shared = nullptr;                      ///< the terms' columns that all shards may read
  Seed seed;
  std::uint64_t step = 0;
};

/// Runs the operations of one phase of a program on one shard.
template <class P, bool Training>
class Execute {
  using C = typename P::Network;
  using T = typename C::Scalar;
  static constexpr const auto& program = Training ? P::training : P::evaluation;

 public:
  template <int Phase>
  static void phase(const Shard<P>& shard) {
    [&]<std::size_t... K>(std::index_sequence<K...>) { (run<Phase, K>(shard), ...); }
    (std::make_index_sequence<(Training ? P::training : P::evaluation).count>{});
  }

  /// Every worker puts the shards' shares together itself, in shard order: the same bits for all, and no second wait.
  template <int Phase>
  static void total(std::span<const double> sums_of_shards, std::size_t shards, std::span<double> totals) {
    for (const Operation& operation : program) {
      const auto stretch = P::gathered_by(operation);
      if (operation.phase != Phase || stretch.size == 0) continue;
      const auto merge = operation.what == Do::gather ? C::merge[operation.index] : detail::add;
      const auto whole = part(totals, stretch.begin, stretch.size);
      std::fill(whole.begin(), whole.end(), 0.0);
      for (std::size_t s = 0; s < shards; ++s) {
        merge(whole, part(sums_of_shards.subspan(s * totals.size()), stretch.begin, stretch.size));
      }
    }
  }

 private:
  template <int Phase, std::size_t K>
  static void run(const Shard<P>& shard) {
    constexpr Operation operation = (Training ? P::training : P::evaluation).list[K];
    constexpr std::size_t I = operation.index;
    if constexpr (operation.phase != Phase) {
      return;
    } else if constexpr (operation.what == Do::gather) {
      gather<I>(shard);
    } else if constexpr (operation.what == Do::forward) {
      forward<I>(shard);
    } else if constexpr (operation.what == Do::term_gather) {
      gather_term<I>(shard);
    } else if constexpr (operation.what == Do::loss) {
      loss<I, operation.delta, operation.gradient>(shard);
    } else if constexpr (operation.what == Do::penalty) {
      penalty<I, operation.delta, operation.gradient>(shard);
    } else if constexpr (operation.what == Do::bend) {
      bend<I, operation.delta>(shard);
    } else if constexpr (operation.what == Do::weight_penalty) {
      weight_penalty<I, operation.gradient>(shard);
    } else if constexpr (operation.what == Do::gather_backward) {
      gather_backward<I, operation.delta>(shard);
    } else {
      backward<I, operation.delta>(shard);
    }
  }

  static const T* activation(const Shard<P>& shard, std::size_t i) { return i == 0 ? shard.x : shard.lane.activation(i); }
  static MatrixView<const T> view(const Shard<P>& shard, std::size_t i) {
    return {activation(shard, i), C::shapes[i].size(), shard.columns};
  }
  static MatrixView<const T> read(const MatrixView<T>& matrix) { return {matrix.data(), matrix.rows(), matrix.cols()}; }
  template <class Value>
  static std::span<Value> part(std::span<Value> whole, Index begin, Index size) {
    return whole.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(size));
  }
  static std::span<const double> layer_sums(const Shard<P>& shard, std::size_t i) {
    return part(shard.totals, C::sums_at[i], C::needs[i].sums);
  }
  /// Layer I's places in the shard's lane.
  static LayerMemory<T> memory(const Shard<P>& shard, std::size_t i, int delta = 0) {
    const Index link = C::needs[i].link;
    T* const dy = shard.lane.delta(delta);
    return {.x = activation(shard, C::reads(i)),
            .y = shard.lane.activation(i + 1),
            .cache = shard.lane.cache(i),
            .scratch = shard.lane.scratch(),
            .scratch_per_sample = shard.lane.scratch_per_sample(),
            .source_cache = link < 0 ? nullptr : shard.lane.cache(static_cast<std::size_t>(link)),
            .dy = dy,
            .dx = C::needs[i].in_place ? dy : shard.lane.delta(1 - delta),
            .gradient = shard.gradient};
  }
  static LayerBatch layer_batch(const Shard<P>& shard, std::size_t i) {
    return {.columns = shard.columns,
            .batch = shard.batch,
            .random = Random(shard.seed, shard.step, i, shard.first),
            .sums = layer_sums(shard, i),
            .dsums = part(shard.totals, P::dsums_begin + C::dsums_at[i], C::needs[i].dsums),
            .tallies = part(shard.sums, P::tallies_begin + C::tallies_at[i], C::needs[i].tallies)};
  }

  template <std::size_t I>
  static void forward(const Shard<P>& shard) {
    if constexpr (!P::fusion.absorbed[I] && !(P::on_logits && I + 1 == P::layers)) {
      using S = typename P::template stage<I>;
      constexpr bool draws = Training || C::needs[I].latent;  // an expectation over codes is estimated by drawing them
      run_forward<C, I, S, draws>(shard.layers, shard.parameters, memory(shard, I), layer_batch(shard, I));
    }
  }

  template <std::size_t I>
  static void gather(const Shard<P>& shard) {
    using S = typename P::template stage<I>;
    C::template recipe<I>(shard.layers)
        .gather(Gather<S>{.x = view(shard, C::reads(I)), .sums = part(shard.sums, C::sums_at[I], S::needs.sums)});
  }

  template <std::size_t I, int Delta>
  static void gather_backward(const Shard<P>& shard) {
    using S = typename P::template stage<I>;
    C::template recipe<I>(shard.layers)
        .gather_backward(GatherBackward<S>{.theta = S::Trainable::views(shard.parameters.theta + C::theta_at[I]),
                                           .x = view(shard, C::reads(I)),
                                           .dy = MatrixView<const T>(shard.lane.delta(Delta), S::out.size(), shard.columns),
                                           .sums = layer_sums(shard, I),
                                           .dsums = part(shard.sums, P::dsums_begin + C::dsums_at[I], S::needs.dsums),
                                           .batch = shard.batch});
  }

  template <std::size_t I, int Delta>
  static void backward(const Shard<P>& shard) {
    using S = typename P::template backward_stage<I>;
    run_backward<C, I, S, C::trains_before(I)>(shard.layers, shard.parameters, memory(shard, I, Delta), layer_batch(shard, I));
  }

  template <std::size_t K, int Delta, bool Gradient>
  static void loss(const Shard<P>& shard) {
    constexpr bool first = std::find(P::loss.begin(), P::loss.end(), true) - P::loss.begin() == K;
    constexpr Index rows = C::output.size();
    const auto& term = std::get<K>(shard.objective.terms).term;
    LossPass<T, Gradient, !first> pass{.y = view(shard, P::layers),
                                       .target = MatrixView<const T>(shard.target, rows, shard.columns),
                                       .dy = MatrixView<T>(shard.lane.delta(Delta), rows, shard.columns),
                                       .batch = shard.batch,
                                       .weight = weight<K>(shard),
                                       .sums = term_sums<K>(shard)};
    if constexpr (P::penalty[K]) {
      new (&pass.latent) MatrixView<const T>(view(shard, P::site[K]));  // Eigen's way to point a map elsewhere
      new (&pass.code) MatrixView<const T>(view(shard, code<K>));
      new (&pass.cache) MatrixView<T>(term_cache<K>(shard));
    }
    if constexpr (P::on_logits) {
      shard.values[K] += term.on_logits()(pass);
    } else {
      shard.values[K] += term(pass);
    }
  }

  template <std::size_t K>
  static double weight(const Shard<P>& shard) {
    const auto& weighted = std::get<K>(shard.objective.terms);
    return Training ? weighted.weight_in(shard.step) : weighted.weight;
  }
  template <std::size_t K, class Value>
  static std::span<Value> sums_of(std::span<Value> totals) {
    return part(totals, P::terms_begin + P::term_sums_at[K], P::term_sums_at[K + 1] - P::term_sums_at[K]);
  }
  template <std::size_t K>
  static std::span<const double> term_sums(const Shard<P>& shard) {
    return sums_of<K>(shard.totals);
  }
  template <std::size_t K>
  static MatrixView<T> term_cache(const Shard<P>& shard) {
    return {shard.lane.term_cache(K), P::term_cache_at[K + 1] - P::term_cache_at[K], shard.columns};
  }
  /// Columns [first, first + columns) of what the shards share under term K.
  template <std::size_t K>
  static MatrixView<T> shared(const Shard<P>& shard, Index first, Index columns) {
    constexpr Index rows = P::shared_at[K + 1] - P::shared_at[K];
    return {shard.shared + P::shared_at[K] * shard.batch + rows * first, rows, columns};
  }
  /// What term K may see beside the activation that it looks at.
  template <std::size_t K>
  static constexpr std::size_t code = P::latent < P::layers && P::site[K] == P::latent ? P::latent + 1 : P::site[K];

  static constexpr std::size_t term_draws = 0x80000000;  ///< where the streams of terms begin, behind all layers and directions

  template <std::size_t K>
  static void gather_term(const Shard<P>& shard) {
    const auto& term = std::get<K>(shard.objective.terms).term;
    if constexpr (P::penalty[K]) {
      using S = typename P::template stage<P::producer(P::site[K])>;
      term.gather(PenaltyGather<S>{.y = view(shard, P::site[K]),
                                   .sums = sums_of<K>(shard.sums),
                                   .shared = shared<K>(shard, shard.first, shard.columns),
                                   .random = Random(shard.seed, shard.step, term_draws + K, shard.first)});
    } else {
      term.gather(LossGather<T>{.y = view(shard, P::layers),
                                .target = MatrixView<const T>(shard.target, C::output.size(), shard.columns),
                                .sums = sums_of<K>(shard.sums)});
    }
  }

  /// Adds what the tangents have made of an activation's gradient.
  template <std::size_t I, int Delta>
  static void bend(const Shard<P>& shard) {
    const Index values = C::shapes[I + 1].size() * shard.columns;
    VectorView<T>(shard.lane.delta(Delta), values) += VectorView<const T>(shard.lane.bend(I + 1), values);
  }

  template <std::size_t K, int Delta, bool Gradient>
  static void penalty(const Shard<P>& shard) {
    if constexpr (K == P::tangent_term) {
      shard.values[K] +=
          Tangents<P, Training>::template run<Gradient>(shard, std::get<K>(shard.objective.terms).term, weight<K>(shard));
    } else {
      look<K, Delta, Gradient>(shard);
    }
  }
  template <std::size_t K, int Delta, bool Gradient>
  static void look(const Shard<P>& shard) {
    constexpr std::size_t Q = P::producer(P::site[K]);
    using S = typename P::template stage<Q>;
    const auto& term = std::get<K>(shard.objective.terms).term;
    typename S::Epilogue epilogue{};
    if constexpr (!std::is_same_v<typename S::Epilogue, NoEpilogue>) epilogue = std::get<Q + 1>(shard.layers);
    shard.values[K] +=
        term(PenaltyPass<S, Gradient>{.theta = S::Trainable::views(shard.parameters.theta + C::theta_at[Q]),
                                      .dtheta = S::Trainable::views(shard.gradient ? shard.gradient + C::theta_at[Q] : nullptr),
                                      .y = view(shard, P::site[K]),
                                      .dy = MatrixView<T>(shard.lane.delta(Delta), C::shapes[P::site[K]].size(), shard.columns),
                                      .sums = term_sums<K>(shard),
                                      .batch = shard.batch,
                                      .weight = weight<K>(shard),
                                      .epilogue = epilogue,
                                      .code = view(shard, code<K>),
                                      .shared = read(shared<K>(shard, 0, shard.batch)),
                                      .cache = read(term_cache<K>(shard)),
                                      .first = shard.first,
                                      .step = Training ? shard.step : last_step});
  }

  /// Weights are the same for all shards: the first does it for the batch.
  template <std::size_t K, bool Gradient>
  static void weight_penalty(const Shard<P>& shard) {
    if (shard.first != 0) return;
    C::for_each_layer([&]<std::size_t I>() {
      for (const auto& entry : C::template stage<I>::Trainable::entries) {
        if (!entry.block.decay) continue;
        const auto& term = std::get<K>(shard.objective.terms).term;
        const Index at = C::theta_at[I] + entry.offset, size = entry.block.size();
        shard.values[K] += term(WeightPass<T, Gradient>{.theta = VectorView<const T>(shard.parameters.theta + at, size),
                                                        .dtheta = VectorView<T>(Gradient ? shard.gradient + at : nullptr, size),
                                                        .weight = weight<K>(shard)});
      }
    });
  }
};

}  // namespace eigencoder
