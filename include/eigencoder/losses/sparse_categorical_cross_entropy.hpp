// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "eigencoder/losses/categorical_cross_entropy.hpp"

namespace eigencoder {

namespace detail {

/// Says in a message both how many class weights there are and how many there should be.
template <Index ClassWeights, Index Channels>
struct ClassWeightsOfChannels {
  static_assert(
      ClassWeights == 0 || ClassWeights == Channels,
      "class weights must be as many as the channels of the network's output: see ClassWeightsOfChannels<ClassWeights, "
      "Channels>");
};

/// What both forms hold and say: the weights of the classes, and how a target is read.
template <Index Classes>
struct WeightsOfClasses {
  using Array = std::array<double, static_cast<std::size_t>(Classes)>;

  /// Throws OptionError unless they are finite and not negative, and one of them is positive.
  static void check(const Array& weights) {
    if constexpr (Classes > 0) {
      for (std::size_t k = 0; k < weights.size(); ++k) {
        if (!(weights[k] >= 0 && std::isfinite(weights[k]))) {
          throw OptionError(message("SparseCategoricalCrossEntropy: class_weights must be finite and not negative, found ",
                                    weights[k], " of class ", k));
        }
      }
      if (*std::max_element(weights.begin(), weights.end()) == 0) {
        throw OptionError("SparseCategoricalCrossEntropy: expected a class weight above 0, found none; no place would count");
      }
    }
  }
  static constexpr auto settings(Reduction reduction, const Array& weights) {
    std::array<Setting, static_cast<std::size_t>(Classes) + 1> all{Setting{"reduction", static_cast<double>(reduction)}};
    for (std::size_t k = 0; k < weights.size(); ++k) all[k + 1] = {"class_weight", weights[k]};
    return all;
  }

  template <class Pass>
  static auto targets(Pass& pass, Index j, const Array& weights) {
    using T = typename Pass::T;
    return kernels::ClassTargets<T>{.numbers = pass.target.data() + j * pass.target.rows(),
                                    .channels = pass.channels,
                                    .class_weights = Classes > 0 ? weights.data() : nullptr,
                                    .place_weights = pass.element_weights ? pass.element_weights.column(j) : nullptr};
  }
};

}  // namespace detail

/// SparseCategoricalCrossEntropy of the softmax of logits z over the channels of a place, of which k is the right one:
/// w_k (log Σ_c e^(z_c) − z_k)   ∂/∂z_c = w_k (p_c − [c = k]), with p the softmax of z   z: F × B, k: F / channels × B.
template <Index Classes = 0>
struct SparseCategoricalCrossEntropyOnLogits {
  static constexpr TermNeeds needs{
      .sample_weights = true, .element_weights = true, .check = true, .class_numbers = true, .demands = true};
  Reduction reduction = Reduction::mean;
  std::array<double, static_cast<std::size_t>(Classes)> class_weights{};  ///< w of every class; Classes = 0: all are 1
  constexpr auto settings() const { return detail::WeightsOfClasses<Classes>::settings(reduction, class_weights); }
  void check() const { detail::WeightsOfClasses<Classes>::check(class_weights); }

  template <class Chain>
  struct Demands : detail::ClassWeightsOfChannels<Classes, Chain::output.channels> {
    static_assert(!detail::ends_in_softmax<Chain>(),
                  "SparseCategoricalCrossEntropyOnLogits takes logits, and this network's Softmax has made probabilities of "
                  "them: take SparseCategoricalCrossEntropy, which works on the Softmax's input by itself");
  };

  template <class S, bool Gradient, bool Accumulate>
  double operator()(LossPass<S, Gradient, Accumulate> pass) const {
    return detail::loss_of_places(pass, reduction, [&](Index j, Index places, double scale) {
      const Index at = j * pass.y.rows();
      return kernels::softmax_cross_entropy<Gradient, Accumulate>(
          pass.channels, places, pass.y.data() + at, pass.dy.data() + at, scale,
          detail::WeightsOfClasses<Classes>::targets(pass, j, class_weights));
    });
  }
};
SparseCategoricalCrossEntropyOnLogits(Reduction)->SparseCategoricalCrossEntropyOnLogits<>;

/// −w_k log y_k for the probabilities y of a place and the number k of its class: a target has one number for every place of y,
/// from 0 to channels − 1, or −1 where the class is unknown. Such a place is not looked at.
///   SparseCategoricalCrossEntropy<3>{.class_weights = {0.2, 1, 1}}
/// ∂/∂y_k = −w_k / y_k   y: F × B, k: F / channels × B. `reduction` is over places: mean divides by the number of places of a
/// sample, unknown ones and weights apart; over the batch it is the mean. The network must end in a Softmax, and trains on its
/// logits, through SparseCategoricalCrossEntropyOnLogits; elsewhere y is clamped as in CategoricalCrossEntropy. A trainer
/// throws OptionError for other targets, and for weights of classes that are negative or not finite, or all 0.
template <Index Classes = 0>
struct SparseCategoricalCrossEntropy {
  static_assert(Classes >= 0, "SparseCategoricalCrossEntropy<Classes>: a number of class weights, or 0 for none");
  static constexpr TermNeeds needs{.sample_weights = true,
                                   .element_weights = true,
                                   .check = true,
                                   .on_logits = Logits::softmax,
                                   .class_numbers = true,
                                   .demands = true};
  Reduction reduction = Reduction::mean;
  std::array<double, static_cast<std::size_t>(Classes)> class_weights{};  ///< w of every class; Classes = 0: all are 1
  constexpr auto settings() const { return detail::WeightsOfClasses<Classes>::settings(reduction, class_weights); }
  void check() const { detail::WeightsOfClasses<Classes>::check(class_weights); }

  template <class Chain>
  struct Demands : detail::ClassWeightsOfChannels<Classes, Chain::output.channels> {
    static_assert(
        detail::ends_in_softmax<Chain>(),
        "SparseCategoricalCrossEntropy needs a network whose channels are probabilities that add up to 1: end it with "
        "a Softmax, or take SparseCategoricalCrossEntropyOnLogits");
  };

  constexpr SparseCategoricalCrossEntropyOnLogits<Classes> on_logits() const { return {reduction, class_weights}; }

  template <class S, bool Gradient, bool Accumulate>
  double operator()(LossPass<S, Gradient, Accumulate> pass) const {
    using T = typename S::Scalar;
    return detail::loss_of_places(pass, reduction, [&](Index j, Index places, double scale) {
      const auto targets = detail::WeightsOfClasses<Classes>::targets(pass, j, class_weights);
      double total = 0;
      for (Index place = 0; place < places; ++place) {
        const Index at = j * pass.y.rows() + place * pass.channels;
        if constexpr (Gradient && !Accumulate) std::fill_n(pass.dy.data() + at, pass.channels, T(0));
        const T weight = targets.weight(place);
        if (weight == T(0)) continue;
        const Index k = at + (weight == weight ? static_cast<Index>(targets.numbers[place]) : 0);
        constexpr T least = static_cast<T>(1e-7), most = static_cast<T>(1 - 1e-7);
        const T y = pass.y.data()[k], p = kernels::min(kernels::max(y, least), most);
        total -= static_cast<double>(weight * kernels::log(p));
        if constexpr (Gradient) {
          if (p == y) pass.dy.data()[k] -= static_cast<T>(scale) * weight / p;
        }
      }
      return total;
    });
  }
};
SparseCategoricalCrossEntropy(Reduction)->SparseCategoricalCrossEntropy<>;

}  // namespace eigencoder
