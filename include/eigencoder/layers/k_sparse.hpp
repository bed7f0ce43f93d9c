// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>

#include "eigencoder/core/pass.hpp"
#include "eigencoder/kernels/elementwise.hpp"

namespace eigencoder {

namespace detail {

/// dy where y is not 0, else 0
struct WhereKept {
  using InComponent = WhereKept;
  template <class V>
  V operator()(V dy, V y) const {
    return kernels::where(y == V(0), V(0), dy);
  }
};

}  // namespace detail

/// Keeps the K largest values of every sample and makes the others 0, in training and in predictions: as the last layer of an
/// encoder, a k-sparse autoencoder. Of equal values the first are kept. A NaN counts as the largest, so that it
/// stays. Of a sequence with padding, those of its own steps, or all if they have fewer.   dx = dy where y is not 0, else 0.
/// Makhzani and Frey, 2013.
template <Index K>
struct KSparse {
  static_assert(K > 0, "KSparse<K>: K must be positive");
  static constexpr Mirroring mirroring = Mirroring::follows;

  template <Shape In>
  struct Refusal {
    static_assert(K <= In.size(), "KSparse<K>: K is larger than the sample has values: see K and In above");
  };
  static constexpr bool accepts(Shape in) { return K <= in.size(); }
  static constexpr Shape output(Shape in) { return in; }
  static constexpr Needs needs(Shape in) { return {.scratch = in.size(), .backward_y = true, .in_place = true, .lengths = true}; }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    using T = typename S::Scalar;
    const auto rank = [](T x) { return std::isnan(x) ? std::numeric_limits<T>::infinity() : x; };
    auto* const ranks = pass.scratch.data();
    for (Index j = 0; j < pass.x.cols(); ++j) {
      const Index size = pass.lengths ? pass.lengths.values(j) : pass.x.rows(), kept = std::min(K, size);
      const auto x = pass.x.col(j);
      auto y = pass.y.col(j);
      std::transform(x.data(), x.data() + size, ranks, rank);
      std::nth_element(ranks, ranks + (kept - 1), ranks + size, std::greater<T>());
      const T least = ranks[kept - 1];
      // The K − 1 values before the K-th largest are not less than it. Those of them that are larger are kept; the rest of the K
      // are values equal to it.
      Index equals = kept - std::count_if(ranks, ranks + (kept - 1), [least](T r) { return r > least; });
      for (Index i = 0; i < size; ++i) {
        const T r = rank(x[i]);
        const bool stays = r > least || (r == least && equals-- > 0);
        y[i] = stays ? x[i] : T(0);
      }
    }
  }

  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) {
      kernels::transform(pass.dy.size(), pass.dx.data(), detail::WhereKept{}, pass.dy.data(), pass.y.data());
    }
  }
};

}  // namespace eigencoder
