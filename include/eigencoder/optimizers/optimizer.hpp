// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <string>

#include "eigencoder/core/layer.hpp"

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

/// One pass over flat vectors. `slots` is how many vectors of the parameters' size it keeps.
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
inline void require_learning_rate(const std::string& name, double rate) {
  require_option(rate > 0 && std::isfinite(rate), name, "finite and positive", rate);
}
inline void require_not_negative(const std::string& name, double value) {
  require_option(value >= 0 && std::isfinite(value), name, "finite and not negative", value);
}
inline void require_fraction(const std::string& name, double value) {
  require_option(value >= 0 && value < 1, name, "in [0, 1)", value);
}

}  // namespace detail

}  // namespace eigencoder
