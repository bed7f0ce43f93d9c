// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/engine/chain.hpp"
#include "eigencoder/core/objective.hpp"

namespace eigencoder {

/// An objective O on a network C: which kind each term is, where it looks, what it asks for.
template <class C, class O>
struct Terms {
  static constexpr std::size_t layers = C::size, terms = O::size;

 protected:
  static constexpr std::size_t sampler = [] {
    for (std::size_t i = 0; i < layers; ++i) {
      if (C::needs[i].samples || C::needs[i].quantises) return i;
    }
    return layers;
  }();
  template <class F>
  static constexpr void for_each_term(F f) {
    [&]<std::size_t... K>(std::index_sequence<K...>) { (f.template operator()<K>(), ...); }
    (std::make_index_sequence<terms>{});
  }

 public:
  static constexpr std::array<bool, terms> loss = [] {
    std::array<bool, terms> is{};
    for_each_term([&]<std::size_t K>() { is[K] = Loss<typename O::template term<K>>; });
    return is;
  }();
  static constexpr std::array<bool, terms> penalty = [] {
    std::array<bool, terms> is{};
    for_each_term([&]<std::size_t K>() { is[K] = Penalty<typename O::template term<K>>; });
    return is;
  }();
  static constexpr bool looks_at_latent = [] {
    bool looks = false;
    for_each_term([&]<std::size_t K>() {
      if constexpr (penalty[K]) looks = looks || O::template term<K>::site == Site::latent;
    });
    return looks;
  }();
  /// The layer that samples a latent code, if a term looks there.
  static constexpr std::size_t latent = looks_at_latent ? sampler : layers;
  static constexpr std::size_t losses = static_cast<std::size_t>(std::count(loss.begin(), loss.end(), true));
  static_assert(losses > 0, "an objective needs a loss that compares the output with the target");

  /// The activation that each term looks at.
  static constexpr std::array<std::size_t, terms> site = [] {
    std::array<std::size_t, terms> at{};
    for_each_term([&]<std::size_t K>() {
      using Term = typename O::template term<K>;
      at[K] = layers;
      if constexpr (requires { typename Term::template Demands<C>; }) {
        static_assert(sizeof(typename Term::template Demands<C>) > 0);
      }
      if constexpr (Penalty<Term>) {
        static_assert(Term::site != Site::latent || (0 < sampler && sampler < layers),
                      "this penalty needs a network that samples a latent code");
        constexpr bool on_layer = static_cast<Index>(Term::site) >= 0;
        constexpr auto layer = static_cast<std::size_t>(Term::site);
        static_assert(on_layer || Term::site == Site::latent || (0 < C::code && C::code <= layers),
                      "this penalty needs a network with an encoder and a code: an Autoencoder");
        static_assert(!on_layer || layer < layers,
                      "this penalty looks at a layer that the network does not have: positions are counted from 0, from the "
                      "encoder's first layer on");
        static_assert(!on_layer || !C::taken_over(layer),
                      "this penalty looks between two layers that run as one: let it look at the second");
        at[K] = on_layer ? layer + 1 : Term::site == Site::latent ? sampler : C::code;
      }
    });
    return at;
  }();

  /// A layer may ask something of the objective, as a term of the network.
  static constexpr bool layers_content = [] {
    C::for_each_layer([]<std::size_t I>() {
      if constexpr (requires { typename C::template layer<I>::template Demands<O>; }) {
        static_assert(sizeof(typename C::template layer<I>::template Demands<O>) > 0);
      }
    });
    return true;
  }();
  static_assert(layers_content);

  /// The term that looks at tangents, and with it how many layers carry them.
  static constexpr std::array<bool, terms> on_tangents = [] {
    std::array<bool, terms> is{};
    for_each_term([&]<std::size_t K>() {
      if constexpr (penalty[K]) is[K] = O::template term<K>::site == Site::tangent;
    });
    return is;
  }();
  static_assert(std::count(on_tangents.begin(), on_tangents.end(), true) <= 1,
                "an objective has at most one penalty on tangents");
  static constexpr auto tangent_term =
      static_cast<std::size_t>(std::find(on_tangents.begin(), on_tangents.end(), true) - on_tangents.begin());
  static constexpr std::size_t carriers = tangent_term < terms ? C::code : 0;
  /// Its directions are the code's, and go back to the input.
  static constexpr bool from_code = [] {
    if constexpr (tangent_term < terms) {
      using Term = typename O::template term<tangent_term>;
      if constexpr (requires { Term::template from_code<C>; }) return Term::template from_code<C>;
    }
    return false;
  }();
  /// G = W Wᵀ, m × m, takes the place of the first layer's W, m × n. Once a shard it costs 2 m² n multiplications, with the
  /// way back to W, and saves 3 m (n − m) for every direction of every sample.
  static constexpr bool gram = [] {
    if constexpr (from_code && !C::taken_over(0)) {
      constexpr Index m = C::shapes[1].size(), n = C::input.size(), directions = C::shapes[C::code].size();
      constexpr Index samples = 64;  // most shards have more
      return HasGram<typename C::template stage<0>> && 2 * m * n < 3 * (n - m) * directions * samples;
    }
    return false;
  }();
  static constexpr Index gram_size = gram ? C::shapes[1].size() * C::shapes[1].size() : 0;
  /// Layer i carries tangents, and its derivative depends on its output.
  static constexpr std::array<bool, layers> bends = [] {
    std::array<bool, layers> is{};
    C::for_each_layer([&]<std::size_t I>() {
      using S = typename C::template stage<I>;
      if constexpr (I < carriers && !C::taken_over(I)) {
        static_assert(!Affine<typename S::Layer> || GivesInputGradient<S>,
                      "this penalty needs of a layer with weights and a Tangent the gradient of its input alone: "
                      "input_gradient(Backward<S, true>) const");
        static_assert(Affine<typename S::Layer> || CarriesTangents<S>,
                      "this penalty needs an encoder of layers that carry tangents: dense and convolution layers, "
                      "activations whose derivative follows from their output, pools, resampling, dropout");
        is[I] = Bends<S>;
      }
    });
    return is;
  }();

  /// A single loss with a form on logits takes the place of the final Sigmoid in training and evaluation.
  static constexpr bool on_logits = [] {
    if (layers < 2 || !C::logistic[layers - 1] || losses > 1) return false;
    for (std::size_t k = 0; k < terms; ++k) {
      if (penalty[k] && site[k] == layers) return false;
    }
    bool has = false;
    for_each_term([&]<std::size_t K>() { has = has || HasLogitsForm<typename O::template term<K>>; });
    return has;
  }();

  /// Doubles that are summed over the batch for each term.
  static constexpr auto term_sums_at = [] {
    std::array<Index, terms> sizes{};
    for_each_term([&]<std::size_t K>() {
      using Term = typename O::template term<K>;
      if constexpr (penalty[K]) sizes[K] = Term::sums(C::shapes[site[K]]);
      if constexpr (requires { Term::loss_sums; }) sizes[K] = Term::loss_sums;
    });
    return detail::running_total<terms>([&](std::size_t k) { return sizes[k]; });
  }();
  /// Scalars a column of the batch that a term's shards share, and that its loss leaves for its penalty.
  static constexpr auto shared_at = [] {
    std::array<Index, terms> sizes{};
    for_each_term([&]<std::size_t K>() {
      using Term = typename O::template term<K>;
      if constexpr (requires { Term::shared(C::input); }) sizes[K] = Term::shared(C::shapes[site[K]]);
    });
    return detail::running_total<terms>([&](std::size_t k) { return sizes[k]; });
  }();
  static constexpr auto term_cache_at = [] {
    std::array<Index, terms> sizes{};
    for_each_term([&]<std::size_t K>() {
      if constexpr (requires { O::template term<K>::cache; }) sizes[K] = O::template term<K>::cache;
    });
    return detail::running_total<terms>([&](std::size_t k) { return sizes[k]; });
  }();
  static constexpr bool gathers(std::size_t term) {
    return term_sums_at[term + 1] > term_sums_at[term] || shared_at[term + 1] > shared_at[term];
  }

  /// Columns of a batch that every sample takes: a term may ask for several draws of its latent code.
  static constexpr Index draws = [] {
    Index most = 1;
    for_each_term([&]<std::size_t K>() {
      if constexpr (requires { O::template term<K>::draws; }) most = std::max(most, O::template term<K>::draws);
    });
    return most;
  }();
  static constexpr bool draws_agree = [] {
    bool agree = true;
    for_each_term([&]<std::size_t K>() {
      if constexpr (requires { O::template term<K>::draws; }) agree = agree && O::template term<K>::draws == draws;
    });
    return agree;
  }();
  static_assert(draws_agree, "terms that ask for several draws of a sample must ask for as many");
};

}  // namespace eigencoder
