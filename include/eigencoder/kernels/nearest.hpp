// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/kernels/gemm.hpp"

namespace eigencoder::kernels {

namespace detail {

/// For each row of the scores, the column of the largest score − half_squares.
template <class T>
struct LargestScores {
  static constexpr bool compiled = CompiledScalar<T>;
  Index rows, cols;
  const T *scores, *half_squares;
  T* largest;
  void run() const {
    using P = Packet<T>;
    constexpr T infinity = std::numeric_limits<T>::infinity();
    for (Index p = 0; p < rows; p += P::size) {
      const Index count = std::min(P::size, rows - p);
      P best(-infinity), at(-1);
      for (Index k = 0; k < cols; ++k) {
        const P score = P::load_first(scores + k * rows + p, count) - P(half_squares[k]);
        const auto better = score > best;
        best = where(better, score, best);
        at = where(better, P(k), at);
      }
      where(best < P(infinity), at, P(-1)).store_first(largest + p, count);
    }
  }
};

}  // namespace detail

/// Which column e_k of E is nearest to each column x_p of X: the k of the largest x_pᵀe_k − ½ ‖e_k‖², the first of several. −1
/// where no finite one is the largest, as of a NaN.   X: D × P   E: D × K   half_squares: K   scores: P × K, to work in
template <class T>
void find_nearest(View<const T> x, View<const T> e, const T* half_squares, T* scores, T* nearest) {
  multiply_transposed<T>(x, e, View<T>(scores, x.cols, e.cols, x.cols));
  launch(detail::LargestScores<T>{x.cols, e.cols, scores, half_squares, nearest});
}

}  // namespace eigencoder::kernels
