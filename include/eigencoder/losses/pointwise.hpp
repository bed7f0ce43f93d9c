// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/objective.hpp"
#include "eigencoder/kernels/elementwise.hpp"

namespace eigencoder {

/// A loss that is a sum over values: f(y, t) gives value and derivative at one. Reduced over features as `reduction` says, over
/// the batch always by the mean: 1/batch is applied here alone. With weights w of the samples, if the loss asks for
/// them, it is Σ_j w_j l_j / batch, where l_j is the loss of sample j. With weights v of the values, f counts v_ij times, and a
/// value of weight 0 is not looked at.
template <class S, bool Gradient, bool Accumulate, class F>
double pointwise_loss(LossPass<S, Gradient, Accumulate> pass, Reduction reduction, F f) {
  const double features = reduction == Reduction::mean ? static_cast<double>(pass.y.rows()) : 1.0;
  const double share = 1.0 / (static_cast<double>(pass.batch) * features);
  const auto sum = [&](Index first, Index columns, double weight, auto loss, const auto*... element_weights) {
    const Index at = first * pass.y.rows();
    return kernels::sum_pointwise<Gradient, Accumulate>(columns * pass.y.rows(), pass.y.data() + at, pass.target.data() + at,
                                                        Gradient ? pass.dy.data() + at : nullptr, pass.weight * share * weight,
                                                        loss, element_weights...);
  };
  const auto sample_weight = [&](Index j) {
    if constexpr (S::needs.sample_weights) return pass.weights != nullptr ? static_cast<double>(pass.weights[j]) : 1.0;
    return 1.0;
  };
  if constexpr (S::needs.element_weights) {
    if (pass.element_weights) {
      const auto counted = [f]<class V>(V y, V t, V v) {
        const auto [value, derivative] = f(y, t);
        return kernels::Pointwise<V>{kernels::where(v > V(0), v * value, V(0)), kernels::where(v > V(0), v * derivative, V(0))};
      };
      double weighted = 0;
      for (Index j = 0; j < pass.y.cols(); ++j) {
        weighted += sample_weight(j) * sum(j, 1, sample_weight(j), counted, pass.element_weights.column(j));
      }
      return share * weighted;
    }
  }
  if constexpr (S::needs.sample_weights) {
    if (pass.weights != nullptr) {
      double weighted = 0;
      for (Index j = 0; j < pass.y.cols(); ++j) {
        weighted += sample_weight(j) * sum(j, 1, sample_weight(j), f);
      }
      return share * weighted;
    }
  }
  return share * sum(0, pass.y.cols(), 1, f);
}

/// The same for a penalty that is a sum over values: f(y) gives value and derivative at one. Summed over the features of a
/// sample (or over the weights), and over the batch the mean.
template <class S, bool Gradient, class F>
double pointwise_penalty(PenaltyPass<S, Gradient> pass, F f) {
  const double share = 1.0 / static_cast<double>(pass.batch);
  return share * kernels::sum_pointwise<Gradient, true>(pass.y.size(), pass.y.data(), pass.y.data(), pass.dy.data(),
                                                        pass.weight * share, [f](auto y, auto) { return f(y); });
}
template <class T, bool Gradient, class F>
double pointwise_penalty(WeightPass<T, Gradient> pass, F f) {
  return kernels::sum_pointwise<Gradient, true>(pass.theta.size(), pass.theta.data(), pass.theta.data(), pass.dtheta.data(),
                                                pass.weight, [f](auto w, auto) { return f(w); });
}

namespace detail {

/// |v|, whose derivative at 0 is taken as 0.
inline constexpr auto absolute = []<class V>(V v) {
  const V sign = kernels::where(v > V(0), V(1), kernels::where(v < V(0), V(-1), V(0)));
  return kernels::Pointwise<V>{kernels::abs(v), sign};
};
/// v²
inline constexpr auto square = []<class V>(V v) { return kernels::Pointwise<V>{v * v, v + v}; };

}  // namespace detail

}  // namespace eigencoder
