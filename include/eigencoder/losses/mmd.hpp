// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "eigencoder/core/objective.hpp"
#include "eigencoder/kernels/draw.hpp"
#include "eigencoder/kernels/gemm.hpp"
#include "eigencoder/kernels/math.hpp"

namespace eigencoder {

namespace kernels {

inline constexpr std::size_t similarity_scales = 7;

/// pairs: inner products aᵀb of codes → factor · k′ in their place. total = Σ k. The squared length of each b follows it.
template <class T>
struct CompareCodes {
  static constexpr bool compiled = CompiledScalar<T>;
  View<T> pairs;
  const T* lengths;  ///< squared, of the a
  View<const T> right;
  std::array<double, similarity_scales> scales;
  double factor;
  bool gaussian;
  double* total;

  void run() const {
    using P = Packet<T>;
    *total = 0;
    for (Index k = 0; k < right.cols; ++k) {
      T* const column = pairs.column(k);
      const P length(right.column(k)[right.rows]);
      P sum(0);
      for (Index i = 0; i < pairs.rows; i += P::size) {
        const Index count = std::min(P::size, pairs.rows - i);
        const P product = P::load_first(column + i, count);
        const P distance = max(multiply_add(P(-2), product, P::load_first(lengths + i, count) + length), P(0));
        P value(0), slope(0);
        for (const double scale : scales) {
          const P alike = gaussian ? exp(distance * P(-1 / scale)) : P(scale) / (P(scale) + distance);
          value = value + alike;
          slope = multiply_add(gaussian ? alike : alike * alike, P(-1 / scale), slope);
        }
        (P(factor) * slope).store_first(column + i, count);
        sum = sum + value.first(count);
      }
      *total += static_cast<double>(sum.sum());
    }
  }
};

}  // namespace kernels

/// How alike two codes at the squared distance d are, at a scale C.
enum class Similarity {
  inverse_multiquadratic,  ///< C / (C + d): still has a slope far away
  gaussian                 ///< e^(−d / C)
};

/// How far the codes q of a batch are from as many draws p of the prior N(0, σ² I): the squared maximum mean discrepancy
///   1/(B (B − 1)) Σ_{i≠j} (k(q_i, q_j) + k(p_i, p_j)) − 2/B² Σ_ij k(q_i, p_j)
///   ∂/∂q_i = 4/(B (B − 1)) Σ_{j≠i} k′ (q_i − q_j) − 4/B² Σ_j k′ (q_i − p_j)
/// with k(a, b) the sum of the similarity at ‖a − b‖² over the scales C = 2 Z σ² · {0.1, 0.2, 0.5, 1, 2, 5, 10}, and k′ its
/// derivative in the squared distance.
/// Added to a reconstruction loss, a Wasserstein autoencoder: codes drawn from the prior then decode to new samples.
///   MeanSquaredError{Reduction::sum} + 10.0 * MaximumMeanDiscrepancy{}
/// Unbiased: 0 on average where the codes are distributed as the prior is, and so below 0 at times. It compares samples of the
/// whole batch, on any number of threads; a batch of one has no pairs, and the value 0. Draws are new in every step.
/// σ, `deviation`, must be finite and positive. Throws OptionError.
/// Gretton et al., "A kernel two-sample test", 2012; Tolstikhin et al., "Wasserstein auto-encoders", 2018.
struct MaximumMeanDiscrepancy {
  Similarity similarity = Similarity::inverse_multiquadratic;
  double deviation = 1;
  constexpr std::array<Setting, 2> settings() const {
    return {{{"similarity", static_cast<double>(similarity)}, {"deviation", deviation}}};
  }

  /// Shared are, of every column, the code, its squared length, a draw, its squared length.
  static constexpr TermNeeds needs{.shared = [](Shape code) { return 2 * (code.size() + 1); }, .check = true};

  void check() const {
    if (!(deviation > 0 && std::isfinite(deviation))) {
      throw OptionError(message("MaximumMeanDiscrepancy: deviation must be finite and positive, found ", deviation));
    }
  }

  template <class S>
  void gather(PenaltyGather<S> pass) const {
    const Index latent = pass.y.rows();
    auto& shared = pass.shared;
    for (Index j = 0; j < pass.y.cols(); ++j) {
      auto code = shared.col(j).head(latent), draw = shared.col(j).segment(latent + 1, latent);
      code = pass.y.col(j);
      kernels::transform_draws<kernels::Normal>(pass.random, j, latent, draw.data(), kernels::Scaled{deviation});
      shared(latent, j) = code.squaredNorm();
      shared(2 * latent + 1, j) = draw.squaredNorm();
    }
  }

  template <class S, bool Gradient>
  double operator()(PenaltyPass<S, Gradient> pass) const {
    using T = typename S::Scalar;
    if (pass.batch < 2) return 0;
    const Index latent = pass.y.rows(), stride = pass.shared.rows(), first = pass.first, mine = pass.y.cols();
    const kernels::View<const T> codes(pass.shared.data(), latent, pass.batch, stride),
        draws(codes.data + latent + 1, latent, pass.batch, stride);
    const auto own = [&](kernels::View<const T> all) {
      return kernels::View<const T>(all.column(first), latent, mine, stride);
    };
    T* dy = nullptr;
    if constexpr (Gradient) dy = pass.dy.data();

    const double batch = static_cast<double>(pass.batch), within = 1 / (batch * (batch - 1)), across = 2 / (batch * batch);
    return within * compare<false, T>(own(draws), draws, first, 0, nullptr) +
           within * compare<Gradient>(own(codes), codes, first, 4 * within * pass.weight, dy) -
           across * compare<Gradient>(own(codes), draws, apart, -2 * across * pass.weight, dy);
  }

 private:
  static constexpr Index block = 64, apart = std::numeric_limits<Index>::max() / 2;  ///< apart: no column of b is one of a

  std::array<double, kernels::similarity_scales> scales(Index latent) const {
    std::array<double, kernels::similarity_scales> all{0.1, 0.2, 0.5, 1, 2, 5, 10};
    for (double& scale : all) scale *= 2 * static_cast<double>(latent) * deviation * deviation;
    return all;
  }

  /// Σ_ij k(a_i, b_j), and scale · Σ_j k′ (a_i − b_j) added to da, for columns that their squared lengths follow. Column i of a
  /// is column `same` + i of b, and is not compared with itself.
  template <bool Gradient, class T>
  double compare(kernels::View<const T> a, kernels::View<const T> b, Index same, double scale, T* da) const {
    const auto all_scales = scales(a.rows);
    alignas(64) T pairs[block * block], lengths[block], sums[block];
    double value = 0;
    for (Index i = 0; i < a.cols; i += block) {
      const kernels::View<const T> left(a.column(i), a.rows, std::min(block, a.cols - i), a.stride);
      for (Index k = 0; k < left.cols; ++k) lengths[k] = left.column(k)[a.rows];
      std::fill_n(sums, block, T(0));
      for (Index j = 0; j < b.cols; j += block) {
        const kernels::View<const T> right(b.column(j), b.rows, std::min(block, b.cols - j), b.stride);
        const kernels::View<T> slopes(pairs, left.cols, right.cols, block);
        kernels::multiply_transposed<T>(left, right, slopes);
        for (Index k = 0; k < left.cols; ++k) {
          const Index self = same + i + k - j;
          if (0 <= self && self < right.cols) slopes.column(self)[k] = -std::numeric_limits<T>::infinity();  // infinitely far
        }
        double similarities = 0;
        kernels::launch(kernels::CompareCodes<T>{.pairs = slopes,
                                                 .lengths = lengths,
                                                 .right = right,
                                                 .scales = all_scales,
                                                 .factor = -scale,
                                                 .gaussian = similarity == Similarity::gaussian,
                                                 .total = &similarities});
        value += similarities;
        if constexpr (Gradient) {
          const kernels::View<const T> weights(pairs, left.cols, right.cols, block);
          kernels::add_columns<T>(weights, sums);
          kernels::add_multiply_transposed<T>(right, weights, kernels::View<T>(da + i * a.rows, a.rows, left.cols, a.rows));
        }
      }
      if constexpr (Gradient) {
        for (Index k = 0; k < left.cols; ++k) {
          VectorView<T>(da + (i + k) * a.rows, a.rows) -= sums[k] * VectorView<const T>(left.column(k), a.rows);
        }
      }
    }
    return value;
  }
};

}  // namespace eigencoder
