// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/engine/run_layer.hpp"

namespace eigencoder {

/// How inference runs a network: forward only, through two buffers that alternate; activations that a later layer joins have
/// memory of their own.
template <class C>
struct InferencePlan {
  static constexpr Fusion<C::size> fusion = fuse<C>(C::joined, false);

  template <std::size_t I>
  using stage = typename C::template stage<I, typename AppliedLayer<C, I + 1, fusion.applies_next(I)>::type>;

  /// The buffer that holds activation i, unless a later layer joins it.
  static constexpr std::array<int, C::size + 1> buffer = [] {
    std::array<int, C::size + 1> which{};
    for (std::size_t i = 1; i <= C::size; ++i) which[i] = fusion.in_place[i - 1] ? which[i - 1] : 1 - which[i - 1];
    return which;
  }();
  static constexpr std::array<Index, 2> width = [] {
    std::array<Index, 2> widest{};
    for (std::size_t i = 1; i <= C::size; ++i) {
      Index& most = widest[static_cast<std::size_t>(buffer[i])];
      if (!C::taken_over(i - 1) && !C::joined[fusion.last_of_run(i)]) most = std::max(most, C::shapes[i].size());
    }
    return widest;
  }();
  /// Scalars a sample before joined activation i, of those that have memory of their own.
  static constexpr auto joined_at = detail::running_total<C::size + 1>([](std::size_t i) {
    Index most = 0;
    for (std::size_t k = fusion.first_of_run(i); k <= i && i > 0 && C::joined[i]; ++k) most = std::max(most, C::shapes[k].size());
    return most;
  });
  /// Scalars a sample before activation i.
  static constexpr Index at(std::size_t i) {
    const std::size_t last = fusion.last_of_run(i);
    return C::joined[last] ? width[0] + width[1] + joined_at[last] : buffer[i] == 0 ? 0 : width[0];
  }
  static constexpr Index caches = width[0] + width[1] + joined_at[C::size + 1];

  /// A copy of an input whose padding is not zero.
  static constexpr Index input = [] {
    constexpr std::size_t second = C::code < C::size ? C::code : 0;  // where a decoder begins
    if constexpr (Steps<C>::template known<second>) {
      return std::max(C::input.size(), C::shapes[second].size());
    } else {
      return Steps<C>::sequence(0) ? C::input.size() : 0;
    }
  }();
  static constexpr Index per_sample = caches + C::source_cache_at[C::size] + C::scratch_per_sample + input;
  static constexpr Index once = C::forward_packed_at[C::size] + C::forward_scratch;
  static constexpr Index scalars(Index columns) { return once + columns * per_sample; }
};

/// What a prediction may be told of the sequences in its columns.
template <class T>
struct Sequences {
  const Index* lengths = nullptr;  ///< of the network's inputs; null: they have all steps
  T* carry = nullptr;              ///< in a stream, C::carry_at[C::size] scalars a column: what layers keep from call to call
};

/// Predictions of up to `columns` samples at a time, in memory of InferencePlan<C>::scalars(columns), whose owner is another:
/// a Workspace, or static memory. What `prepare` writes there must stay from run to run; the rest means nothing between them.
template <class C>
class Inference {
 public:
  using T = typename C::Scalar;
  using Plan = InferencePlan<C>;

  Inference(T* memory, Index columns) : memory_(memory), columns_(columns) {}

  /// Derives what layers keep packed from theta: once, and after each change of theta.
  void prepare(const typename C::Layers& layers, const T* theta) const {
    eigencoder::prepare<C>(layers, theta, memory_, true);
  }

  /// Runs layers [From, To) on `count` columns; x and y have no gaps between columns, and nothing in common.
  template <std::size_t From, std::size_t To>
  void run(const typename C::Layers& layers, Parameters<T> parameters, const T* x, T* y, Index count,
           const Sequences<T>& sequences = {}) const {
    parameters.packed = memory_;
    parameters.forward_only = true;
    if constexpr (Steps<C>::template known<From>) {
      static_assert(From == 0 || From == C::code);
      if (sequences.lengths) {
        T* const copy = at(Plan::per_sample - Plan::input);
        std::copy_n(x, C::shapes[From].size() * count, copy);
        detail::clear_padding<C, From>(copy, count, sequences.lengths);
        x = copy;
      }
    }
    // What is written over up to the end goes straight to the caller.
    constexpr std::size_t last_run = std::max(Plan::fusion.first_of_run(To), From + 1);
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (layer<From + I>(layers, parameters, From, x, last_run, y, count, sequences), ...);
    }
    (std::make_index_sequence<To - From>{});
  }

 private:
  T* at(Index scalars_a_sample) const { return memory_ + Plan::once + scalars_a_sample * columns_; }
  T* cache(std::size_t i) const { return at(Plan::caches + C::source_cache_at[i]); }

  /// Layer I, where activation `from` is x, and those from `last_run` on are y.
  template <std::size_t I>
  void layer(const typename C::Layers& layers, const Parameters<T>& parameters, std::size_t from, const T* x,
             std::size_t last_run, T* y, Index count, const Sequences<T>& sequences) const {
    if constexpr (!Plan::fusion.applied[I] && !C::taken_over(I)) {
      using S = typename Plan::template stage<I>;
      const auto place = [&](std::size_t i) { return i >= last_run ? y : at(Plan::at(i)); };
      const auto read = [&](std::size_t i) { return i == from ? x : place(i); };
      constexpr bool joins = C::joins[I], links = C::links[I] != no_link && !joins;
      run_forward<C, I, S, Mode::predict>(
          layers, parameters,
          {.x = read(C::reads(I)),
           .y = place(I + 1),
           .cache = cache(I),
           .scratch = memory_ + C::forward_packed_at[C::size],
           .scratch_per_sample = at(Plan::per_sample - Plan::input - C::scratch_per_sample),
           .source_cache = links ? cache(static_cast<std::size_t>(links ? C::links[I] : 0)) : nullptr,
           .joined = joins ? read(C::joined_by(I)) : nullptr,
           .carry = sequences.carry ? sequences.carry + C::carry_at[I] * count : nullptr},
          {.columns = count, .batch = count, .lengths = sequences.lengths});
    }
  }

  T* memory_;
  Index columns_;
};

}  // namespace eigencoder
