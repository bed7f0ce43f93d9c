// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "eigencoder/core/layer.hpp"
#include "eigencoder/core/random.hpp"

namespace eigencoder {

/// Writes a block's starting values, in the block's column-major order. Draws are made in double and then rounded, so float
/// and double models of one seed start alike.
template <class T>
void initialize(const Block& block, T* values, Random random, Index stream = 0) {
  const double fan_in = static_cast<double>(block.fan_in ? block.fan_in : block.cols);
  const double fan_out = static_cast<double>(block.fan_out ? block.fan_out : block.rows);
  const auto fill = [&](auto draw) {
    for (Index i = 0; i < block.size(); ++i) values[i] = static_cast<T>(draw(i));
  };
  const auto uniform = [&](double limit) { fill([=](Index i) { return limit * (2 * random.uniform(stream, i) - 1); }); };
  const auto normal = [&](double deviation) { fill([=](Index i) { return deviation * random.normal(stream, i); }); };
  switch (block.init) {
    case Init::zeros:
      return fill([](Index) { return 0.0; });
    case Init::ones:
      return fill([](Index) { return 1.0; });
    case Init::glorot_uniform:
      return uniform(std::sqrt(6 / (fan_in + fan_out)));
    case Init::glorot_normal:
      return normal(std::sqrt(2 / (fan_in + fan_out)));
    case Init::he_uniform:
      return uniform(std::sqrt(6 / fan_in));
    case Init::he_normal:
      return normal(std::sqrt(2 / fan_in));
  }
}

}  // namespace eigencoder
