// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <tuple>

#include "eigencoder/core/pass.hpp"

namespace eigencoder {

/// Fails to compile, naming the first layer of a list that cannot stand at its place. A layer may say why, in the assertions of
/// a member template `Refusal<Input>`.
template <std::size_t Position, class Layer, Shape Input>
struct LayerAccepts {
  static_assert(Recipe<Layer>,
                "this type is not a layer (it lacks accepts, output, needs or parameters): see Position and Layer above");
  static constexpr bool accepted = [] {
    if constexpr (Recipe<Layer>) {
      if constexpr (!Layer::accepts(Input) && requires { typename Layer::template Refusal<Input>; }) {
        return sizeof(typename Layer::template Refusal<Input>) == 0;
      }
      return Layer::accepts(Input);
    }
    return true;
  }();
  static_assert(accepted, "this layer cannot take an input of this shape: see Position, Layer and Input above");
};

/// Fails to compile if the layer at Position cannot borrow from the earlier layer that it names.
template <std::size_t Position, class Layer, class SourceStage, Shape Input>
struct LayerLinks {
  static_assert(Layer::template links<SourceStage>(Input),
                "this layer cannot be linked to that one: see Position, Layer, SourceStage and Input above");
};

/// Fails to compile if a layer's functions and its Needs disagree.
template <std::size_t Position, class S>
struct LayerKeepsContract {
  static_assert(Runs<S>, "this layer lacks forward(Forward<S, M>) const or backward(Backward<S, InputGradient>) const");
  static_assert(Prepares<S> == (S::needs.packed > 0), "prepare() and Needs::packed go together");
  static_assert(Gathers<S> == (S::needs.sums > 0), "gather() and Needs::sums go together");
  static_assert(S::needs.sums > 0 || !Merges<typename S::Layer>, "merge() is for Needs::sums: without it nobody calls it");
  static_assert(GathersBackward<S> == (S::needs.dsums > 0), "gather_backward() and Needs::dsums go together");
  static_assert(Settles<S> == (S::Running::count > 0), "settle() and state blocks (trainable = false) go together");
  static_assert(S::needs.tallies == 0 || Settles<S>, "Needs::tallies are for settle(): without it nobody reads them");
};

namespace detail {

/// The shape before each layer and after the last. Behind a layer that is refused nothing is true, and nothing is looked at.
template <Shape In, class... Layers>
inline constexpr auto shapes_along = [] {
  std::array<Shape, sizeof...(Layers) + 1> shapes{In};
  std::size_t at = 0;
  bool fine = true;
  const auto follow = [&]<class Layer>() {
    Shape out = shapes[at];
    if constexpr (Recipe<Layer>) {
      fine = fine && Layer::accepts(shapes[at]);
      if (fine) out = Layer::output(shapes[at]);
    } else {
      fine = false;
    }
    shapes[++at] = out;
  };
  (follow.template operator()<Layers>(), ...);
  return shapes;
}();

template <Shape In, class... Layers, std::size_t... I>
constexpr bool all_accepted(std::index_sequence<I...>) {
  return ((sizeof(LayerAccepts<I, Layers, shapes_along<In, Layers...>[I]>) > 0) && ...);
}

/// total += part, value by value: how the shards' shares of sums are put together.
inline void add(std::span<double> total, std::span<const double> part) {
  for (std::size_t i = 0; i < total.size(); ++i) total[i] += part[i];
}

template <std::size_t N, class Count>
constexpr std::array<Index, N + 1> running_total(Count count) {
  std::array<Index, N + 1> totals{};
  for (std::size_t i = 0; i < N; ++i) totals[i + 1] = totals[i] + count(i);
  return totals;
}

}  // namespace detail

/// A layer that can do the work of the layer before it as well, as one: it says so by a member template FusedWith<Previous>, a layer
/// with the same parameters, made from both and put in the place of both. The list of layers stays the user's.
template <class Layer, class Previous>
concept TakesOver = requires {
  typename Layer::template FusedWith<Previous>;
};

namespace detail {
template <class Previous, class Layer, bool Taken>
struct RunsAs {
  using type = Layer;
};
template <class Previous, class Layer>
struct RunsAs<Previous, Layer, true> {
  using type = typename Layer::template FusedWith<Previous>;
};
}  // namespace detail

/// Everything that is known of a network before it runs: layers one after the other, from the encoder's first to the
/// decoder's last. Activation i is what stands before layer i; activation `code` is the code.
template <class T, Shape In, std::size_t Code, class... L>
struct Chain {
  using Scalar = T;
  using Layers = std::tuple<L...>;
  template <std::size_t I>
  using layer = std::tuple_element_t<I, Layers>;

  static constexpr std::size_t size = sizeof...(L), code = Code;
  static_assert(size > 0, "a network needs at least one layer");

  static constexpr auto shapes = detail::shapes_along<In, L...>;
  static constexpr Shape input = In, output = shapes[size];

  /// A later layer borrows from layer i.
  static constexpr bool linked(std::size_t i) {
    std::size_t at = 0;
    return ((L::needs(shapes[at++]).link == static_cast<Index>(i)) || ...);
  }

  /// Layer i does the work of layer i − 1 too. What lies between them does not exist; the code always does. A layer that
  /// another links to stays as it is: a pool, say, might take another of the values that an activation before it makes equal.
  static constexpr std::array<bool, size> takes_over = [] {
    std::array<bool, size> takes{};
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((takes[I + 1] = TakesOver<layer<I + 1>, layer<I>> && !takes[I] && I + 1 != code && !linked(I) && !linked(I + 1)), ...);
    }
    (std::make_index_sequence<size - 1>{});
    return takes;
  }();
  static constexpr bool taken_over(std::size_t i) { return i + 1 < size && takes_over[i + 1]; }
  /// The activation that layer i reads.
  static constexpr std::size_t reads(std::size_t i) { return takes_over[i] ? i - 1 : i; }

  /// What runs in the place of layer I: the layer, or what it becomes together with the one before.
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

  static constexpr std::array<Needs, size> needs = [] {
    std::array<Needs, size> all{};
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((all[I] = taken_over(I) ? Needs{} : runs_as<I>::needs(shapes[reads(I)])), ...);
    }
    (std::make_index_sequence<size>{});
    return all;
  }();
  static constexpr std::array<bool, size> elementwise{Elementwise<L>...};
  static constexpr std::array<bool, size> logistic{Logistic<L>...};

  template <std::size_t I>
  static auto source_of() {
    if constexpr (needs[I].link < 0) {
      return std::type_identity<void>{};
    } else {
      constexpr auto from = static_cast<std::size_t>(needs[I].link);
      static_assert(from < I, "a layer can only link to an earlier one");
      using Source = Stage<layer<from>, shapes[from], T>;
      static_assert(sizeof(LayerLinks<I, layer<I>, Source, shapes[I]>) > 0);
      return std::type_identity<Source>{};
    }
  }
  /// Layer I at its place, with the activation that it applies in its store. Kept: somebody reads its cache, in inference too.
  template <std::size_t I, class Epilogue = NoActivation, class Previous = NoActivation, bool Kept = linked(I)>
  using stage = Stage<runs_as<I>, shapes[reads(I)], T, Epilogue, typename decltype(source_of<I>())::type, Kept, Previous>;

  template <class F>
  static constexpr void for_each_layer(F f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (f.template operator()<I>(), ...); }
    (std::make_index_sequence<size>{});
  }

 private:
  template <std::size_t... I>
  static constexpr bool contracts_kept(std::index_sequence<I...>) {
    return ((sizeof(LayerKeepsContract<I, stage<I>>) > 0) && ...);
  }
  static constexpr std::array<Index, size> trainable = [] {
    std::array<Index, size> sizes{};
    for_each_layer([&]<std::size_t I>() { sizes[I] = stage<I>::Trainable::size; });
    return sizes;
  }();
  static constexpr std::array<Index, size> running = [] {
    std::array<Index, size> sizes{};
    for_each_layer([&]<std::size_t I>() { sizes[I] = stage<I>::Running::size; });
    return sizes;
  }();

 public:
  static_assert(contracts_kept(std::make_index_sequence<size>{}));

  /// Something before layer i, or in it, can be trained.
  static constexpr bool trains_before(std::size_t i) {
    return std::any_of(trainable.begin(), trainable.begin() + static_cast<std::ptrdiff_t>(i), [](Index n) { return n > 0; });
  }
  static constexpr bool trains(std::size_t i) { return trains_before(i + 1); }

  // Where each layer's part begins in the network's memories; the last entry is the whole.
  static constexpr auto theta_at = detail::running_total<size>([](std::size_t i) { return trainable[i]; });
  static constexpr auto state_at = detail::running_total<size>([](std::size_t i) { return running[i]; });
  static constexpr auto packed_at = detail::running_total<size>([](std::size_t i) { return needs[i].packed; });
  static constexpr auto cache_at = detail::running_total<size>([](std::size_t i) { return needs[i].cache; });
  static constexpr auto linked_cache_at =
      detail::running_total<size>([](std::size_t i) { return linked(i) ? needs[i].cache : 0; });
  static constexpr auto sums_at = detail::running_total<size>([](std::size_t i) { return needs[i].sums; });
  static constexpr auto dsums_at = detail::running_total<size>([](std::size_t i) { return needs[i].dsums; });
  static constexpr auto tallies_at = detail::running_total<size>([](std::size_t i) { return needs[i].tallies; });

  /// How the shards' shares of layer i's `Needs::sums` are put together: added, unless it says otherwise.
  static constexpr std::array<void (*)(std::span<double>, std::span<const double>), size> merge = [] {
    std::array<void (*)(std::span<double>, std::span<const double>), size> all{};
    for_each_layer([&]<std::size_t I>() {
      all[I] = detail::add;
      if constexpr (Merges<runs_as<I>>) all[I] = runs_as<I>::merge;
    });
    return all;
  }();

  static constexpr Index parameter_count = theta_at[size], state_count = state_at[size];

  /// Of parameters with values, forward, for a sample: every pixel of an image meets all of a layer's parameters.
  static constexpr Index multiplications = [] {
    Index sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += trainable[i] * shapes[i + 1].height * shapes[i + 1].width;
    return sum;
  }();

  template <class Measure>
  static constexpr Index widest(Measure measure) {
    Index most = 0;
    for (std::size_t i = 0; i < size; ++i) most = std::max(most, taken_over(i) ? 0 : measure(i));
    return most;
  }
  static constexpr Index scratch = widest([](std::size_t i) { return needs[i].scratch; });
  static constexpr Index scratch_per_sample = widest([](std::size_t i) { return needs[i].scratch_per_sample; });
  static constexpr Index widest_output = widest([](std::size_t i) { return shapes[i + 1].size(); });
};

/// Which layers run with the one before them. Only marks: the list of layers, and so positions, links, summary and messages,
/// stays the user's.
template <std::size_t N>
struct Fusion {
  std::array<bool, N> in_place{};  ///< layer i writes over its input, or writes nothing since the next does its work
  std::array<bool, N> absorbed{};  ///< layer i is applied by layer i − 1 in its store

  /// The first activation of those that share memory with activation i, by layers that write in place.
  constexpr std::size_t first_of_run(std::size_t i) const {
    while (i > 0 && in_place[i - 1]) --i;
    return i;
  }
};

/// `observed[i]`: somebody looks at activation i after forward has passed it, so that it must exist and stay.
/// The code always exists, since encode() ends and decode() begins there.
template <class C>
constexpr Fusion<C::size> fuse(const std::array<bool, C::size + 1>& observed, bool training) {
  Fusion<C::size> fusion;
  for (std::size_t i = 1; i < C::size; ++i) {
    const bool input_read_again = training && (C::needs[i].backward_x || C::needs[i - 1].backward_y);
    const bool writes_over = C::needs[i].in_place && !input_read_again && !observed[i];
    fusion.in_place[i] = C::taken_over(i) || writes_over;
    fusion.absorbed[i] = !C::taken_over(i) && writes_over && C::elementwise[i] && C::needs[i - 1].epilogue && i != C::code;
  }
  return fusion;
}

}  // namespace eigencoder
