// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/engine/tangent_plan.hpp"
#include "eigencoder/engine/terms.hpp"

namespace eigencoder {

/// What an operation of a step does, to the layer or to the objective's term of its index.
enum class Do : unsigned char {
  gather,
  forward,
  term_gather,
  loss,
  penalty,
  weight_penalty,
  add_side_gradient,
  gather_backward,
  backward
};

struct Operation {
  Do what{};
  std::size_t index = 0;
  int phase = 0;
  int delta = 0;          ///< which of the buffers of deltas holds dy; dx, unless in place, is in the next one
  bool gradient = false;  ///< of a loss or penalty: an earlier layer is trained
};

/// Some of the totals over a batch.
struct TotalsSlice {
  Index begin = 0, size = 0;

  /// The least slice that has both.
  constexpr TotalsSlice with(const TotalsSlice& other) const {
    if (size == 0) return other;
    const Index first = std::min(begin, other.begin);
    return {first, std::max(begin + size, other.begin + other.size) - first};
  }
};

/// The operations of a step in order. An operation that uses a total over the batch is in a later phase than its gathering.
template <std::size_t Layers, std::size_t Terms>
struct Operations {
  std::array<Operation, 5 * Layers + 3 * Terms> list{};
  std::array<unsigned, Layers> of_layer{};  ///< a bit for each that there is
  std::size_t count = 0;
  int phases = 1, deltas = 1;

  constexpr const Operation* begin() const { return list.data(); }
  constexpr const Operation* end() const { return list.data() + count; }
  static constexpr bool is_of_term(Do what) { return Do::term_gather <= what && what <= Do::weight_penalty; }
  constexpr void add(const Operation& operation) {
    list[count++] = operation;
    if (!is_of_term(operation.what)) of_layer[operation.index] |= 1U << static_cast<unsigned>(operation.what);
  }
  constexpr bool has(Do what, std::size_t layer) const { return (of_layer[layer] >> static_cast<unsigned>(what) & 1) != 0; }
  /// What does that to a term, or null.
  constexpr const Operation* find(Do what, std::size_t term) const {
    for (const Operation& each : *this) {
      if (each.what == what && each.index == term) return &each;
    }
    return nullptr;
  }
};

/// A training step, and an evaluation, of a network C under an objective O: what is done in which order, which activations
/// share memory, where totals lie. All of it is known to the compiler.
template <class C, class O>
struct Program : Terms<C, O> {
  using Chain = C;
  using Objective = O;
  using Tangents = TangentPlan<C, O>;
  static constexpr std::size_t layers = C::size, terms = O::size;

  using Terms<C, O>::loss, Terms<C, O>::penalty, Terms<C, O>::site, Terms<C, O>::gathers, Terms<C, O>::term_totals_at;
  using Terms<C, O>::term_cache_at, Terms<C, O>::code_at, Terms<C, O>::on_logits;

  static_assert([] {
    for (std::size_t i = 0; i < layers; ++i) {
      if (!C::needs[i].targets) continue;
      for (std::size_t k = i + 1; k < layers; ++k) {
        if (!C::needs[k].training_only) return false;
      }
      if (C::shapes[i + 1] != C::output) return false;
    }
    return true;
  }(), "a layer that is given the targets in place of its outputs, as RecurrentDecoder, must be the network's last");

  /// A penalty or a join reads activation i, and adds to its gradient.
  static constexpr std::array<bool, layers + 1> observed = [] {
    std::array<bool, layers + 1> is = C::joined;
    for (std::size_t i = 0; i < layers; ++i) is[i + 1] = is[i + 1] || Tangents::bends[i];
    for (std::size_t k = 0; k < terms; ++k) {
      if (penalty[k]) is[site[k]] = is[code_at(k)] = true;
    }
    return is;
  }();
  static constexpr Fusion<layers> fusion = fuse<C>(observed, true, on_logits);

  template <std::size_t I>
  using stage = typename C::template stage<I, typename AppliedLayer<C, I + 1, fusion.applies_next(I)>::type, NoActivation,
                                           C::is_source(I) || (I < Tangents::carriers)>;
  template <std::size_t I>
  using backward_stage = typename C::template stage<
      I, NoActivation, typename AppliedLayer<C, C::reads(I) - 1, fusion.folds_writer(C::reads(I))>::type>;

  /// Layer i has no forward of its own: another layer, or the loss, does its work.
  static constexpr bool done_elsewhere(std::size_t i) {
    return fusion.applied[i] || C::taken_over(i) || (on_logits && i + 1 == layers);
  }

  /// Activation i has a gradient that does not come through layer i: a later layer joins it, or a penalty on tangents bends it.
  static constexpr bool side_gradient(std::size_t i) {
    return i > 0 && ((C::joined[i] && C::trains_before(i)) || (i <= layers && Tangents::bends[i - 1]));
  }

  /// The layer that wrote activation `site`, an absorbed activation counting as its producer's.
  static constexpr std::size_t producer(std::size_t activation) {
    return fusion.applied[activation - 1] ? activation - 2 : activation - 1;
  }

  // Where totals lie: the layers' for forward, for backward, for their state, then the terms'.
  static constexpr Index dsums_begin = C::sums_at[layers], tallies_begin = dsums_begin + C::dsums_at[layers],
                         terms_begin = tallies_begin + C::tallies_at[layers], totals = terms_begin + term_totals_at[terms];

  /// The totals that an operation gathers.
  static constexpr TotalsSlice gathered_by(const Operation& operation) {
    const std::size_t i = operation.index;
    switch (operation.what) {
      case Do::gather:
        return {C::sums_at[i], C::needs[i].sums};
      case Do::forward:
        return {tallies_begin + C::tallies_at[i], C::needs[i].tallies};
      case Do::gather_backward:
        return {dsums_begin + C::dsums_at[i], C::needs[i].dsums};
      case Do::term_gather:
        return {terms_begin + term_totals_at[i], term_totals_at[i + 1] - term_totals_at[i]};
      default:
        return {};
    }
  }

  /// Puts the shards' shares of what a phase gathers together, in shard order. Returns from the first to the last of these totals.
  static TotalsSlice total(bool trains, int phase, std::span<const double> shares, std::size_t shards, std::span<double> whole) {
    TotalsSlice gathered;
    for (const Operation& operation : trains ? training : evaluation) {
      const auto slice = gathered_by(operation);
      if (operation.phase != phase || slice.size == 0) continue;
      gathered = gathered.with(slice);
      const auto merge = operation.what == Do::gather ? C::merge[operation.index] : detail::add;
      const auto sum = detail::part(whole, slice.begin, slice.size);
      std::fill(sum.begin(), sum.end(), 0.0);
      for (std::size_t s = 0; s < shards; ++s) {
        merge(sum, detail::part(shares.subspan(s * whole.size()), slice.begin, slice.size));
      }
    }
    return gathered;
  }

 private:
  static constexpr auto build(bool trains) {
    Operations<layers, terms> operations;
    int phase = 0, delta = 0;
    std::array<int, terms> gathered{};
    const auto put = [&](Do what, std::size_t index, bool gradient = false) {
      operations.add({what, index, phase, delta, gradient});
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
      if (!done_elsewhere(i)) put(Do::forward, i);
      gather_terms(i + 1);
    }
    for (std::size_t k = 0; k < terms; ++k) {
      if (loss[k] && gathers(k)) after(gathered[k]);
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
      if (side_gradient(i + 1)) put(Do::add_side_gradient, i);
      if (C::needs[i].dsums > 0) {
        put(Do::gather_backward, i);
        after(phase);
      }
      if (fusion.folded[i]) continue;
      put(Do::backward, i);
      if (!C::needs[i].in_place) ++delta;
    }
    operations.phases = phase + 1;
    operations.deltas = delta + 1;
    return operations;
  }

 public:
  static constexpr auto training = build(true), evaluation = build(false);
  /// Samples that depend on one another by a total: every shard then keeps its own activations until all have gathered.
  static constexpr bool coupled = training.phases > 1;

  /// Scalars a sample before activation i in a lane. Activation 0 is the batch itself and has no place of its own.
  static constexpr std::array<Index, layers + 1> activation_at = [] {
    std::array<Index, layers + 1> at{};
    Index next = 0;
    for (std::size_t i = 1; i <= layers; ++i) {
      at[i] = fusion.in_place[i - 1] ? at[i - 1] : next;
      if (!fusion.in_place[i - 1]) next += C::shapes[i].size();
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

  /// Scalars a sample before that gradient of activation i.
  static constexpr auto side_at =
      detail::running_total<layers + 1>([](std::size_t i) { return side_gradient(i) ? C::shapes[i].size() : 0; });

  /// Bytes, half of what the second-level cache is assumed to have.
  static constexpr Index cache = Index{512} * 1024;
  /// The weights alone do not fit there.
  static constexpr bool heavy = C::parameter_count * static_cast<Index>(sizeof(typename C::Scalar)) > cache;
  /// A term of the objective may add to the gradient of layer i's parameters: a penalty that looks at what it makes, or at weights.
  static constexpr bool term_adds_to(std::size_t i) {
    for (std::size_t k = 0; k < terms; ++k) {
      if (penalty[k] ? site[k] > 0 && producer(site[k]) == i : !loss[k]) return true;
    }
    return i < Tangents::carriers;
  }
  /// The gradient of layer i's parameters is that of its parameter_gradient() alone: no other layer adds to it, and no term. The
  /// first shard overwrites it.
  static constexpr std::array<bool, layers> overwrites = [] {
    std::array<bool, layers> does{};
    for (std::size_t i = 0; i < layers; ++i) {
      does[i] = C::split_block[i].cols > 0 && !C::frozen[i] && !C::taken_over(i) && !C::is_source(i) && !term_adds_to(i);
    }
    return does;
  }();
  /// Where nearly all parameters are of such layers, and many, the threads make their gradients together once all shards are done:
  /// each some of the parameters, from the whole batch. Adding up what each thread made for all parameters would cost more than the
  /// keeping of every dy.
  static constexpr bool together = [] {
    Index theirs = 0;
    for (std::size_t i = 0; i < layers; ++i) theirs += overwrites[i] ? C::theta_at[i + 1] - C::theta_at[i] : 0;
    return heavy && !coupled && 8 * theirs > 7 * C::parameter_count;
  }();
  /// Where part `part` of `parts` of the parameters begins, which one thread makes the gradient of: layers of `overwrites` are cut
  /// between two columns of their first block.
  static constexpr Index part_begin(Index part, Index parts) {
    const Index even = C::parameter_count * part / parts;
    Index begin = even;
    for (std::size_t i = 0; i < layers; ++i) {
      const Index first = C::theta_at[i], end = C::theta_at[i + 1];
      if (!overwrites[i] || even <= first || end <= even) continue;
      const Block& block = C::split_block[i];
      const Index column = (even - first + block.rows - 1) / block.rows;
      begin = column < block.cols ? first + column * block.rows : end;
    }
    return begin;
  }

  /// Scalars a sample before each buffer of deltas; the last entry is the whole. Two alternate, unless every dy is kept.
  static constexpr auto delta_at = [] {
    constexpr std::size_t count = together ? static_cast<std::size_t>(training.deltas) + 1 : 2;
    std::array<Index, count> sizes{C::widest_output, C::widest_output};
    for (const Operation& operation : training) {
      const auto delta = static_cast<std::size_t>(operation.delta);
      if (operation.what == Do::backward && 2 <= delta && delta < count) sizes[delta] = std::max(sizes[delta], C::shapes[operation.index + 1].size());
    }
    return detail::running_total<count>([&](std::size_t i) { return sizes[i]; });
  }();

  /// Scalars a sample that a lane holds beside the batch itself.
  static constexpr Index per_sample = activations + C::cache_at[layers] + term_cache_at[terms] + delta_at.back() +
                                      C::scratch_per_sample + side_at[layers + 1] + Tangents::per_sample;
};

}  // namespace eigencoder
