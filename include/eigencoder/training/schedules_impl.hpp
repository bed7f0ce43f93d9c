// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numbers>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/training/schedules.hpp"

namespace eigencoder {

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

EIGENCODER_INLINE void ConstantRate::check() const { detail::require_rate("ConstantRate: learning_rate", learning_rate); }

EIGENCODER_INLINE double StepDecay::operator()(std::uint64_t updates) const {
  return learning_rate * std::pow(factor, static_cast<double>(updates / static_cast<std::uint64_t>(steps)));
}

EIGENCODER_INLINE void StepDecay::check() const {
  detail::require_rate("StepDecay: learning_rate", learning_rate);
  detail::require_steps("StepDecay: steps", steps);
  detail::require_factor("StepDecay: factor", factor);
}

EIGENCODER_INLINE double ExponentialDecay::operator()(std::uint64_t updates) const {
  return learning_rate * std::pow(factor, static_cast<double>(updates) / static_cast<double>(steps));
}

EIGENCODER_INLINE void ExponentialDecay::check() const {
  detail::require_rate("ExponentialDecay: learning_rate", learning_rate);
  detail::require_steps("ExponentialDecay: steps", steps);
  detail::require_factor("ExponentialDecay: factor", factor);
}

EIGENCODER_INLINE double CosineDecay::operator()(std::uint64_t updates) const {
  const double part = static_cast<double>(updates) / static_cast<double>(steps);
  return part < 1 ? detail::cosine(learning_rate, minimum, part) : minimum;
}

EIGENCODER_INLINE void CosineDecay::check() const {
  detail::require_rate("CosineDecay: learning_rate", learning_rate);
  detail::require_steps("CosineDecay: steps", steps);
  detail::require_minimum("CosineDecay: minimum", minimum, learning_rate);
}

EIGENCODER_INLINE double CosineDecayRestarts::operator()(std::uint64_t updates) const {
  auto at = static_cast<double>(updates), period = static_cast<double>(steps);
  if (growth == 1) at = std::fmod(at, period);
  for (; at >= period; period *= static_cast<double>(growth)) at -= period;
  return detail::cosine(learning_rate, minimum, at / period);
}

EIGENCODER_INLINE void CosineDecayRestarts::check() const {
  detail::require_rate("CosineDecayRestarts: learning_rate", learning_rate);
  detail::require_steps("CosineDecayRestarts: steps", steps);
  detail::require_steps("CosineDecayRestarts: growth", growth);
  detail::require_minimum("CosineDecayRestarts: minimum", minimum, learning_rate);
}

EIGENCODER_INLINE double WarmUp::operator()(std::uint64_t updates) const {
  const auto length = static_cast<std::uint64_t>(steps);
  if (updates >= length) return then(updates - length);
  return then(0) * (start_factor + (1 - start_factor) * static_cast<double>(updates) / static_cast<double>(steps));
}

EIGENCODER_INLINE void WarmUp::check() const {
  detail::require_steps("WarmUp: steps", steps);
  detail::require_factor("WarmUp: start_factor", start_factor);
}

EIGENCODER_INLINE double OneCycle::operator()(std::uint64_t updates) const {
  const double first = learning_rate / div_factor, last = first / final_div_factor;
  const double at = static_cast<double>(updates), end = static_cast<double>(steps) - 1;
  const double top = std::max(pct_start * static_cast<double>(steps) - 1, 0.0);  // where it is at its highest
  if (at < top) return detail::cosine(first, learning_rate, at / top);
  return at < end ? detail::cosine(learning_rate, last, (at - top) / (end - top)) : last;
}

EIGENCODER_INLINE void OneCycle::check() const {
  detail::require_rate("OneCycle: learning_rate", learning_rate);
  detail::require_steps("OneCycle: steps", steps);
  detail::require_schedule(pct_start >= 0 && pct_start <= 1, "OneCycle: pct_start", "from 0 to 1", pct_start);
  detail::require_schedule(div_factor >= 1 && std::isfinite(div_factor), "OneCycle: div_factor", "at least 1", div_factor);
  detail::require_schedule(final_div_factor >= 1 && std::isfinite(final_div_factor), "OneCycle: final_div_factor", "at least 1",
                           final_div_factor);
}

EIGENCODER_INLINE LearningRate::operator Callback() const {
  const auto trainer = std::make_shared<AnyTrainer*>(nullptr);
  const auto set = [trainer, *this] {
    (*trainer)->set_learning_rate(std::max(schedule(std::max((*trainer)->updates(), start) - start), detail::least_rate));
  };
  return {.before_fit =
              [trainer, set, start = start](AnyTrainer& any, const FitPlan&) {
                if (any.updates() < start) {
                  throw OptionError(message("LearningRate: start must be at most the number of updates so far, ", any.updates(),
                                            ", found ", start));
                }
                *trainer = &any;
                set();
              },
          .after_batch = [set](const BatchReport&) { set(); }};
}

EIGENCODER_INLINE ReduceLROnPlateau::operator Callback() const {
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

}  // namespace eigencoder
