// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>

#include "eigencoder/layers/sparse_dense.hpp"

namespace eigencoder {

namespace detail {

/// A row of weights for each of so many outputs, as a column: it lies in one piece. And a bias.
template <Index Items, auto... Options>
constexpr auto item_blocks(Index inputs) {
  const Block weight{.name = "weight",
                     .rows = inputs,
                     .cols = Items,
                     .init = option_or<Init, Options...>(Init::glorot_uniform),
                     .fan_in = inputs,
                     .fan_out = Items,
                     .axes = {{{BlockAxis::in, inputs}, {BlockAxis::out, Items}}}};
  if constexpr (option_or<Bias, Options...>(Bias::added) == Bias::added) {
    return std::array{weight, Block{.name = "bias", .rows = Items, .decay = false}};
  } else {
    return std::array{weight};
  }
}

}  // namespace detail

/// Of Items outputs of a Dense layer those alone that an earlier SparseDense has read: y_k = W(:, i_k)ᵀ x + b(i_k).
/// x: n × B   y: sequence(K, 1), one value for each entry of the sample, in their order; zeros behind them
/// W: n × Items, one column an output   b: Items
/// dW(:, i_k) += dy_k x   db(i_k) += dy_k   dx = Σ_k dy_k W(:, i_k)
/// Position is that of the SparseDense, whose input has K steps: negative, it counts back from this layer, −2 with an
/// activation between the two. With `lengths` and targets of K values, a loss counts what is observed and nothing else. An
/// entry of value 0 adds nothing to the code, and is answered: so is asked for what is not observed. Time grows with the
/// entries, not with Items. All outputs at once: an AllDense with the same blocks. Options: Bias::added (default) or
/// Bias::none; an Init for W (default Init::glorot_uniform).
template <Index Entries, Index Items, Index Position, auto... Options>
struct ObservedDense {
  static_assert(Entries > 0 && Items > 0, "ObservedDense<Entries, Items, Position>: Entries and Items must be positive");
  static_assert(((OptionOf<Options, Bias> || OptionOf<Options, Init>)&&...),
                "ObservedDense<Entries, Items, Position, Options...>: an option is a Bias or an Init");
  static constexpr bool biased = option_or<Bias, Options...>(Bias::added) == Bias::added;

  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape) { return sequence(Entries, 1); }
  static constexpr Needs needs(Shape) { return {.backward_x = true, .link = Position}; }
  static constexpr auto parameters(Shape in) { return detail::item_blocks<Items, Options...>(in.size()); }
  template <class Source>
  static constexpr bool links(Shape) {
    if constexpr (requires { Source::Layer::whole_every, Source::Layer::items; }) {
      return Source::Layer::items == Items && Source::in == sequence(Entries, 2);
    }
    return false;
  }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    using T = typename S::Scalar;
    const T* bias = nullptr;
    if constexpr (biased) bias = std::get<1>(pass.theta).data();
    for (Index j = 0; j < pass.x.cols(); ++j) {
      const kernels::Entries<T> entries = observed<S>(pass.source, j);
      kernels::answer_entries<T>(std::get<0>(pass.theta), bias, entries, pass.x.col(j).data(), pass.y.col(j).data());
      pass.y.col(j).tail(Entries - entries.count).setZero();
    }
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    using T = typename S::Scalar;
    for (Index j = 0; j < pass.dy.cols(); ++j) {
      kernels::Entries<T> entries = observed<S>(pass.source, j);
      entries.values = pass.dy.col(j).data();
      kernels::add_outer<T>(entries, pass.x.col(j).data(), std::get<0>(pass.dtheta));
      if constexpr (biased) {
        for (Index k = 0; k < entries.count; ++k) std::get<1>(pass.dtheta)[entries.column(k, Items)] += entries.value(k);
      }
      if constexpr (InputGradient) {
        pass.dx.col(j).setZero();
        kernels::add_entries<T>(std::get<0>(pass.theta), entries, pass.dx.col(j).data());
      }
    }
  }

 private:
  template <class S>
  static kernels::Entries<typename S::Scalar> observed(const SourceView<S>& source, Index j) {
    return S::Source::Layer::template entries<typename S::Scalar>(source.cache.col(j).data(), Entries);
  }
};

/// All Items outputs of an ObservedDense, of the same blocks: y = Wᵀ x + b.
/// x: n × B   y: Items × B   W: n × Items, one column an output   b: Items   dW += x dyᵀ   db += dy 1   dx = W dy
/// It scores all items with what an ObservedDense has learned: a second network that ends in it takes the parameters over by
/// set_layers. Options: Bias::added (default) or Bias::none; an Init for W (default Init::glorot_uniform).
template <Index Items, auto... Options>
struct AllDense {
  static_assert(Items > 0, "AllDense<Items>: Items must be positive");
  static_assert(((OptionOf<Options, Bias> || OptionOf<Options, Init>)&&...),
                "AllDense<Items, Options...>: an option is a Bias or an Init");
  static constexpr bool biased = option_or<Bias, Options...>(Bias::added) == Bias::added;

  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape) { return features(Items); }
  static constexpr Needs needs(Shape) { return {.backward_x = true, .epilogue = true}; }
  static constexpr auto parameters(Shape in) { return detail::item_blocks<Items, Options...>(in.size()); }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    using T = typename S::Scalar;
    const T* bias = nullptr;
    if constexpr (biased) bias = std::get<1>(pass.theta).data();
    kernels::multiply_transposed<T>(std::get<0>(pass.theta), pass.x, pass.y, bias, pass.epilogue);
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    using T = typename S::Scalar;
    kernels::add_multiply_transposed<T>(pass.x, pass.dy, std::get<0>(pass.dtheta));
    if constexpr (biased) kernels::add_columns<T>(pass.dy, std::get<1>(pass.dtheta).data());
    if constexpr (InputGradient) kernels::multiply<T>(std::get<0>(pass.theta), pass.dy, pass.dx);
  }
};

}  // namespace eigencoder
