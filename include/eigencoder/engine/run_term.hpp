// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/engine/tangents.hpp"

namespace eigencoder {

/// Fills the passes of an objective's terms from a shard's memory: the one place where a term is called.
template <class P, Mode M>
class RunTerm {
  using C = typename P::Chain;
  using T = typename C::Scalar;

 public:
  template <std::size_t K, bool Gradient>
  static void loss(const Shard<P>& shard, int delta) {
    constexpr bool first = std::find(P::loss.begin(), P::loss.end(), true) - P::loss.begin() == K;
    constexpr Index rows = C::output.size();
    using Pass = LossPass<LossStage<Term<K>, T>, Gradient, !first>;
    const auto& term = std::get<K>(shard.objective.terms).term;
    const Pass pass{.y = shard.view(P::layers),
                    .target = MatrixView<const T>(shard.target, P::target.size(), shard.columns),
                    .dy = MatrixView<T>(shard.delta(delta, rows), rows, shard.columns),
                    .batch = shard.batch,
                    .weight = weight<K>(shard),
                    .channels = C::output.channels,
                    .sums = decltype(Pass::sums)(term_totals<K>(shard)),
                    .weights = decltype(Pass::weights)(shard.weights),
                    .element_weights = decltype(Pass::element_weights)(element_weights(shard)),
                    .lengths = decltype(Pass::lengths)(Steps<C>::template lengths<P::layers>(shard.lengths)),
                    .latent = decltype(Pass::latent)(shard.view(P::site[K])),
                    .code = decltype(Pass::code)(shard.view(P::code_at(K))),
                    .cache = decltype(Pass::cache)(term_cache<K>(shard))};
    if constexpr (P::on_logits) {
      shard.values[K] += term.on_logits()(pass);
    } else {
      shard.values[K] += term(pass);
    }
  }

  template <std::size_t K>
  static void gather(const Shard<P>& shard) {
    const auto& term = std::get<K>(shard.objective.terms).term;
    if constexpr (P::penalty[K]) {
      using Pass = PenaltyGather<TermStage<Term<K>, typename P::template stage<P::producer(P::site[K])>>>;
      term.gather(Pass{.y = shard.view(P::site[K]),
                       .sums = decltype(Pass::sums)(sums_of<K>(shard.share)),
                       .shared = decltype(Pass::shared)(shared<K>(shard, shard.first, shard.columns)),
                       .random = Random(shard.seed, shard.step, stream(RandomStream::terms, K), shard.first)});
    } else {
      term.gather(
          LossGather<LossStage<Term<K>, T>>{.y = shard.view(P::layers),
                                            .target = MatrixView<const T>(shard.target, P::target.size(), shard.columns),
                                            .sums = sums_of<K>(shard.share)});
    }
  }

  template <std::size_t K, bool Gradient>
  static void penalty(const Shard<P>& shard, int delta) {
    if constexpr (K == P::Tangents::term) {
      shard.values[K] +=
          RunTangents<P, M>::template run<Gradient>(shard, std::get<K>(shard.objective.terms).term, weight<K>(shard));
    } else {
      look<K, Gradient>(shard, delta);
    }
  }

  /// Weights are the same for all shards: the first does it for the batch.
  template <std::size_t K, bool Gradient>
  static void weight_penalty(const Shard<P>& shard) {
    if (shard.first != 0) return;
    const auto& term = std::get<K>(shard.objective.terms).term;
    for (const auto& [layer, block, at] : C::blocks) {
      if (!block.trainable || !block.decay) continue;
      shard.values[K] += term(WeightPass<T, Gradient>{.theta = VectorView<const T>(shard.parameters.theta + at, block.size()),
                                                      .dtheta = VectorView<T>(Gradient ? shard.gradient + at : nullptr, block.size()),
                                                      .weight = weight<K>(shard)});
    }
  }

 private:
  /// In training those that a layer has drawn, if there is one that does.
  static ElementWeights<T> element_weights(const Shard<P>& shard) {
    if constexpr (M == Mode::train && P::weighs) return {shard.lane.cache(P::weighing), P::target.size(), nullptr};
    return shard.element_weights;
  }

  template <std::size_t K>
  using Term = typename P::Objective::template term<K>;

  template <std::size_t K>
  static double weight(const Shard<P>& shard) {
    const auto& weighted = std::get<K>(shard.objective.terms);
    return M == Mode::train ? weighted.weight_in(shard.step) : weighted.weight;
  }
  template <std::size_t K, class Value>
  static std::span<Value> sums_of(std::span<Value> totals) {
    return detail::part(totals, P::terms_begin + P::term_totals_at[K], P::term_totals_at[K + 1] - P::term_totals_at[K]);
  }
  template <std::size_t K>
  static std::span<const double> term_totals(const Shard<P>& shard) {
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

  template <std::size_t K, bool Gradient>
  static void look(const Shard<P>& shard, int delta) {
    constexpr std::size_t Q = P::producer(P::site[K]);
    using S = TermStage<Term<K>, typename P::template stage<Q>>;
    using Pass = PenaltyPass<S, Gradient>;
    constexpr Index rows = C::shapes[P::site[K]].size();
    const auto& term = std::get<K>(shard.objective.terms).term;
    shard.values[K] += term(Pass{.theta = S::Trainable::views(shard.parameters.theta + C::theta_at[Q]),
                                 .dtheta = S::Trainable::views(shard.gradient ? shard.gradient + C::theta_at[Q] : nullptr),
                                 .y = shard.view(P::site[K]),
                                 .dy = MatrixView<T>(shard.delta(delta, rows), rows, shard.columns),
                                 .batch = shard.batch,
                                 .weight = weight<K>(shard),
                                 .epilogue = applied_layer<typename S::Epilogue, Q + 1>(shard.layers),
                                 .sums = decltype(Pass::sums)(term_totals<K>(shard)),
                                 .shared = read<decltype(Pass::shared)>(shared<K>(shard, 0, shard.batch)),
                                 .cache = read<decltype(Pass::cache)>(term_cache<K>(shard)),
                                 .code = decltype(Pass::code)(shard.view(P::code_at(K))),
                                 .first = shard.first,
                                 .step = M == Mode::train ? shard.step : last_step});
  }
  /// The field of a pass that views this matrix without writing to it.
  template <class Field>
  static Field read(const MatrixView<T>& matrix) {
    return Field(matrix.data(), matrix.rows(), matrix.cols());
  }
};

}  // namespace eigencoder
