// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/objective.hpp"
#include "eigencoder/kernels/elementwise.hpp"

namespace eigencoder {

namespace detail {

// What losses and penalties are made of, as functions that kernels can know.

/// |v|, whose derivative at 0 is taken as 0.
struct Absolute {
  using InComponent = Absolute;
  template <class V>
  kernels::Pointwise<V> operator()(V v) const {
    return {kernels::abs(v), kernels::where(v > V(0), V(1), kernels::where(v < V(0), V(-1), V(0)))};
  }
};
inline constexpr Absolute absolute;

/// v²
struct Square {
  using InComponent = Square;
  template <class V>
  kernels::Pointwise<V> operator()(V v) const {
    return {v * v, v + v};
  }
};
inline constexpr Square square;

/// f(y − t)
template <class F>
struct OfDifference {
  using InComponent = kernels::InComponentWith<F, OfDifference>;
  [[no_unique_address]] F f;
  template <class V>
  kernels::Pointwise<V> operator()(V y, V t) const {
    return f(y - t);
  }
};

/// f(y), whatever the target
template <class F>
struct OfValue {
  using InComponent = kernels::InComponentWith<F, OfValue>;
  [[no_unique_address]] F f;
  template <class V>
  kernels::Pointwise<V> operator()(V y, V) const {
    return f(y);
  }
};

/// v f(y, t), and 0 where v is 0, whatever f is there
template <class F>
struct Counted {
  using InComponent = kernels::InComponentWith<F, Counted>;
  [[no_unique_address]] F f;
  template <class V>
  kernels::Pointwise<V> operator()(V y, V t, V v) const {
    const auto [value, derivative] = f(y, t);
    return {kernels::where(v > V(0), v * value, V(0)), kernels::where(v > V(0), v * derivative, V(0))};
  }
};

}  // namespace detail

/// A loss that is a sum over values: f(y, t) gives value and derivative at one. Reduced over features as `reduction` says, over
/// the batch always by the mean: 1/batch is applied here alone. With weights w of the samples, if the loss asks for
/// them, it is Σ_j w_j l_j / batch, where l_j is the loss of sample j. With weights v of the values, f counts v_ij times, and a
/// value of weight 0 is not looked at. Of a sequence with fewer steps, the values of these are its features, and the rest is not
/// looked at.
template <class S, bool Gradient, bool Accumulate, class F>
double pointwise_loss(LossPass<S, Gradient, Accumulate> pass, Reduction reduction, F f) {
  using T = typename S::Scalar;
  const Index rows = pass.y.rows();
  const auto share = [&](Index features) {
    return 1.0 / (static_cast<double>(pass.batch) * (reduction == Reduction::mean ? static_cast<double>(features) : 1.0));
  };
  const auto sum = [&](Index at, Index values, double factor, auto loss, const auto*... element_weights) {
    return factor * kernels::sum_pointwise<Gradient, Accumulate>(values, pass.y.data() + at, pass.target.data() + at,
                                                                 Gradient ? pass.dy.data() + at : nullptr, pass.weight * factor,
                                                                 loss, element_weights...);
  };
  bool alike = true;  // all columns count alike, and wholly
  if constexpr (S::needs.sample_weights) alike = pass.weights == nullptr;
  if constexpr (S::needs.element_weights) alike = alike && !pass.element_weights && !pass.lengths;
  if (alike) return sum(0, pass.y.size(), share(rows), f);

  double total = 0;
  for (Index j = 0; j < pass.y.cols(); ++j) {
    Index values = rows;
    if constexpr (S::needs.element_weights) {
      if (pass.lengths) values = pass.lengths.values(j);
    }
    double factor = share(values);
    if constexpr (S::needs.sample_weights) factor *= pass.weights ? static_cast<double>(pass.weights[j]) : 1.0;
    if constexpr (Gradient && !Accumulate) std::fill(pass.dy.col(j).data() + values, pass.dy.col(j).data() + rows, T(0));
    if constexpr (S::needs.element_weights) {
      if (pass.element_weights) {
        total += sum(j * rows, values, factor, detail::Counted<F>{f}, pass.element_weights.column(j));
        continue;
      }
    }
    total += sum(j * rows, values, factor, f);
  }
  return total;
}

/// The same for a penalty that is a sum over values: f(y) gives value and derivative at one. Summed over the features of a
/// sample (or over the weights), and over the batch the mean.
template <class S, bool Gradient, class F>
double pointwise_penalty(PenaltyPass<S, Gradient> pass, F f) {
  const double share = 1.0 / static_cast<double>(pass.batch);
  return share * kernels::sum_pointwise<Gradient, true>(pass.y.size(), pass.y.data(), pass.y.data(), pass.dy.data(),
                                                        pass.weight * share, detail::OfValue<F>{f});
}
template <class T, bool Gradient, class F>
double pointwise_penalty(WeightPass<T, Gradient> pass, F f) {
  return kernels::sum_pointwise<Gradient, true>(pass.theta.size(), pass.theta.data(), pass.theta.data(), pass.dtheta.data(),
                                                pass.weight, detail::OfValue<F>{f});
}

}  // namespace eigencoder
