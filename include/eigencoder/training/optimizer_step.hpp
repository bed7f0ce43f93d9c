// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/engine/arena.hpp"
#include "eigencoder/optimizers/optimizer.hpp"

// What an optimizer does in one step, without its type: so the Updater is the same for all of them.
namespace eigencoder {

/// Some parameters in a row with their gradient, ready for the optimizer.
template <class T>
struct Stretch {
  T *theta, *gradient;
  T* slots;               ///< of the optimizer's first vector
  std::size_t next_slot;  ///< scalars from there to those of the next vector
  Index count;
  bool decay;
};

/// The stretches of some parameters, one after the other.
template <class T>
class Stretches {
 public:
  /// Goes on to the next. Returns null when there are no more.
  virtual const Stretch<T>* next() = 0;

 protected:
  ~Stretches() = default;
};

template <class T>
class AnyOptimizerStep {
 public:
  /// Updates all those stretches, at `factor` times the learning rate.
  virtual void update(Stretches<T>& stretches, double factor) const = 0;

 protected:
  ~AnyOptimizerStep() = default;
};

/// Step t of an optimizer: 1, 2, 3, …
template <class T, Optimizer Opt>
class OptimizerStep final : public AnyOptimizerStep<T> {
 public:
  OptimizerStep(const Opt& optimizer, std::uint64_t t) : optimizer_(optimizer), t_(t), rule_(detail::at_step(optimizer, t)) {}

  void update(Stretches<T>& stretches, double factor) const override {
    run(factor == 1 ? rule_ : detail::at_step(detail::scaled(optimizer_, factor), t_), stretches);
  }

 private:
  using Rule = decltype(detail::at_step(std::declval<const Opt&>(), 1));

  void run(const Rule& rule, Stretches<T>& stretches) const {
    while (const Stretch<T>* const stretch = stretches.next()) {
      std::array<T*, Opt::slots> slots;
      for (std::size_t k = 0; k < Opt::slots; ++k) slots[k] = stretch->slots + k * stretch->next_slot;
      kernels::launch(detail::UpdateStretch<T, Opt::slots, Rule>{rule, stretch->theta, stretch->gradient, stretch->count, slots, t_,
                                                                 stretch->decay});
    }
  }

  Opt optimizer_;
  std::uint64_t t_;
  Rule rule_;
};

}  // namespace eigencoder
