// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>

#include "eigencoder/engine/arena.hpp"
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

  static constexpr Index per_sample = caches + C::source_cache_at[C::size] + C::scratch_per_sample;
  static constexpr Index once = C::packed_at[C::size] + C::scratch;
};

/// Memory for predictions of up to `columns` samples at a time, made once; with it a prediction never touches the heap. One
/// workspace serves one thread. Larger matrices are worked through piece by piece.
template <class C>
class Workspace {
 public:
  using T = typename C::Scalar;
  using Plan = InferencePlan<C>;

  /// For one sample if `columns` is 0. Throws OptionError if it is negative, or too large for its bytes to be counted.
  explicit Workspace(Index columns = 1) : columns_(std::max<Index>(columns, 1)), memory_(scalars(columns)) {}
  Workspace(const Workspace&) = default;
  Workspace(Workspace&&) noexcept = default;
  /// Where there is no memory for the copy, nothing has changed.
  Workspace& operator=(Workspace other) noexcept {
    columns_ = other.columns_;
    memory_.swap(other.memory_);
    prepared_ = other.prepared_;
    return *this;
  }

  Index columns() const { return columns_; }
  static constexpr Index bytes(Index columns) { return static_cast<Index>(scalars(columns) * sizeof(T)); }

  /// Runs layers [From, To) on `count` columns; x and y have no gaps between columns.
  template <std::size_t From, std::size_t To>
  void run(const typename C::Layers& layers, Parameters<T> parameters, std::uint64_t contents, const T* x, T* y, Index count) {
    if (prepared_ != contents) {
      prepare<C>(layers, parameters.theta, packed());
      prepared_ = contents;
    }
    parameters.packed = packed();
    [&]<std::size_t... I>(std::index_sequence<I...>) { (layer<From, To, From + I>(layers, parameters, x, y, count), ...); }
    (std::make_index_sequence<To - From>{});
  }

 private:
  static constexpr std::size_t scalars(Index columns) {
    // Half of what can be counted: the other half is for a model's own bytes.
    constexpr Index most =
        (std::numeric_limits<Index>::max() / 2 / static_cast<Index>(sizeof(T)) - Plan::once) / Plan::per_sample;
    if (columns < 0 || columns > most) {
      throw OptionError(message("workspace: expected room for 0 to ", most, " samples, found ", columns,
                                "; a workspace for some is enough, as larger matrices are worked through piece by piece"));
    }
    return static_cast<std::size_t>(std::max<Index>(columns, 1) * Plan::per_sample + Plan::once);
  }
  T* at(Index scalars_a_sample) { return memory_.data() + Plan::once + scalars_a_sample * columns_; }
  T* packed() { return memory_.data(); }
  T* cache(std::size_t i) { return at(Plan::caches + C::source_cache_at[i]); }

  template <std::size_t From, std::size_t To, std::size_t I>
  void layer(const typename C::Layers& layers, const Parameters<T>& parameters, const T* x, T* y, Index count) {
    if constexpr (!Plan::fusion.applied[I] && !C::taken_over(I)) {
      using S = typename Plan::template stage<I>;
      // What is written over up to the end goes straight to the caller.
      constexpr std::size_t last_run = std::max(Plan::fusion.first_of_run(To), From + 1);
      const auto place = [&](std::size_t i) { return i >= last_run ? y : at(Plan::at(i)); };
      const auto read = [&](std::size_t i) { return i == From ? x : place(i); };
      constexpr bool joins = C::joins[I], links = C::links[I] != no_link && !joins;
      run_forward<C, I, S, Mode::predict>(
          layers, parameters,
          {.x = read(C::reads(I)),
           .y = place(I + 1),
           .cache = cache(I),
           .scratch = memory_.data() + C::packed_at[C::size],
           .scratch_per_sample = at(Plan::per_sample - C::scratch_per_sample),
           .source_cache = links ? cache(static_cast<std::size_t>(links ? C::links[I] : 0)) : nullptr,
           .joined = joins ? read(C::joined_by(I)) : nullptr},
          {.columns = count, .batch = count});
    }
  }

  Index columns_;
  Arena<T> memory_;
  std::uint64_t prepared_ = 0;  ///< the version of the parameters that `packed` was derived from
};

}  // namespace eigencoder
