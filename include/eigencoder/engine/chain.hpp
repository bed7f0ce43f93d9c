// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <tuple>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/core/tangent_pass.hpp"
#include "eigencoder/engine/fusion.hpp"
#include "eigencoder/engine/layer_list.hpp"

namespace eigencoder {

/// Fails to compile if a layer's functions and its Needs disagree.
template <std::size_t Position, class S>
struct LayerKeepsContract {
  static_assert(Runs<S>, "this layer lacks forward(Forward<S, M>) const or backward(Backward<S, InputGradient>) const");
  static_assert(Prepares<S> == (S::needs.packed > 0), "prepare() and Needs::packed go together");
  static_assert(Gathers<S> == (S::needs.sums > 0), "gather() and Needs::sums go together");
  static_assert(S::needs.sums > 0 || !Merges<typename S::Layer>, "merge() is for Needs::sums: without them it is never called");
  static_assert(GathersBackward<S> == (S::needs.dsums > 0), "gather_backward() and Needs::dsums go together");
  static_assert(Join<typename S::Layer> == S::needs.joins, "accepts(Shape, Shape), output(Shape, Shape) and Needs::joins go together");
  static_assert(!S::needs.joins || S::needs.link != no_link, "a layer that joins says which: Needs::link");
  static_assert(Settles<S> == (S::Running::count > 0), "settle() and state blocks (trainable = false) go together");
  static_assert(S::needs.tallies == 0 || Settles<S>, "Needs::tallies are for settle(): without it they are never read");
};

namespace detail {

/// Values [begin, begin + size) of a span.
template <class Value>
std::span<Value> part(std::span<Value> whole, Index begin, Index size) {
  return whole.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(size));
}

/// total += part, value by value: how the shards' shares of sums are put together.
inline void add(std::span<double> total, std::span<const double> part) {
  for (std::size_t i = 0; i < total.size(); ++i) total[i] += part[i];
}

/// Where the parts of a whole begin, one after the other; the last entry is the whole.
template <std::size_t N, class Count>
constexpr std::array<Index, N + 1> running_total(Count count) {
  std::array<Index, N + 1> totals{};
  for (std::size_t i = 0; i < N; ++i) totals[i + 1] = totals[i] + count(i);
  return totals;
}
// The same of sizes, and of one that each layer needs: compiled once for all networks of N layers.
template <std::size_t N>
constexpr std::array<Index, N + 1> running_total(const std::array<Index, N>& sizes) {
  return running_total<N>([&](std::size_t i) { return sizes[i]; });
}
template <std::size_t N>
constexpr std::array<Index, N + 1> running_total(const std::array<Needs, N>& needs, Index Needs::*size) {
  return running_total<N>([&](std::size_t i) { return needs[i].*size; });
}
/// The largest of one that each layer needs.
template <std::size_t N>
constexpr Index most(const std::array<Needs, N>& needs, Index Needs::*size) {
  Index largest = 0;
  for (const Needs& each : needs) largest = std::max(largest, each.*size);
  return largest;
}

}  // namespace detail

/// A layer whose parameters are not trained: Frozen<L>.
template <class L>
concept FrozenLayer = requires {
  requires L::frozen;
};

/// Everything that is known of a network before it runs: layers one after the other, from the encoder's first to the
/// decoder's last. Activation i is the input of layer i; activation `code` is the code.
template <class T, Shape In, std::size_t Code, class... L>
struct Chain {
  using Scalar = T;
  using Layers = std::tuple<L...>;
  template <std::size_t I>
  using layer = std::tuple_element_t<I, Layers>;

  static constexpr std::size_t size = sizeof...(L), code = Code;
  static_assert(size > 0, "a network needs at least one layer");

  static constexpr auto shapes = detail::shapes_along<In, false, L...>;
  static constexpr Shape input = In, output = shapes[size];
  static_assert([] {
    if constexpr ((Join<L> || ...)) return detail::all_accepted<In, false, L...>(std::index_sequence_for<L...>{});
    return true;
  }());

  /// The layer that each layer names in `Needs::link`, negative positions counted back; −1: the network's input.
  static constexpr std::array<Index, size> links = [] {
    std::array<Index, size> all{};
    std::size_t i = 0;
    const auto find = [&](Index link) {
      all[i] = link == no_link ? no_link : detail::linked_position(link, i);
      ++i;
    };
    (find(L::needs(shapes[i]).link), ...);
    return all;
  }();
  static constexpr std::array<bool, size> joins{Join<L>...};
  /// A later layer links to layer i.
  static constexpr bool is_source(std::size_t i) {
    for (std::size_t k = i + 1; k < size; ++k) {
      if (links[k] == static_cast<Index>(i) && !joins[k]) return true;
    }
    return false;
  }
  /// The activation that layer i joins; 0 if it joins none.
  static constexpr std::size_t joined_by(std::size_t i) { return joins[i] ? static_cast<std::size_t>(links[i] + 1) : 0; }
  /// The last layer that joins activation i, or 0 where none does.
  static constexpr std::size_t last_join(std::size_t i) {
    std::size_t last = 0;
    for (std::size_t k = 0; k < size; ++k) {
      if (joins[k] && joined_by(k) == i) last = k;
    }
    return last;
  }
  /// A later layer joins activation i, so that it must exist and stay.
  static constexpr std::array<bool, size + 1> joined = [] {
    std::array<bool, size + 1> is{};
    for (std::size_t i = 0; i < size; ++i) is[i] = last_join(i) > 0;
    return is;
  }();

  /// Layer i does the work of layer i − 1 too. What lies between them does not exist; the code and what is joined always do. A layer
  /// that another links to stays as it is: a pool, say, might take another of the values that the previous activation makes equal.
  static constexpr std::array<bool, size> takes_over =
      taken_together<Layers>([](std::size_t i) { return i == code || joined[i] || is_source(i - 1) || is_source(i); });
  static constexpr bool taken_over(std::size_t i) { return i + 1 < size && takes_over[i + 1]; }
  /// The activation that layer i reads.
  static constexpr std::size_t reads(std::size_t i) { return takes_over[i] ? i - 1 : i; }

  /// What runs for layer I: the layer, or the layer that does its work and that of the previous one.
  template <std::size_t I>
  using runs_as = typename detail::RunsAs<layer<I == 0 ? 0 : I - 1>, layer<I>, takes_over[I]>::type;
  template <std::size_t I>
  static runs_as<I> recipe(const Layers& layers) {
    if constexpr (takes_over[I]) {
      return runs_as<I>(std::get<I - 1>(layers), std::get<I>(layers));
    } else {
      return std::get<I>(layers);
    }
  }

  static constexpr std::array<Needs, size> needs = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<Needs, size>{taken_over(I) ? Needs{} : runs_as<I>::needs(shapes[reads(I)])...};
  }
  (std::make_index_sequence<size>{});
  /// No layer after the code reads what those before it left of a sample, so that codes can be decoded without their samples.
  static constexpr bool decodes_alone = [] {
    for (std::size_t i = code; i < size; ++i) {
      const auto source = static_cast<std::size_t>(links[i]);
      if (joins[i] ? joined_by(i) < code : links[i] != no_link && source < code && needs[source].cache > 0) return false;
    }
    return true;
  }();
  static constexpr std::array<bool, size> elementwise{Elementwise<L>...};
  static constexpr std::array<Logits, size> logits{logits_of<L>...};

  template <class F>
  static constexpr void for_each_layer(F f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (f.template operator()<I>(), ...); }
    (std::make_index_sequence<size>{});
  }

 private:
  template <bool Trainable>
  static constexpr std::array<Index, size> scalars = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<Index, size>{Blocks<runs_as<I>, shapes[reads(I)], Trainable>::size...};
  }
  (std::make_index_sequence<size>{});
  static constexpr std::array<Index, size> trainable = scalars<true>, running = scalars<false>;

 public:
  static constexpr std::array<bool, size> frozen{FrozenLayer<L>...};
  /// Something before layer i, or in it, is trained.
  static constexpr bool trains_before(std::size_t i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (trainable[k] > 0 && !frozen[k]) return true;
    }
    return false;
  }
  static constexpr bool trains(std::size_t i) { return trains_before(i + 1); }

  template <std::size_t I>
  static auto source_of() {
    if constexpr (links[I] == no_link) {
      return std::type_identity<void>{};
    } else if constexpr (joins[I]) {
      constexpr std::size_t from = joined_by(I);
      return std::type_identity<JoinedActivation<shapes[from], T, trains_before(from)>>{};
    } else {
      static_assert(0 <= links[I] && links[I] < static_cast<Index>(I), "a layer can only link to an earlier one");
      constexpr auto from = static_cast<std::size_t>(links[I]);
      using Source = Stage<layer<from>, shapes[from], T>;
      static_assert(sizeof(LayerLinks<I, layer<I>, Source, shapes[I]>) > 0);
      return std::type_identity<Source>{};
    }
  }
  /// Layer I at its place, with the activation that it applies in its store. CacheReadLater: another layer reads its cache, in
  /// inference too.
  template <std::size_t I, class Epilogue = NoActivation, class Previous = NoActivation, bool CacheReadLater = is_source(I)>
  using stage =
      Stage<runs_as<I>, shapes[reads(I)], T, Epilogue, typename decltype(source_of<I>())::type, CacheReadLater, Previous>;

 private:
  template <std::size_t... I>
  static constexpr bool contracts_kept(std::index_sequence<I...>) {
    return ((sizeof(LayerKeepsContract<I, stage<I>>) > 0) && ...);
  }

 public:
  static_assert(contracts_kept(std::make_index_sequence<size>{}));

  // Where each layer's part begins in the network's memories; the last entry is the whole.
  static constexpr auto theta_at = detail::running_total(trainable);
  static constexpr auto state_at = detail::running_total(running);
  static constexpr auto packed_at = detail::running_total(needs, &Needs::packed);
  static constexpr auto forward_packed_at =
      detail::running_total<size>([](std::size_t i) { return needs[i].packed - needs[i].backward_packed; });
  static constexpr auto cache_at = detail::running_total(needs, &Needs::cache);
  static constexpr auto source_cache_at =
      detail::running_total<size>([](std::size_t i) { return is_source(i) ? needs[i].cache : 0; });
  static constexpr auto sums_at = detail::running_total(needs, &Needs::sums);
  static constexpr auto dsums_at = detail::running_total(needs, &Needs::dsums);
  static constexpr auto tallies_at = detail::running_total(needs, &Needs::tallies);
  static constexpr auto carry_at = detail::running_total(needs, &Needs::carry);

  /// How the shards' shares of layer i's `Needs::sums` are put together: added, unless it says otherwise.
  static constexpr std::array<void (*)(std::span<double>, std::span<const double>), size> merge = [] {
    std::array<void (*)(std::span<double>, std::span<const double>), size> all{};
    for_each_layer([&]<std::size_t I>() {
      all[I] = detail::add;
      if constexpr (Merges<runs_as<I>>) all[I] = runs_as<I>::merge;
    });
    return all;
  }();

  /// The first block of each layer whose backward is in two halves, where it is a matrix: of other layers one without columns.
  static constexpr std::array<Block, size> split_block = [] {
    std::array<Block, size> all{};
    for_each_layer([&]<std::size_t I>() {
      using S = stage<I>;
      if constexpr (S::Trainable::count > 0 && GivesParameterGradient<S> && GivesInputGradient<S>) {
        all[I] = S::Trainable::entries[0].block;
      }
    });
    return all;
  }();

  static constexpr Index parameter_count = theta_at[size], state_count = state_at[size];

 private:
  template <std::size_t I, bool Trainable>
  using blocks_of = Blocks<runs_as<I>, shapes[reads(I)], Trainable>;
  template <std::size_t... I>
  static constexpr std::size_t count_blocks(std::index_sequence<I...>) {
    return (0 + ... + (blocks_of<I, true>::count + blocks_of<I, false>::count));
  }

 public:
  /// Every block, layer by layer, of each the trainable ones first: what goes through them need not be compiled once a layer.
  static constexpr auto blocks = [] {
    std::array<PlacedBlock, count_blocks(std::make_index_sequence<size>{})> all{};
    [[maybe_unused]] std::size_t n = 0;
    for_each_layer([&]<std::size_t I>() {
      for (const auto& entry : blocks_of<I, true>::entries) all[n++] = {I, entry.block, theta_at[I] + entry.offset};
      for (const auto& entry : blocks_of<I, false>::entries) all[n++] = {I, entry.block, state_at[I] + entry.offset};
    });
    return all;
  }();

  /// Of parameters with values, forward, for a sample: every pixel of an image is multiplied with all of a layer's parameters, and
  /// every step that a recurrent layer reads.
  static constexpr Index multiplications = [] {
    Index sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const Index read = needs[i].columns > 1 ? shapes[i].width : 1;
      sum += trainable[i] * std::max(read, shapes[i + 1].height * shapes[i + 1].width);
    }
    return sum;
  }();

  static constexpr Index forward_scratch = detail::most(needs, &Needs::scratch);
  static constexpr Index scratch = std::max(forward_scratch, detail::most(needs, &Needs::backward_scratch));
  static constexpr Index scratch_per_sample = detail::most(needs, &Needs::scratch_per_sample);
  static constexpr Index columns = detail::most(needs, &Needs::columns);
  static constexpr Index widest_output = [] {
    Index widest = 0;
    for (std::size_t i = 0; i < size; ++i) widest = std::max(widest, taken_over(i) ? 0 : shapes[i + 1].size());
    return widest;
  }();
};

}  // namespace eigencoder
