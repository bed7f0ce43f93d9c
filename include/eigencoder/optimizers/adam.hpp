// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/optimizers/optimizer.hpp"

namespace eigencoder {

/// Adam. With g the gradient and t the step, counted from 1:
///   m ← β₁ m + (1 − β₁) g      v ← β₂ v + (1 − β₂) g²
///   θ ← θ − η · m̂ / (√v̂ + ε)   m̂ = m / (1 − β₁ᵗ)   v̂ = v / (1 − β₂ᵗ)
/// ε is added to the corrected root, as in the paper's algorithm 1 and in PyTorch, whose defaults these are. (Keras adds
/// ε = 10⁻⁷ to the uncorrected root.) Kingma and Ba, 2015.
struct Adam {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;

  constexpr std::array<Setting, 4> settings() const {
    return {{{"learning_rate", learning_rate}, {"beta1", beta1}, {"beta2", beta2}, {"epsilon", epsilon}}};
  }

  static constexpr std::size_t slots = 2;
  static constexpr bool decays = false;

  /// Throws OptionError. T is the model's scalar, in which the ε that is added to √v must not be 0, also in the first step.
  template <class T = double>
  void check(std::string_view name = "Adam") const {
    detail::require_learning_rate<T>({name, ": learning_rate"}, learning_rate);
    detail::require_fraction({name, ": beta1"}, beta1);
    detail::require_fraction({name, ": beta2"}, beta2);
    detail::require_option(epsilon > 0 && std::isfinite(epsilon), {name, ": epsilon"}, "finite and positive", epsilon);
    detail::require_positive_as<T>({name, ": epsilon · √(1 − beta2)"}, epsilon * std::sqrt(1 - beta2));
  }

  /// The constants of step t, which are the same for all parameters.
  struct Step {
    using InComponent = Step;
    double rate, added, beta1, beta2;

    template <class T>
    void operator()(Update<T, slots> update) const {
      auto m = update.slot(0), v = update.slot(1);
      m = static_cast<T>(beta1) * m + static_cast<T>(1 - beta1) * update.gradient;
      v = static_cast<T>(beta2) * v + static_cast<T>(1 - beta2) * update.gradient.square();
      update.theta -= static_cast<T>(rate) * m / (v.sqrt() + static_cast<T>(added));
    }
  };
  Step at(std::uint64_t step) const {
    const auto t = static_cast<double>(step);
    const double root = std::sqrt(1 - std::pow(beta2, t));  // taken out of √v̂: η m̂ / (√v̂ + ε) = rate · m / (√v + ε root)
    return {learning_rate * root / (1 - std::pow(beta1, t)), epsilon * root, beta1, beta2};
  }

  template <class T>
  void operator()(Update<T, slots> update) const {
    at(update.step)(update);
  }
};

/// Adam with decoupled weight decay: θ ← θ (1 − η λ), then Adam. Biases, and other blocks that a layer marks so, do not decay.
/// λ is PyTorch's default; Keras's is 0.004. Loshchilov and Hutter, 2019.
struct AdamW {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 1e-2;

  constexpr std::array<Setting, 5> settings() const {
    return {{{"learning_rate", learning_rate},
             {"beta1", beta1},
             {"beta2", beta2},
             {"epsilon", epsilon},
             {"weight_decay", weight_decay}}};
  }

  static constexpr std::size_t slots = Adam::slots;

  /// Throws OptionError. T as in Adam.
  template <class T = double>
  void check() const {
    adam().template check<T>("AdamW");
    detail::require_not_negative("AdamW: weight_decay", weight_decay);
  }

  struct Step {
    using InComponent = Step;
    Adam::Step adam;
    double kept;

    template <class T>
    void operator()(Update<T, slots> update) const {
      if (update.decay) update.theta *= static_cast<T>(kept);
      adam(update);
    }
  };
  Step at(std::uint64_t step) const { return {adam().at(step), 1 - learning_rate * weight_decay}; }

  template <class T>
  void operator()(Update<T, slots> update) const {
    at(update.step)(update);
  }

 private:
  constexpr Adam adam() const { return {learning_rate, beta1, beta2, epsilon}; }
};

}  // namespace eigencoder
