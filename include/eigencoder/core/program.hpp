// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/chain.hpp"
#include "eigencoder/core/objective.hpp"

namespace eigencoder {

/// What an operation of a step does, to the layer or to the objective's term of its index.
enum class Do : unsigned char {
  gather,
  forward,
  term_gather,
  loss,
  penalty,
  weight_penalty,
  bend,
  gather_backward,
  backward
};

struct Operation {
  Do what{};
  std::size_t index = 0;
  int phase = 0;
  int delta = 0;          ///< which of two buffers holds dy
  bool gradient = false;  ///< of a loss or penalty: something trainable lies before
};

/// The operations of a step in order. An operation that uses a total over the batch is in a later phase than its gathering.
template <std::size_t Most>
struct Operations {
  std::array<Operation, Most> list{};
  std::size_t count = 0;
  int phases = 1;

  constexpr const Operation* begin() const { return list.data(); }
  constexpr const Operation* end() const { return list.data() + count; }
};

/// A training step, and an evaluation, of a network C under an objective O: what is done in which order, which activations
/// share memory, where totals lie. All of it is known to the compiler.
template <class C, class O>
struct Program {
  using Network = C;
  using Objective = O;
  static constexpr std::size_t layers = C::size, terms = O::size;

 private:
  static constexpr std::size_t sampler = [] {
    for (std::size_t i = 0; i < layers; ++i) {
      if (C::needs[i].latent) return i;
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

  /// A penalty looks at activation i, and adds to its gradient.
  static constexpr std::array<bool, layers + 1> observed = [] {
    std::array<bool, layers + 1> is{};
    for (std::size_t i = 0; i < layers; ++i) is[i + 1] = bends[i];
    for (std::size_t k = 0; k < terms; ++k) is[site[k]] = is[site[k]] || penalty[k];
    if (looks_at_latent) is[sampler + 1] = true;
    return is;
  }();
  static constexpr Fusion<layers> fusion = fuse<C>(observed, true);

  /// Layer i has its backward done by the layer behind, in the store of that one's dx.
  static constexpr bool folded(std::size_t i) {
    const std::size_t behind = C::taken_over(i + 1) ? i + 2 : i + 1;
    return behind < layers && C::elementwise[i] && C::needs[behind].derivative && !observed[i + 1];
  }

  template <std::size_t I>
  static constexpr bool has_epilogue = [] {
    if constexpr (I + 1 < layers) return fusion.absorbed[I + 1] && !(on_logits && I + 2 == layers);
    return false;
  }();

  template <std::size_t I>
  static auto epilogue_of() {
    if constexpr (has_epilogue<I>) {
      return std::type_identity<typename C::template layer<I + 1>>{};
    } else {
      return std::type_identity<NoEpilogue>{};
    }
  }
  template <std::size_t I>
  using stage =
      typename C::template stage<I, typename decltype(epilogue_of<I>())::type, NoEpilogue, C::linked(I) || (I < carriers)>;

  template <std::size_t I>
  static auto before_of() {
    if constexpr (C::reads(I) > 0 && folded(C::reads(I) - 1)) {
      return std::type_identity<typename C::template layer<C::reads(I) - 1>>{};
    } else {
      return std::type_identity<NoEpilogue>{};
    }
  }
  template <std::size_t I>
  using backward_stage = typename C::template stage<I, NoEpilogue, typename decltype(before_of<I>())::type>;

  /// The layer that wrote activation `site`, an absorbed activation counting as its producer's.
  static constexpr std::size_t producer(std::size_t activation) {
    return fusion.absorbed[activation - 1] ? activation - 2 : activation - 1;
  }

  // Doubles that are summed over the batch: the layers' for forward, for backward, for their state, then the terms'.
  static constexpr auto term_sums_at = [] {
    std::array<Index, terms> sizes{};
    for_each_term([&]<std::size_t K>() {
      using Term = typename O::template term<K>;
      if constexpr (penalty[K]) sizes[K] = Term::sums(C::shapes[site[K]]);
      if constexpr (requires { Term::loss_sums; }) sizes[K] = Term::loss_sums;
    });
    return detail::running_total<terms>([&](std::size_t k) { return sizes[k]; });
  }();
  static constexpr Index dsums_begin = C::sums_at[layers], tallies_begin = dsums_begin + C::dsums_at[layers],
                         terms_begin = tallies_begin + C::tallies_at[layers], totals = terms_begin + term_sums_at[terms];
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

  /// The stretch of totals that an operation gathers.
  struct Stretch {
    Index begin = 0, size = 0;
  };
  static constexpr Stretch gathered_by(const Operation& operation) {
    const std::size_t i = operation.index;
    switch (operation.what) {
      case Do::gather:
        return {C::sums_at[i], C::needs[i].sums};
      case Do::forward:
        return {tallies_begin + C::tallies_at[i], C::needs[i].tallies};
      case Do::gather_backward:
        return {dsums_begin + C::dsums_at[i], C::needs[i].dsums};
      case Do::term_gather:
        return {terms_begin + term_sums_at[i], term_sums_at[i + 1] - term_sums_at[i]};
      default:
        return {};
    }
  }

 private:
  static constexpr auto build(bool trains) {
    Operations<5 * layers + 3 * terms> operations;
    int phase = 0, delta = 0;
    std::array<int, terms> gathered{};
    const auto put = [&](Do what, std::size_t index, bool gradient = false) {
      operations.list[operations.count++] = {what, index, phase, delta, gradient};
    };
    const auto after = [&](int gathering) { phase = std::max(phase, gathering + 1); };

    const auto gather_terms = [&](std::size_t activation) {
      for (std::size_t k = 0; k < terms; ++k) {
        if (site[k] != activation || !gathers(k)) continue;
        gathered[k] = phase;
        put(Do::term_gather, k);
      }
    };
    for (std::size_t i = 0; i < layers; ++i) {
      if (C::taken_over(i)) continue;
      if (trains && C::needs[i].sums > 0) {
        put(Do::gather, i);
        after(phase);
      }
      put(Do::forward, i);
      gather_terms(i + 1);
    }
    for (std::size_t k = 0; k < terms; ++k) {
      if (loss[k] && !penalty[k] && gathers(k)) after(gathered[k]);
      if (loss[k]) put(Do::loss, k, trains && C::trains_before(layers));
      if (!loss[k] && !penalty[k]) put(Do::weight_penalty, k, trains);
    }
    for (std::size_t i = layers; i-- > 0;) {
      for (std::size_t k = 0; k < terms; ++k) {
        if (!penalty[k] || site[k] != i + 1) continue;
        if (gathers(k)) after(gathered[k]);
        put(Do::penalty, k, trains && C::trains(i));
      }
      if (!trains || !C::trains(i) || C::taken_over(i)) continue;
      if (on_logits && i == layers - 1) continue;  // the loss has differentiated it
      if (bends[i]) put(Do::bend, i);
      if (C::needs[i].dsums > 0) {
        put(Do::gather_backward, i);
        after(phase);
      }
      if (folded(i)) continue;
      put(Do::backward, i);
      if (!C::needs[i].in_place) delta = 1 - delta;
    }
    operations.phases = phase + 1;
    return operations;
  }

 public:
  static constexpr auto training = build(true), evaluation = build(false);
  /// Samples that meet in a total: every shard then keeps its own activations until all have gathered.
  static constexpr bool coupled = training.phases > 1;

  /// Scalars a sample before activation i in a lane. Activation 0 is the batch itself and has no place of its own.
  static constexpr std::array<Index, layers + 1> activation_at = [] {
    std::array<Index, layers + 1> at{};
    Index next = 0;
    for (std::size_t i = 1; i <= layers; ++i) {
      const bool shares = fusion.in_place[i - 1] || (on_logits && i == layers);
      at[i] = shares ? at[i - 1] : next;
      if (!shares) next += C::shapes[i].size();
    }
    return at;
  }();
  static constexpr Index activations = [] {
    Index most = 0;
    for (std::size_t i = 1; i <= layers; ++i) {
      if (!C::taken_over(i - 1)) most = std::max(most, activation_at[i] + C::shapes[i].size());
    }
    return most;
  }();

  /// Scalars a sample before tangent i in their memory: that of activation i, and what it adds to the activation's gradient.
  static constexpr auto tangent_at = detail::running_total<carriers + 1>([](std::size_t i) {
    if (carriers == 0) return Index{0};
    return C::shapes[i].size() * (i > 0 && bends[i - 1] ? 2 : 1);
  });
  /// Tangents and two of their gradients.
  static constexpr Index tangents = carriers > 0 ? tangent_at[carriers + 1] + 2 * std::max(C::input.size(), C::widest_output)
                                                 : 0;

  /// Scalars a sample that a lane holds beside the batch itself.
  static constexpr Index per_sample =
      activations + C::cache_at[layers] + term_cache_at[terms] + 2 * C::widest_output + C::scratch_per_sample + tangents;
};

}  // namespace eigencoder
