// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/optimizers/optimizer.hpp"

namespace eigencoder {

/// Stochastic gradient descent: v ← μ v + g, θ ← θ − η v, or θ ← θ − η (g + μ v) with Nesterov's momentum. As in PyTorch;
/// with a constant η Keras's velocity is this one times −η, and the steps are the same. Sutskever et al., 2013.
struct SGD {
  using InComponent = SGD;
  double learning_rate = 1e-2;
  double momentum = 0;
  bool nesterov = false;

  constexpr std::array<Setting, 3> settings() const {
    return {{{"learning_rate", learning_rate}, {"momentum", momentum}, {"nesterov", nesterov ? 1.0 : 0.0}}};
  }

  static constexpr std::size_t slots = 1;
  static constexpr bool decays = false;

  /// Throws OptionError. T is the model's scalar.
  template <class T = double>
  void check() const {
    detail::require_learning_rate<T>("SGD: learning_rate", learning_rate);
    detail::require_fraction("SGD: momentum", momentum);
    if (nesterov && momentum == 0) throw OptionError("SGD: nesterov needs a momentum above 0, found 0");
  }

  template <class T>
  void operator()(Update<T, slots> update) const {
    const auto rate = static_cast<T>(learning_rate), mu = static_cast<T>(momentum);
    auto v = update.slot(0);
    v = mu * v + update.gradient;
    if (nesterov) {
      update.theta -= rate * (update.gradient + mu * v);
    } else {
      update.theta -= rate * v;
    }
  }
};

}  // namespace eigencoder

