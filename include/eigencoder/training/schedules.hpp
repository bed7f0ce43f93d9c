// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <numbers>
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

namespace detail {

/// Throws OptionError unless `fine`.
inline void require_schedule(bool fine, const char* option, const char* expected, double found) {
  if (!fine) throw OptionError(message(option, " must be ", expected, ", found ", found));
}
inline void require_rate(const char* option, double rate) {
  require_schedule(rate > 0 && std::isfinite(rate), option, "finite and positive", rate);
}
inline void require_minimum(const char* option, double minimum, double rate) {
  require_schedule(minimum >= 0 && minimum <= rate, option, "from 0 to learning_rate", minimum);
}
inline void require_steps(const char* option, Index steps) {
  require_schedule(steps >= 1, option, "at least 1", static_cast<double>(steps));
}
inline void require_factor(const char* option, double factor) {
  require_schedule(factor > 0 && factor <= 1, option, "above 0 and at most 1", factor);
}

/// Half a cosine, from one value at part = 0 to the other at part = 1.
inline double cosine(double from, double to, double part) {
  return to + (from - to) * (1 + std::cos(std::numbers::pi * part)) / 2;
}

/// An optimizer takes no rate of 0, which a schedule may end at: a rate with which no parameter moves.
inline constexpr double least_rate = 1e-30;

}  // namespace detail

/// η_u = η.
struct ConstantRate {
  double learning_rate = 1e-3;

  double operator()(std::uint64_t) const { return learning_rate; }
  void check() const { detail::require_rate("ConstantRate: learning_rate", learning_rate); }
};

/// η_u = η · factor^⌊u / steps⌋. PyTorch: StepLR.
struct StepDecay {
  double learning_rate = 1e-3;
  Index steps = 1;  ///< between two reductions, in updates
  double factor = 0.1;

  double operator()(std::uint64_t updates) const {
    return learning_rate * std::pow(factor, static_cast<double>(updates / static_cast<std::uint64_t>(steps)));
  }
  void check() const {
    detail::require_rate("StepDecay: learning_rate", learning_rate);
    detail::require_steps("StepDecay: steps", steps);
    detail::require_factor("StepDecay: factor", factor);
  }
};

/// η_u = η · factor^(u / steps). Keras: ExponentialDecay; PyTorch: ExponentialLR, whose steps are 1.
struct ExponentialDecay {
  double learning_rate = 1e-3;
  Index steps = 1;  ///< after which the rate is factor times what it was
  double factor = 0.99;

  double operator()(std::uint64_t updates) const {
    return learning_rate * std::pow(factor, static_cast<double>(updates) / static_cast<double>(steps));
  }
  void check() const {
    detail::require_rate("ExponentialDecay: learning_rate", learning_rate);
    detail::require_steps("ExponentialDecay: steps", steps);
    detail::require_factor("ExponentialDecay: factor", factor);
  }
};

/// η_u = minimum + (η − minimum) (1 + cos(π u / steps)) / 2, and the minimum after that. Loshchilov and Hutter, 2017. Keras:
/// CosineDecay; PyTorch: CosineAnnealingLR, which rises again.
struct CosineDecay {
  double learning_rate = 1e-3;
  Index steps = 1;  ///< of the whole training: epochs times ⌈samples / batch_size⌉
  double minimum = 0;

  double operator()(std::uint64_t updates) const {
    const double part = static_cast<double>(updates) / static_cast<double>(steps);
    return part < 1 ? detail::cosine(learning_rate, minimum, part) : minimum;
  }
  void check() const {
    detail::require_rate("CosineDecay: learning_rate", learning_rate);
    detail::require_steps("CosineDecay: steps", steps);
    detail::require_minimum("CosineDecay: minimum", minimum, learning_rate);
  }
};

/// The same, from the start again after `steps` updates, each time for `growth` times as many. Loshchilov and Hutter, 2017
/// (SGDR). Keras: CosineDecayRestarts; PyTorch: CosineAnnealingWarmRestarts.
struct CosineDecayRestarts {
  double learning_rate = 1e-3;
  Index steps = 1;  ///< of the first descent
  Index growth = 1;
  double minimum = 0;

  double operator()(std::uint64_t updates) const {
    auto at = static_cast<double>(updates), period = static_cast<double>(steps);
    if (growth == 1) at = std::fmod(at, period);
    for (; at >= period; period *= static_cast<double>(growth)) at -= period;
    return detail::cosine(learning_rate, minimum, at / period);
  }
  void check() const {
    detail::require_rate("CosineDecayRestarts: learning_rate", learning_rate);
    detail::require_steps("CosineDecayRestarts: steps", steps);
    detail::require_steps("CosineDecayRestarts: growth", growth);
    detail::require_minimum("CosineDecayRestarts: minimum", minimum, learning_rate);
  }
};

/// Rises in a straight line to the first rate of another schedule, which begins when it is reached:
///   η_u = then(0) · (start_factor + (1 − start_factor) u / steps) for u < steps, then(u − steps) after that.
///   WarmUp{.steps = 500, .then = CosineDecay{.learning_rate = 1e-3, .steps = 10000}}
/// Goyal et al., 2017. PyTorch: LinearLR and another one in SequentialLR.
struct WarmUp {
  Index steps = 1;
  double start_factor = 1.0 / 3;
  Schedule then;

  double operator()(std::uint64_t updates) const {
    const auto length = static_cast<std::uint64_t>(steps);
    if (updates >= length) return then(updates - length);
    return then(0) * (start_factor + (1 - start_factor) * static_cast<double>(updates) / static_cast<double>(steps));
  }
  void check() const {
    detail::require_steps("WarmUp: steps", steps);
    detail::require_factor("WarmUp: start_factor", start_factor);
  }
};

/// Rises along half a cosine from η / div_factor to η in the first part of the steps, falls along another to η / (div_factor ·
/// final_div_factor) in the rest, and stays there. Smith and Topin, 2019. PyTorch: OneCycleLR, whose max_lr is learning_rate,
/// and which changes the momentum too.
struct OneCycle {
  double learning_rate = 1e-3;  ///< the highest
  Index steps = 1;              ///< of the whole training: epochs times ⌈samples / batch_size⌉
  double pct_start = 0.3;       ///< the part of the steps that rises
  double div_factor = 25, final_div_factor = 1e4;

  double operator()(std::uint64_t updates) const {
    const double first = learning_rate / div_factor, last = first / final_div_factor;
    const double at = static_cast<double>(updates), end = static_cast<double>(steps) - 1;
    const double top = std::max(pct_start * static_cast<double>(steps) - 1, 0.0);  // where it is at its highest
    if (at < top) return detail::cosine(first, learning_rate, at / top);
    return at < end ? detail::cosine(learning_rate, last, (at - top) / (end - top)) : last;
  }
  void check() const {
    detail::require_rate("OneCycle: learning_rate", learning_rate);
    detail::require_steps("OneCycle: steps", steps);
    detail::require_schedule(pct_start >= 0 && pct_start <= 1, "OneCycle: pct_start", "from 0 to 1", pct_start);
    detail::require_schedule(div_factor >= 1 && std::isfinite(div_factor), "OneCycle: div_factor", "at least 1", div_factor);
    detail::require_schedule(final_div_factor >= 1 && std::isfinite(final_div_factor), "OneCycle: final_div_factor",
                             "at least 1", final_div_factor);
  }
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

  operator Callback() const {
    const auto trainer = std::make_shared<AnyTrainer*>(nullptr);
    const auto set = [trainer, *this] {
      (*trainer)->set_learning_rate(std::max(schedule(std::max((*trainer)->updates(), start) - start), detail::least_rate));
    };
    return {.before_fit =
                [trainer, set, start = start](AnyTrainer& any, const FitPlan&) {
                  if (any.updates() < start) {
                    throw OptionError(message("LearningRate: start must be at most the number of updates so far, ",
                                              any.updates(), ", found ", start));
                  }
                  *trainer = &any;
                  set();
                },
            .after_batch = [set](const BatchReport&) { set(); }};
  }
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

  operator Callback() const {
    detail::Patience::check("ReduceLROnPlateau", patience, min_delta);
    detail::require_schedule(factor > 0 && factor < 1, "ReduceLROnPlateau: factor", "in (0, 1)", factor);
    detail::require_schedule(cooldown >= 0, "ReduceLROnPlateau: cooldown", "at least 0", static_cast<double>(cooldown));
    detail::require_schedule(minimum >= 0 && std::isfinite(minimum), "ReduceLROnPlateau: minimum", "finite and not negative",
                             minimum);
    struct State {
      AnyTrainer* trainer = nullptr;
      detail::Patience waited{};
      Index cooldown = 0;
    };
    const auto state = std::make_shared<State>();
    return {.before_fit = [state](AnyTrainer& trainer, const FitPlan&) { *state = {.trainer = &trainer}; },
            .after_epoch =
                [state, *this](const EpochReport& report) {
                  if (state->cooldown > 0) {
                    --state->cooldown;
                    state->waited.epochs = 0;
                  }
                  state->waited.see(detail::watched_loss(report), min_delta);
                  if (state->cooldown > 0) state->waited.epochs = 0;
                  const double rate = state->trainer->learning_rate(), least = std::max(minimum, detail::least_rate);
                  if (state->waited.epochs >= patience && rate > least) {
                    state->trainer->set_learning_rate(std::max(rate * factor, least));
                    state->waited.epochs = 0;
                    state->cooldown = cooldown;
                  }
                  return Training::go_on;
                }};
  }
};

}  // namespace eigencoder
