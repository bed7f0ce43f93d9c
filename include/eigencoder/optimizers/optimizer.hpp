// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "eigencoder/core/layer.hpp"
#include "eigencoder/core/type_name.hpp"

namespace eigencoder {

/// A stretch of a network's parameters, their gradient and the optimizer's own vectors of the same layout.
template <class T, std::size_t Slots>
struct Update {
  using Vector = Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1>>;
  Vector theta;
  Vector gradient;
  std::array<T*, Slots> slots;  ///< zero before the first step
  std::uint64_t step;           ///< 1, 2, 3, …: counted once a step, whatever the number of stretches
  bool decay;                   ///< weight decay applies to this stretch

  Vector slot(std::size_t k) const { return Vector(slots[k], theta.size()); }
};

/// One pass over flat vectors. `slots` is how many vectors of the parameters' size it keeps. check() throws OptionError if an
/// option is out of range; where the model's scalar T matters, it may be a template with T as its first argument and a default
/// for it.
template <class O>
concept Optimizer = std::is_trivially_copyable_v<O> && requires(const O optimizer, Update<double, O::slots> update) {
  { O::slots } -> std::convertible_to<std::size_t>;
  optimizer.check();
  optimizer(update);
};

namespace detail {

/// Throws OptionError unless `fine`.
inline void require_option(bool fine, const std::string& name, const char* expected, double found) {
  if (!fine) throw OptionError(message(name, " must be ", expected, ", found ", found));
}
/// Throws OptionError unless a positive value is one as a T too.
template <class T>
void require_positive_as(const std::string& name, double value) {
  constexpr double least = std::numeric_limits<T>::min(), most = std::numeric_limits<T>::max();
  if (value >= least && value <= most) return;
  throw OptionError(message(name, " must be from ", least, " to ", most, " in a model of ", type_name<T>(), ", found ", value));
}
template <class T = double>
void require_learning_rate(const std::string& name, double rate) {
  require_option(rate > 0 && std::isfinite(rate), name, "finite and positive", rate);
  require_positive_as<T>(name, rate);
}
inline void require_not_negative(const std::string& name, double value) {
  require_option(value >= 0 && std::isfinite(value), name, "finite and not negative", value);
}
inline void require_fraction(const std::string& name, double value) {
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

}  // namespace detail

}  // namespace eigencoder
