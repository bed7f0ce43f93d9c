// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "eigencoder/core/objective.hpp"

namespace eigencoder {

/// Σ_i KL(ρ ‖ ρ̂_i) = Σ_i ρ log(ρ / ρ̂_i) + (1 − ρ) log((1 − ρ) / (1 − ρ̂_i)), with ρ̂_i the mean of unit i of the code over the
/// whole batch and ρ the target.   ∂/∂y_ij = ((1 − ρ) / (1 − ρ̂_i) − ρ / ρ̂_i) / batch
/// The code must come from an activation with a `range`: a Sigmoid, or a Tanh, whose values enter as (1 + y) / 2. Where ρ̂ is
/// nearer than 10⁻⁷ to 0 or 1 the term continues along its tangent, so that a dead unit still has a gradient and nothing
/// overflows. On another layer than the code: on_layer<1>(KLSparsity{.target = 0.05}). The target must be in (0, 1). Throws
/// OptionError, when the trainer is made. Lee, Ekanadham and Ng, 2007; Ng, "Sparse autoencoder", CS294A lecture notes, 2011.
struct KLSparsity {
  double target = 0.05;
  constexpr std::array<Setting, 1> settings() const { return {{{"target", target}}}; }

  static constexpr TermNeeds needs{.sums = [](Shape code) { return code.size(); }, .check = true};

  void check() const {
    if (!(target > 0 && target < 1)) throw OptionError(message("KLSparsity: target must be in (0, 1), found ", target));
  }

  template <class S>
  void gather(PenaltyGather<S> pass) const {
    Eigen::Map<Eigen::VectorXd> sums(pass.sums.data(), pass.y.rows());
    for (Index j = 0; j < pass.y.cols(); ++j) sums += pass.y.col(j).template cast<double>();
  }

  template <class S, bool Gradient>
  double operator()(PenaltyPass<S, Gradient> pass) const {
    using T = typename S::Scalar;
    constexpr Index most = 64;  // units whose slopes are kept while all columns pass
    constexpr Range range = range_of<S>();
    const double batch = static_cast<double>(pass.batch), width = range.high - range.low;
    double value = 0;
    for (Index first = 0; first < pass.y.rows(); first += most) {
      const Index units = std::min(most, pass.y.rows() - first);
      std::array<T, most> slopes;
      for (Index i = 0; i < units; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const auto [divergence, slope] =
            divergence_at((pass.sums[static_cast<std::size_t>(first) + at] / batch - range.low) / width);
        value += divergence;
        slopes[at] = static_cast<T>(pass.weight * slope / (width * batch));
      }
      if constexpr (Gradient) {
        for (Index j = 0; j < pass.dy.cols(); ++j)
          pass.dy.col(j).segment(first, units) += VectorView<const T>(slopes.data(), units);
      }
    }
    return value * static_cast<double>(pass.y.cols()) / batch;  // every shard reports its share
  }

 private:
  struct Divergence {
    double value, slope;
  };
  Divergence divergence_at(double mean) const {
    const double p = std::clamp(mean, 1e-7, 1 - 1e-7), q = 1 - p;
    const double slope = (1 - target) / q - target / p;
    const double value = target * std::log(target / p) + (1 - target) * std::log((1 - target) / q);
    return {value + slope * (mean - p), slope};
  }

  template <class S>
  static constexpr Range range_of() {
    constexpr bool absorbed = Bounded<typename S::Epilogue>, alone = Bounded<typename S::Layer>;
    static_assert(
        absorbed || alone,
        "KLSparsity needs activations that are probabilities, in (0, 1), or have another known range: put a Sigmoid or a "
        "Tanh last in the encoder, or last before the layer's output that it looks at");
    if constexpr (absorbed) {
      return S::Epilogue::range;
    } else if constexpr (alone) {
      return S::Layer::range;
    } else {
      return {};
    }
  }
};

}  // namespace eigencoder
