// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>

#include "eigencoder/kernels/gemm.hpp"
#include "eigencoder/kernels/sparse.hpp"
#include "eigencoder/layers/dropout.hpp"

namespace eigencoder {

/// A Dense layer on a sparse vector of Items values, given by its entries: y = b + Σ_k W(:, i_k) v_k.
/// x: sequence(K, 2), in each step the number i_k of a value, a whole number 0 … Items − 1, and that value v_k
/// y: Units × B   W: Units × Items   b: Units   dW(:, i_k) += v_k dy   db += dy
/// A sample with fewer entries than K has fewer steps, as `lengths` say. The order of entries does not matter; entries of the
/// same number add up. Time and memory of a sample grow with its entries, not with Items. There is no dx: nothing before this
/// layer may be trained. A trainer refuses numbers that are none of 0 … Items − 1; in a prediction fractions are cut off,
/// and what lies outside is the first or the last. W and b are the blocks of a Dense<Units> on features(Items), with which
/// set_layers exchanges them. Options: Bias::added (default) or Bias::none; an Init for W (default Init::glorot_uniform).
/// SparseDense<Items, Units>{Dropout{0.5}} leaves out each entry in training, as a Dropout before that Dense would.
template <Index Items, Index Units, auto... Options>
struct SparseDense {
  static_assert(Items > 0 && Units > 0, "SparseDense<Items, Units>: both must be positive");
  static_assert(((OptionOf<Options, Bias> || OptionOf<Options, Init>)&&...),
                "SparseDense<Items, Units, Options...>: an option is a Bias or an Init");
  static constexpr bool biased = option_or<Bias, Options...>(Bias::added) == Bias::added;
  static constexpr Index items = Items;
  static constexpr Range whole_inputs{0, static_cast<double>(Items - 1)};
  static constexpr Index whole_every = 2;  // a number and a value

  double dropout = 0;

  constexpr SparseDense() = default;
  constexpr explicit SparseDense(const Dropout& dropped) : dropout(dropped.rate) {}
  constexpr std::array<Setting, 1> settings() const { return {{{"dropout", dropout, true}}}; }

  static constexpr bool accepts(Shape in) { return in.channels == 2 && in.height == 1; }
  template <Shape In>
  struct Refusal {
    static_assert(accepts(In), "SparseDense reads pairs of a number and a value: its input is sequence(entries, 2)");
  };
  static constexpr Shape output(Shape) { return features(Units); }
  static constexpr Needs needs(Shape in) { return {.cache = 2 * in.width + 1, .lengths = true}; }
  static constexpr auto parameters(Shape) {
    constexpr Block weight{
        .name = "weight", .rows = Units, .cols = Items, .init = option_or<Init, Options...>(Init::glorot_uniform)};
    if constexpr (biased) {
      return std::array{weight, Block{.name = "bias", .rows = Units, .decay = false}};
    } else {
      return std::array{weight};
    }
  }

  /// The entries of a sample as forward has used them, from a column of its cache: pairs, and last their number.
  template <class T>
  static kernels::Entries<T> entries(const T* cache, Index most) {
    return {cache, static_cast<Index>(cache[2 * most])};
  }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    using T = typename S::Scalar;
    static_assert(Items - 1 <= kernels::exact_whole<T>,
                  "SparseDense<Items, Units>: so many numbers cannot be told apart by this scalar");
    constexpr Index most = S::in.width;
    for (Index j = 0; j < pass.x.cols(); ++j) {
      kernels::Entries<T> read{pass.x.col(j).data(), pass.lengths ? pass.lengths[j] : most};
      if constexpr (Forward<S, M>::keeps_cache) {
        T* const kept = pass.cache.col(j).data();
        std::copy_n(read.pairs, 2 * read.count, kept);
        kept[2 * most] = static_cast<T>(read.count);
        if (M == Mode::train && dropout > 0) {  // by the number, so that entries of the same one stay or go together
          const T factor = static_cast<T>(1 / (1 - dropout));
          for (Index k = 0; k < read.count; ++k) {
            kept[2 * k + 1] *= pass.random.uniform(j, read.column(k, Items)) < dropout ? T(0) : factor;
          }
        }
        read.pairs = kept;
      }
      if constexpr (biased) {
        pass.y.col(j) = std::get<1>(pass.theta);
      } else {
        pass.y.col(j).setZero();
      }
      kernels::add_entries<T>(std::get<0>(pass.theta), read, pass.y.col(j).data());
    }
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    static_assert(!InputGradient, "the numbers that SparseDense reads have no gradient: no layer before it can be trained");
    using T = typename S::Scalar;
    for (Index j = 0; j < pass.dy.cols(); ++j) {
      kernels::add_outer<T>(entries<T>(pass.cache.col(j).data(), S::in.width), pass.dy.col(j).data(), std::get<0>(pass.dtheta));
    }
    if constexpr (biased) kernels::add_columns<T>(pass.dy, std::get<1>(pass.dtheta).data());
  }
};

}  // namespace eigencoder
