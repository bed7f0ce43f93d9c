// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "eigencoder/core/layer.hpp"
#include "eigencoder/core/type_name.hpp"
#include "eigencoder/kernels/dispatch.hpp"

namespace eigencoder {

/// A run of a network's parameters (some that lie in a row), their gradient, and the optimizer's own vectors of the same
/// layout.
template <class T, std::size_t Slots>
struct Update {
  using Vector = Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1>>;
  Vector theta;
  Vector gradient;
  std::array<T*, Slots> slots;  ///< zero before the first step
  std::uint64_t step;           ///< 1, 2, 3, …: counted once a step, for any number of runs
  bool decay;                   ///< weight decay applies to this run

  Vector slot(std::size_t k) const { return Vector(slots[k], theta.size()); }
};

/// An optimizer that makes once a step what is the same for all its stretches: at(t), with t = 1, 2, 3, …, returns what is then
/// called on every Update of step t.
template <class O>
concept MadeOnceAStep = requires(const O optimizer, std::uint64_t step, Update<double, O::slots> update) {
  optimizer.at(step)(update);
};

/// One pass over flat vectors. It must have
///   slots            how many vectors of the parameters' size it keeps
///   learning_rate    a double; parts of a model may be trained with a copy that has this one scaled
///   check()          throws OptionError if an option is out of range; where the model's scalar T matters, it may be a template
///                    with T as its first argument and a default for it
///   (Update) const   the update of one stretch
/// and may have
///   decays           `static constexpr bool decays = false` if it does not look at Update::decay: it then gets long stretches
///                    instead of one for each block
///   at(t)            see MadeOnceAStep
///   settings()       its options by name, as Setting in core/layer.hpp has it, so that a checkpoint can tell them
template <class O>
concept Optimizer = std::is_trivially_copyable_v<O> && requires(O optimizer, const O fixed, Update<double, O::slots> update) {
  { O::slots } -> std::convertible_to<std::size_t>;
  { optimizer.learning_rate } -> std::same_as<double&>;
  fixed.check();
  fixed(update);
} && (MadeOnceAStep<O> || !requires { &O::at; }) && (!requires { O::decays; } || requires {
  { O::decays } -> std::same_as<const bool&>;
});

namespace detail {

/// An option as errors name it, whole or in two parts. They are joined in an error alone: a schedule of the learning rate has the
/// options checked in every step, where nothing may allocate.
struct OptionName {
  std::string_view owner, option{};
  OptionName(const char* whole) : owner(whole) {}
  OptionName(std::string_view first, std::string_view second) : owner(first), option(second) {}
};

/// Throws OptionError unless `fine`.
inline void require_option(bool fine, OptionName name, const char* expected, double found) {
  if (!fine) throw OptionError(message(name.owner, name.option, " must be ", expected, ", found ", found));
}
/// Throws OptionError unless a positive value is one as a T too.
template <class T>
void require_positive_as(OptionName name, double value) {
  constexpr double least = std::numeric_limits<T>::min(), most = std::numeric_limits<T>::max();
  if (value >= least && value <= most) return;
  throw OptionError(message(name.owner, name.option, " must be from ", least, " to ", most, " in a model of ", type_name<T>(),
                            ", found ", value));
}
template <class T = double>
void require_learning_rate(OptionName name, double rate) {
  require_option(rate > 0 && std::isfinite(rate), name, "finite and positive", rate);
  require_positive_as<T>(name, rate);
}
inline void require_not_negative(OptionName name, double value) {
  require_option(value >= 0 && std::isfinite(value), name, "finite and not negative", value);
}
inline void require_fraction(OptionName name, double value) {
  require_option(value >= 0 && value < 1, name, "in [0, 1)", value);
}

/// Throws OptionError if an option does not fit parameters of T.
template <class T, Optimizer O>
void check_optimizer(const O& optimizer) {
  if constexpr (requires { optimizer.template check<T>(); }) {
    optimizer.template check<T>();
  } else {
    optimizer.check();
  }
}

/// The optimizer at a multiple of its learning rate.
template <Optimizer O>
O scaled(O optimizer, double factor) {
  optimizer.learning_rate *= factor;
  return optimizer;
}

/// What is called on the stretches of step t.
template <Optimizer O>
auto at_step(const O& optimizer, std::uint64_t t) {
  if constexpr (MadeOnceAStep<O>) {
    return optimizer.at(t);
  } else {
    return optimizer;
  }
}

/// The update of one stretch by a rule that at_step() made, as a kernel.
template <class T, std::size_t Slots, class Rule>
struct UpdateStretch {
  static constexpr bool compiled = kernels::CompiledScalar<T> && kernels::CompiledFunction<Rule>;
  Rule rule;
  T *theta, *gradient;
  Index count;
  std::array<T*, Slots> slots;
  std::uint64_t step;
  bool decay;

  void run() const {
    using Vector = typename Update<T, Slots>::Vector;
    rule(Update<T, Slots>{Vector(theta, count), Vector(gradient, count), slots, step, decay});
  }
};

}  // namespace detail

}  // namespace eigencoder
