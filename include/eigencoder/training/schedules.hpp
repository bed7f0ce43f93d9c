// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

#include "eigencoder/training/early_stopping.hpp"

namespace eigencoder {

/// The learning rate of each step: a function of the number of updates that there have been (0 for the first step). Since it
/// depends on nothing else, training that is resumed goes on with the right rate. Made of one of the structs below, whose
/// options are checked here (OptionError), or of any function double(std::uint64_t).
class Schedule {
 public:
  template <class F>
    requires(!std::same_as<F, Schedule>)
  Schedule(F rate) {
    constexpr bool callable = std::is_invocable_r_v<double, const F&, std::uint64_t>;
    static_assert(callable, "a schedule is a function double(std::uint64_t updates), such as CosineDecay{.steps = 1000}; for a "
                            "rate that stays give ConstantRate{1e-3}");
    if constexpr (callable) {
      if constexpr (requires { std::as_const(rate).check(); }) std::as_const(rate).check();
      rate_ = std::move(rate);
    }
  }
  double operator()(std::uint64_t updates) const { return rate_(updates); }

 private:
  std::function<double(std::uint64_t)> rate_;
};

/// η_u = η.
struct ConstantRate {
  double learning_rate = 1e-3;

  double operator()(std::uint64_t) const { return learning_rate; }
  void check() const;
};

/// η_u = η · factor^⌊u / steps⌋. PyTorch: StepLR.
struct StepDecay {
  double learning_rate = 1e-3;
  Index steps = 1;  ///< between two reductions, in updates
  double factor = 0.1;

  double operator()(std::uint64_t) const;
  void check() const;
};

/// η_u = η · factor^(u / steps). Keras: ExponentialDecay; PyTorch: ExponentialLR, whose steps are 1.
struct ExponentialDecay {
  double learning_rate = 1e-3;
  Index steps = 1;  ///< after which the rate is factor times what it was
  double factor = 0.99;

  double operator()(std::uint64_t) const;
  void check() const;
};

/// η_u = minimum + (η − minimum) (1 + cos(π u / steps)) / 2, and the minimum after that. Loshchilov and Hutter, 2017. Keras:
/// CosineDecay; PyTorch: CosineAnnealingLR, which rises again.
struct CosineDecay {
  double learning_rate = 1e-3;
  Index steps = 1;  ///< of the whole training: epochs times ⌈samples / batch_size⌉
  double minimum = 0;

  double operator()(std::uint64_t) const;
  void check() const;
};

/// The same, from the start again after `steps` updates, each time for `growth` times as many. Loshchilov and Hutter, 2017
/// (SGDR). Keras: CosineDecayRestarts; PyTorch: CosineAnnealingWarmRestarts.
struct CosineDecayRestarts {
  double learning_rate = 1e-3;
  Index steps = 1;  ///< of the first descent
  Index growth = 1;
  double minimum = 0;

  double operator()(std::uint64_t) const;
  void check() const;
};

/// Rises in a straight line to the first rate of another schedule, which begins when it is reached:
///   η_u = then(0) · (start_factor + (1 − start_factor) u / steps) for u < steps, then(u − steps) after that.
///   WarmUp{.steps = 500, .then = CosineDecay{.learning_rate = 1e-3, .steps = 10000}}
/// Goyal et al., 2017. PyTorch: LinearLR and another one in SequentialLR.
struct WarmUp {
  Index steps = 1;
  double start_factor = 1.0 / 3;
  Schedule then;

  double operator()(std::uint64_t) const;
  void check() const;
};

/// Rises along half a cosine from η / div_factor to η in the first part of the steps, falls along another to η / (div_factor ·
/// final_div_factor) in the rest, and stays there. Smith and Topin, 2019. PyTorch: OneCycleLR, whose max_lr is learning_rate,
/// and which changes the momentum too.
struct OneCycle {
  double learning_rate = 1e-3;  ///< the highest
  Index steps = 1;              ///< of the whole training: epochs times ⌈samples / batch_size⌉
  double pct_start = 0.3;       ///< the part of the steps that rises
  double div_factor = 25, final_div_factor = 1e4;

  double operator()(std::uint64_t) const;
  void check() const;
};

/// Trains with a schedule: sets the learning rate before each step of a fit.
///   .callbacks = {LearningRate{CosineDecay{.learning_rate = 1e-3, .steps = 10000}}}
/// The count of updates is the trainer's, so a second fit goes on where the first has ended, and the rate that is set at the
/// end of a fit is that of the next step. A rate below 1e-30 counts as that, since an optimizer takes none of 0. Allocates
/// nothing in a step. Throws OptionError. Keras: LearningRateScheduler, or a schedule in place of a number.
struct LearningRate {
  Schedule schedule;
  std::uint64_t start =
      0;  ///< the number of updates at which the schedule begins: trainer.updates() for one of the next fit alone

  operator Callback() const;
};

/// Multiplies the learning rate by a factor whenever the loss has not improved for some epochs: that of validation, or without
/// validation that of training. What it has counted is not in a checkpoint, and begins anew with each fit. Throws OptionError.
/// Keras and PyTorch: ReduceLROnPlateau, patience and cooldown as Keras counts them; PyTorch's patience is one less.
struct ReduceLROnPlateau {
  double factor = 0.1;
  Index patience = 10;      ///< reduce after so many epochs in a row without an improvement
  double min_delta = 1e-4;  ///< an improvement is a loss below the last improvement's by more than this
  Index cooldown = 0;       ///< after a reduction, so many epochs pass before epochs are counted again
  double minimum = 0;       ///< of the rate

  operator Callback() const;
};

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/training/schedules_impl.hpp"
#endif
