// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/engine/arena.hpp"
#include "eigencoder/engine/program.hpp"
#include "eigencoder/engine/run_layer.hpp"

namespace eigencoder {

/// Working memory for a step on some columns: activations, deltas, caches and scratch. Made once, used for every step.
template <class T>
struct LaneMemory {
  /// `per_sample` scalars for each column, and `once`.
  LaneMemory(Index columns, Index per_sample, Index once)
      : capacity(rounded(columns)), scalars(static_cast<std::size_t>(capacity * per_sample + once)) {}

  Index capacity;
  Arena<T> scalars;

 private:
  /// So many that every part begins on a cache line; of a few large samples, each too many would cost more than that is worth.
  static Index rounded(Index columns) {
    const Index whole = columns < 16 ? 4 : 16;
    return (columns + whole - 1) / whole * whole;
  }
};

/// Where the operations of a program find what is theirs in such a memory.
template <class P>
class Lane {
 public:
  using T = typename P::Chain::Scalar;
  static constexpr Index once = P::Chain::scratch + P::Tangents::once;

  explicit Lane(LaneMemory<T>& memory) : capacity_(memory.capacity), memory_(memory.scalars.data()) {}
  static LaneMemory<T> memory(Index columns) { return LaneMemory<T>(columns, P::per_sample, once); }

  Index capacity() const { return capacity_; }
  T* activation(std::size_t i) const { return at(P::activation_at[i]); }
  T* cache(std::size_t layer) const { return at(P::activations + P::Chain::cache_at[layer]); }
  T* term_cache(std::size_t term) const { return at(P::activations + P::Chain::cache_at[P::layers] + P::term_cache_at[term]); }
  T* delta(int which) const { return at(deltas + P::delta_at[static_cast<std::size_t>(which)]); }
  T* scratch_per_sample() const { return at(deltas + P::delta_at.back()); }
  T* scratch() const { return at(P::per_sample); }
  T* side_gradient(std::size_t activation) const { return at(sides + P::side_at[activation]); }
  T* tangents() const { return at(P::per_sample - P::Tangents::per_sample); }
  T* tangents_once() const { return scratch() + P::Chain::scratch; }

 private:
  static constexpr Index deltas = P::activations + P::Chain::cache_at[P::layers] + P::term_cache_at[P::terms];
  static constexpr Index sides = P::per_sample - P::Tangents::per_sample - P::side_at[P::layers + 1];
  T* at(Index scalars_a_sample) const { return memory_ + scalars_a_sample * capacity_; }

  Index capacity_;
  T* memory_;
};

/// Some columns of a batch and all that a step on them reads and writes, of any network.
template <class T>
struct AnyShard {
  LaneMemory<T>& memory;
  Parameters<T> parameters;
  T* gradient = nullptr;  ///< of theta, added to; the worker's own
  bool first_of_gradient = false;  ///< but that of the layers of Program::overwrites is overwritten
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
};

/// The same, of a program.
template <class P>
struct Shard : AnyShard<typename P::Chain::Scalar> {
  using T = typename P::Chain::Scalar;
  using Layers = typename P::Chain::Layers;
  using Objective = typename P::Objective;

  Shard(const Layers& network, const Objective& wanted, const AnyShard<T>& any)
      : AnyShard<T>(any), layers(network), objective(wanted), lane(any.memory) {}

  const Layers& layers;
  const Objective& objective;
  Lane<P> lane;

  /// Activation i; activation 0 is the batch itself.
  const T* activation(std::size_t i) const { return i == 0 ? this->x : lane.activation(i); }
  MatrixView<const T> view(std::size_t i) const { return {activation(i), P::Chain::shapes[i].size(), this->columns}; }
  /// That buffer of deltas; two alternate where none is kept.
  T* delta(int which) const { return lane.delta(this->together ? which : which % 2); }
};

/// What there still is of a shard that left its parameters' gradients to Execute::parameter_gradients().
template <class T>
struct KeptShard {
  LaneMemory<T>* memory = nullptr;
  const T* x = nullptr;
  Index columns = 0;
};

}  // namespace eigencoder
