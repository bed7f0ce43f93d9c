// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/objective.hpp"
#include "eigencoder/engine/chain.hpp"

namespace eigencoder {

/// Fails to compile if a term's functions and its TermNeeds disagree.
template <std::size_t Position, class Term, class Chain>
struct TermKeepsContract {
  static constexpr TermNeeds needs = needs_of<Term>;
  static constexpr bool loss = Loss<Term>, penalty = Penalty<Term>;

  static constexpr bool readable = [] {
    if constexpr (requires { Term::needs; }) return requires {
        TermNeeds{Term::needs};
      };
    return true;
  }();
  static_assert(readable, "what a term asks for is a constant: static constexpr TermNeeds needs{...}");
  static_assert(TermGathers<Term> == (needs.sums.asked() || needs.shared.asked()),
                "gather() and TermNeeds::sums or TermNeeds::shared go together");
  static_assert(DrawsDirections<Term> == (needs.directions != nullptr),
                "direction(d, random, u) and TermNeeds::directions go together");
  static_assert(HasFactor<Term> == needs.factor, "factor(step) and TermNeeds::factor go together");
  static_assert(HasWarning<Term> == needs.warning, "warning(value) and TermNeeds::warning go together");
  static_assert(HasCheck<Term> == needs.check, "check() and TermNeeds::check go together");
  static_assert(HasLogitsForm<Term> == (needs.on_logits != Logits::none),
                "on_logits(), which gives a loss, and TermNeeds::on_logits go together");
  static_assert(HasDemands<Term, Chain> == needs.demands, "Demands<Chain> and TermNeeds::demands go together");

  static_assert((needs.site == Site::tangent) == (needs.directions != nullptr),
                "TermNeeds::directions and Site::tangent go together");
  static_assert(penalty || needs.site == Site::code,
                "TermNeeds::site is where a penalty looks: this term has no operator()(PenaltyPass<S, Gradient>) const");
  static_assert(penalty || !needs.shared.asked(), "TermNeeds::shared is for penalties: this term is none");
  static_assert((loss && penalty) || needs.cache == 0,
                "TermNeeds::cache is what a loss leaves for itself as a penalty: this term is not both");
  static_assert(needs.site == Site::latent || needs.site == Site::quantised || !needs.code,
                "TermNeeds::code is for Site::latent and Site::quantised: elsewhere there is nothing but y");
  static_assert(loss || (needs.draws == 1 && !needs.sample_weights && !needs.element_weights && !needs.class_numbers &&
                         needs.on_logits == Logits::none && needs.targets.low == unbounded.low && needs.targets.high == unbounded.high),
                "TermNeeds::draws, targets, sample_weights, element_weights, class_numbers and on_logits are for losses: this "
                "term is none");
  static_assert(needs.draws > 0, "TermNeeds::draws must be positive");
};

/// An objective O on a network C: which kind each term is, where it looks, what it asks for.
template <class C, class O>
struct Terms {
  static constexpr std::size_t layers = C::size, terms = O::size;

 protected:
  template <class F>
  static constexpr void for_each_term(F f) {
    [&]<std::size_t... K>(std::index_sequence<K...>) { (f.template operator()<K>(), ...); }
    (std::make_index_sequence<terms>{});
  }
  template <class Value, class F>
  static constexpr std::array<Value, terms> of_each_term(F f) {
    return [&]<std::size_t... K>(std::index_sequence<K...>) {
      return std::array<Value, terms>{f.template operator()<typename O::template term<K>>()...};
    }
    (std::make_index_sequence<terms>{});
  }
  /// The first layer that says so in its Needs.
  static constexpr std::size_t first_that(bool Needs::*says) {
    for (std::size_t i = 0; i < layers; ++i) {
      if (C::needs[i].*says) return i;
    }
    return layers;
  }
  template <Site Where>
  static constexpr std::size_t place_of() {
    if constexpr (Where == Site::latent) {
      constexpr std::size_t sampler = first_that(&Needs::samples);
      static_assert(0 < sampler && sampler < layers, "this penalty needs a network that samples a latent code");
      return sampler;
    } else if constexpr (Where == Site::quantised) {
      constexpr std::size_t quantiser = first_that(&Needs::quantises);
      static_assert(0 < quantiser && quantiser < layers,
                    "this penalty needs a network that chooses its code from a codebook: one with a VectorQuantizer");
      return quantiser;
    } else if constexpr (static_cast<Index>(Where) >= 0) {
      constexpr auto layer = static_cast<std::size_t>(Where);
      static_assert(layer < layers,
                    "this penalty looks at a layer that the network does not have: positions are counted from 0, from the "
                    "encoder's first layer on");
      static_assert(!C::taken_over(layer), "this penalty looks between two layers that run as one: let it look at the second");
      return layer + 1;
    } else {
      static_assert(0 < C::code && C::code <= layers,
                    "this penalty needs a network with an encoder and a code: an Autoencoder");
      return C::code;
    }
  }

 public:
  static constexpr auto needs = of_each_term<TermNeeds>([]<class Term>() { return needs_of<Term>; });
  static constexpr auto loss = of_each_term<bool>([]<class Term>() { return Loss<Term>; });
  static constexpr auto penalty = of_each_term<bool>([]<class Term>() { return Penalty<Term>; });
  static constexpr std::size_t losses = static_cast<std::size_t>(std::count(loss.begin(), loss.end(), true));
  static_assert(losses > 0, "an objective needs a loss that compares the output with the target");

  /// The activation that each term looks at.
  static constexpr std::array<std::size_t, terms> site = [] {
    std::array<std::size_t, terms> at{};
    for_each_term([&]<std::size_t K>() {
      using Term = typename O::template term<K>;
      static_assert(sizeof(TermKeepsContract<K, Term, C>) > 0);
      if constexpr (HasDemands<Term, C>) static_assert(sizeof(typename Term::template Demands<C>) > 0);
      at[K] = layers;
      if constexpr (Penalty<Term>) at[K] = place_of<needs_of<Term>.site>();
    });
    return at;
  }();

  /// The activation that the layer at a term's site makes, where the term asks for it.
  static constexpr std::size_t code_at(std::size_t term) { return site[term] + (needs[term].code ? 1 : 0); }

  /// A layer may ask something of the objective, as a term of the network, but of one that says `trains = false`.
  static constexpr bool only_evaluates = requires { requires !O::trains; };
  static constexpr bool layers_content = [] {
    C::for_each_layer([]<std::size_t I>() {
      if constexpr (!only_evaluates && requires { typename C::template layer<I>::template Demands<O>; }) {
        static_assert(sizeof(typename C::template layer<I>::template Demands<O>) > 0);
      }
    });
    return true;
  }();
  static_assert(layers_content);

  /// A single loss with a form on logits takes the place of the final Sigmoid or Softmax in training and evaluation.
  static constexpr bool on_logits = [] {
    if (layers < 2 || C::logits[layers - 1] == Logits::none || losses > 1) return false;
    for (std::size_t k = 0; k < terms; ++k) {
      if (penalty[k] && site[k] == layers) return false;
    }
    const auto of = static_cast<std::size_t>(std::find(loss.begin(), loss.end(), true) - loss.begin());
    return needs[of].on_logits == C::logits[layers - 1];
  }();
  /// Every loss of the objective says so in its TermNeeds.
  static constexpr bool every_loss(bool TermNeeds::*says) {
    for (std::size_t k = 0; k < terms; ++k) {
      if (loss[k] && !(needs[k].*says)) return false;
    }
    return true;
  }
  /// Of a target: that of the output, or of one class number for every place of it.
  static constexpr Shape target = [] {
    constexpr bool numbers = every_loss(&TermNeeds::class_numbers);
    static_assert(numbers || std::none_of(needs.begin(), needs.end(), [](const TermNeeds& each) { return each.class_numbers; }),
                  "an objective's losses take either class numbers as targets or values: this one has losses of both kinds");
    Shape shape = C::output;
    if (numbers) shape.channels = 1;
    return shape;
  }();
  static constexpr bool takes_sample_weights = every_loss(&TermNeeds::sample_weights),
                        takes_element_weights = every_loss(&TermNeeds::element_weights);

  /// The layer that weighs the values of the targets in training; `layers` if none does.
  static constexpr std::size_t weighing = first_that(&Needs::weighs_targets);
  static constexpr bool weighs = weighing < layers && !only_evaluates;
  static_assert(!weighs || takes_element_weights,
                "a layer weighs the values of the targets, as RandomMask with MaskWeights does: every loss must then be a sum over values "
                "that takes weights of elements, as MeanSquaredError is");
  static_assert(!weighs || (C::shapes[weighing] == target && C::needs[weighing].cache == target.size()),
                "a layer that weighs the values of the targets, as RandomMask with MaskWeights does, must have an input of their shape, and a "
                "cache of as many scalars");
  static_assert(std::count_if(C::needs.begin(), C::needs.end(), [](const Needs& each) { return each.weighs_targets; }) < 2,
                "a network has one layer that weighs the values of the targets at most: this one has several");

  /// Doubles that are summed over the batch for each term.
  static constexpr auto term_totals_at =
      detail::running_total<terms>([](std::size_t k) { return needs[k].sums(C::shapes[site[k]]); });
  /// Scalars a column of the batch that a term's shards share.
  static constexpr auto shared_at =
      detail::running_total<terms>([](std::size_t k) { return needs[k].shared(C::shapes[site[k]]); });
  static constexpr auto term_cache_at = detail::running_total<terms>([](std::size_t k) { return needs[k].cache; });
  static constexpr bool gathers(std::size_t term) { return needs[term].sums.asked() || needs[term].shared.asked(); }

  /// Columns of a batch that every sample takes: a term may ask for several draws of its latent code.
  static constexpr Index draws = [] {
    Index most = 1;
    for (const TermNeeds& each : needs) most = std::max(most, each.draws);
    return most;
  }();
  static_assert(std::all_of(needs.begin(), needs.end(),
                            [](const TermNeeds& each) { return each.draws == 1 || each.draws == draws; }),
                "terms that ask for several draws of a sample must ask for as many");
};

}  // namespace eigencoder
