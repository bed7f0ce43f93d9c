// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/engine/arena.hpp"
#include "eigencoder/engine/program.hpp"
#include "eigencoder/engine/run_layer.hpp"

namespace eigencoder {

/// Working memory for a step on some columns: activations, deltas, caches and scratch. Made once, used for every step.
template <class P>
class Lane {
 public:
  using T = typename P::Chain::Scalar;

  explicit Lane(Index columns)
      : capacity_(rounded(columns)),
        memory_(static_cast<std::size_t>(capacity_ * P::per_sample + P::Chain::scratch + P::Tangents::once)) {}

  Index capacity() const { return capacity_; }
  T* activation(std::size_t i) { return at(P::activation_at[i]); }
  T* cache(std::size_t layer) { return at(P::activations + P::Chain::cache_at[layer]); }
  T* term_cache(std::size_t term) { return at(P::activations + P::Chain::cache_at[P::layers] + P::term_cache_at[term]); }
  T* delta(int which) { return at(deltas + P::delta_at[static_cast<std::size_t>(which)]); }
  T* scratch_per_sample() { return at(deltas + P::delta_at.back()); }
  T* scratch() { return at(P::per_sample); }
  T* side_gradient(std::size_t activation) { return at(sides + P::side_at[activation]); }
  T* tangents() { return at(P::per_sample - P::Tangents::per_sample); }
  T* tangents_once() { return scratch() + P::Chain::scratch; }

 private:
  static constexpr Index deltas = P::activations + P::Chain::cache_at[P::layers] + P::term_cache_at[P::terms];
  static constexpr Index sides = P::per_sample - P::Tangents::per_sample - P::side_at[P::layers + 1];
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
  using T = typename P::Chain::Scalar;
  const typename P::Chain::Layers& layers;
  const typename P::Objective& objective;
  Lane<P>& lane;
  Parameters<T> parameters;
  T* gradient = nullptr;  ///< of theta, added to; the worker's own
  bool first_of_gradient = false;  ///< but that of the layers of P::overwrites is overwritten
  bool together = false;           ///< or left to Execute::parameter_gradients(); every dy is kept
  const T* x = nullptr;
  const T* target = nullptr;
  const T* weights = nullptr;  ///< of the columns; null: all are 1
  ElementWeights<T> element_weights{};
  const Index* lengths = nullptr;  ///< of the columns; null: all have all steps
  Index first = 0, columns = 0, batch = 0;  ///< columns [first, first + columns) of a batch of `batch`
  std::span<double> share;                  ///< the shard's own part of the totals
  std::span<const double> totals;           ///< over the whole batch
  std::span<double> values;                 ///< of the objective's terms, unweighted: the shard's share
  T* shared = nullptr;                      ///< the terms' columns that all shards may read
  Seed seed;
  std::uint64_t step = 0;
  std::size_t first_trained = 0;  ///< no layer before this one is trained: their backward is left out

  /// Activation i; activation 0 is the batch itself.
  const T* activation(std::size_t i) const { return i == 0 ? x : lane.activation(i); }
  MatrixView<const T> view(std::size_t i) const { return {activation(i), P::Chain::shapes[i].size(), columns}; }
  /// That buffer of deltas; two alternate where none is kept.
  T* delta(int which) const { return lane.delta(together ? which : which % 2); }
};

/// What there still is of a shard that left its parameters' gradients to Execute::parameter_gradients().
template <class P>
struct KeptShard {
  using T = typename P::Chain::Scalar;
  Lane<P>* lane = nullptr;
  const T* x = nullptr;
  Index columns = 0;
};

namespace detail {

/// Values [begin, begin + size) of a span.
template <class Value>
std::span<Value> part(std::span<Value> whole, Index begin, Index size) {
  return whole.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(size));
}

}  // namespace detail

}  // namespace eigencoder
