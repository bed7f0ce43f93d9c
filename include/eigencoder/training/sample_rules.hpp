// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/engine/program.hpp"
#include "eigencoder/models/check_data.hpp"

// What a model and an objective ask of samples, as data.
namespace eigencoder::detail {

/// The name of an objective's first loss that does not say that it takes weights, or null.
template <class... Terms>
constexpr auto unweighted_loss(std::type_identity<Objective<Terms...>>, bool TermNeeds::*says) {
  std::string (*name)() = nullptr;
  const auto look = [&]<class Term>() {
    if (name == nullptr && Loss<Term> && !(needs_of<Term>.*says)) name = type_name<Term>;
  };
  (look.template operator()<Terms>(), ...);
  return name;
}

/// The name of the layer of a program P that weighs the values of the targets, or null.
template <class P>
constexpr auto weighing_layer() {
  std::string (*name)() = nullptr;
  if constexpr (P::weighs) name = type_name<typename P::Chain::template layer<P::weighing>>;
  return name;
}

/// The name of a layer or a term of a program P that would count the padding of sequences, or null: layers that mix samples and do
/// not ask for lengths, losses that are no sums over values on an output that has steps, and penalties at an activation that has some.
template <class P>
constexpr auto refuses_padding() {
  using C = typename P::Chain;
  std::string (*name)() = nullptr;
  if constexpr (Steps<C>::sequence(0)) {
    C::for_each_layer([&]<std::size_t I>() {
      constexpr Needs needs = C::needs[I];
      constexpr bool mixes = needs.sums + needs.dsums + needs.tallies > 0;
      if (mixes && !needs.lengths && Steps<C>::template known<I>) name = type_name<typename C::template layer<I>>;
    });
    const auto look = [&]<std::size_t K>() {
      using Term = typename P::Objective::template term<K>;
      const bool penalises_steps = [] {
        if constexpr (P::penalty[K]) return Steps<C>::template known<P::site[K]> || needs_of<Term>.site == Site::tangent;
        return false;
      }();
      if (penalises_steps || (Loss<Term> && !needs_of<Term>.element_weights && Steps<C>::template known<C::size>)) name = type_name<Term>;
    };
    [&]<std::size_t... K>(std::index_sequence<K...>) { (look.template operator()<K>(), ...); }
    (std::make_index_sequence<P::Objective::size>{});
  }
  return name;
}

template <class C, class O>
inline constexpr SampleRules sample_rules = [] {
  constexpr std::type_identity<O> objective{};
  SampleRules all{.input = C::input,
                  .target = Terms<C, O>::target,
                  .targets = target_range(objective, C::output.channels),
                  .inputs = input_range<C>(),
                  .unweighted = unweighted_loss(objective, &TermNeeds::sample_weights),
                  .unweighted_elements = unweighted_loss(objective, &TermNeeds::element_weights),
                  .weighing = weighing_layer<Program<C, O>>(),
                  .whole = refuses_padding<Program<C, O>>()};
  add_length_rules<C>(all);
  return all;
}();

}  // namespace eigencoder::detail
