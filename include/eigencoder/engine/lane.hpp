// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/engine/arena.hpp"
#include "eigencoder/engine/program.hpp"
#include "eigencoder/engine/run_layer.hpp"

namespace eigencoder {

/// Working memory for steps on shards of up to some columns, each in a lane: activations, deltas, caches and scratch. Made once, used
/// for every step. Lanes lie side by side, a buffer of all before the next buffer of all.
template <class T>
struct LaneMemory {
  LaneMemory() = default;
  /// Of each lane `per_sample` scalars for each column, and `once`.
  LaneMemory(Index lanes, Index columns, Index per_sample, Index once)
      : width(rounded(columns)),
        capacity(lanes * width),
        scalars(static_cast<std::size_t>(capacity * per_sample + lanes * once)) {}

  Index width = 0, capacity = 0;  ///< columns, of a lane and in all
  Arena<T> scalars{};

 private:
  /// So many that every part begins on a cache line; of a few large samples, each too many would cost more than that is worth.
  static Index rounded(Index columns) {
    const Index whole = columns < 16 ? 4 : 16;
    return (columns + whole - 1) / whole * whole;
  }
};

/// Which lane a shard has, and where its columns begin among those of all lanes.
struct LanePlace {
  Index lane = 0, column = 0;
};

/// Where the operations of a program find what is theirs in such a memory.
template <class P>
class Lane {
 public:
  using T = typename P::Chain::Scalar;
  static constexpr Index once = P::Chain::scratch + P::Tangents::once;

  explicit Lane(LaneMemory<T>& memory, LanePlace place = {})
      : capacity_(memory.capacity), place_(place), memory_(memory.scalars.data()) {}
  /// One lane.
  static LaneMemory<T> memory(Index columns) { return LaneMemory<T>(1, columns, P::per_sample, once); }

  T* activation(std::size_t i) const { return at(P::activation_at[i], C::shapes[i].size()); }
  T* cache(std::size_t layer) const { return at(P::activations, C::cache_at, layer); }
  T* term_cache(std::size_t term) const { return at(P::activations + C::cache_at[P::layers], P::term_cache_at, term); }
  /// Of so many rows, which are the same for all lanes that use it at once.
  T* delta(int which, Index rows) const { return at(deltas + P::delta_at[static_cast<std::size_t>(which)], rows); }
  T* scratch_per_sample() const { return at(deltas + P::delta_at.back(), C::scratch_per_sample); }
  T* side_gradient(std::size_t activation) const { return at(sides, P::side_at, activation); }
  /// Of so many rows, behind `before` rows of others.
  T* tangents(Index before, Index rows) const { return at(P::per_sample - P::Tangents::per_sample + before, rows); }
  T* scratch() const { return memory_ + P::per_sample * capacity_ + place_.lane * once; }
  T* tangents_once() const { return scratch() + C::scratch; }

 private:
  using C = typename P::Chain;
  static constexpr Index deltas = P::activations + C::cache_at[P::layers] + P::term_cache_at[P::terms];
  static constexpr Index sides = P::per_sample - P::Tangents::per_sample - P::side_at[P::layers + 1];
  /// The place's columns of a buffer of so many rows, behind `before` rows of others.
  T* at(Index before, Index rows) const { return memory_ + before * capacity_ + place_.column * rows; }
  /// Of buffer i, whose rows are running_total[i] to running_total[i + 1].
  T* at(Index before, std::span<const Index> running_total, std::size_t i) const {
    return at(before + running_total[i], running_total[i + 1] - running_total[i]);
  }

  Index capacity_;
  LanePlace place_;
  T* memory_;
};

/// Some columns of a batch and all that a step on them reads and writes, of any network.
template <class T>
struct AnyShard {
  LaneMemory<T>& memory;
  LanePlace place{};
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
      : AnyShard<T>(any), layers(network), objective(wanted), lane(any.memory, any.place) {}

  const Layers& layers;
  const Objective& objective;
  Lane<P> lane;

  /// Activation i; activation 0 is the batch itself.
  const T* activation(std::size_t i) const { return i == 0 ? this->x : lane.activation(i); }
  MatrixView<const T> view(std::size_t i) const { return {activation(i), P::Chain::shapes[i].size(), this->columns}; }
  /// That buffer of deltas, of so many rows; two alternate where none is kept.
  T* delta(int which, Index rows) const {
    return this->together ? lane.delta(which, rows) : lane.delta(which % 2, P::Chain::widest_output);
  }
};

/// What there still is of a batch whose shards left their parameters' gradients to Execute::parameter_gradients().
template <class T>
struct KeptBatch {
  LaneMemory<T>& memory;
  const T* x;
  Index columns;
};

}  // namespace eigencoder
