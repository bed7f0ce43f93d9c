// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/engine/initialize.hpp"

namespace eigencoder {

namespace detail {

/// N(0, 1) without what is beyond 2. A draw that is, one in 22, is repeated at the next address, `next` elements on.
EIGENCODER_INLINE double truncated_normal(const Random& random, Index stream, Index element, Index next) {
  double draw;
  do {
    draw = random.normal(stream, element);
    element += next;
  } while (std::abs(draw) > 2);
  return draw;
}

/// Makes `count` vectors of `length` values, one after the other, orthonormal: modified Gram-Schmidt, each vector twice, since
/// once leaves errors that grow with the condition. It is the QR decomposition whose R has a positive diagonal, so Q of normal
/// draws is distributed uniformly (Mezzadri, 2007).
EIGENCODER_INLINE void orthonormalize(double* vectors, Index length, Index count) {
  for (Index j = 0; j < count; ++j) {
    double* const v = vectors + j * length;
    const auto dot = [=](const double* u) {
      double sum = 0;
      for (Index i = 0; i < length; ++i) sum += u[i] * v[i];
      return sum;
    };
    for (int twice = 0; twice < 2; ++twice) {
      for (Index k = 0; k < j; ++k) {
        const double* const u = vectors + k * length;
        const double share = dot(u);
        for (Index i = 0; i < length; ++i) v[i] -= share * u[i];
      }
    }
    const double scale = 1 / std::sqrt(dot(v));
    for (Index i = 0; i < length; ++i) v[i] *= scale;
  }
}

/// A block's starting values, in its column-major order.
EIGENCODER_INLINE std::vector<double> starting_values(const Block& block, const Random& random, Index stream) {
  const Init& init = block.init;
  const Index rows = block.rows, cols = block.cols == 0 ? 1 : block.cols;
  const double fan_in = static_cast<double>(block.fan_in ? block.fan_in : block.cols);
  const double fan_out = static_cast<double>(block.fan_out ? block.fan_out : block.rows);
  const double fans[] = {1, fan_in, fan_out, (fan_in + fan_out) / 2};  // as Init::Fan counts
  const double value = init.value, fan = fans[static_cast<std::size_t>(init.fan)];

  std::vector<double> values(static_cast<std::size_t>(block.size()));
  const auto fill = [&](auto draw) {
    for (Index i = 0; i < block.size(); ++i) values[static_cast<std::size_t>(i)] = draw(i);
  };
  switch (init.law) {
    case Init::Law::constant:
      if (init.end > rows) {
        throw OptionError(message("Init: block '", block.name, "' has ", rows, " rows, found ones in rows [", init.begin, ", ",
                                  init.end, ')'));
      }
      fill([&](Index i) { return init.end == 0 || (init.begin <= i % rows && i % rows < init.end) ? value : 0; });
      break;
    case Init::Law::uniform:
      fill([&, limit = std::sqrt(3 * value / fan)](Index i) { return limit * (2 * random.uniform(stream, i) - 1); });
      break;
    case Init::Law::normal:
      fill([&, deviation = std::sqrt(value / fan)](Index i) { return deviation * random.normal(stream, i); });
      break;
    case Init::Law::truncated_normal:
      fill([&, deviation = std::sqrt(value / fan / Init::truncated_variance)](Index i) {
        return deviation * truncated_normal(random, stream, i, block.size());
      });
      break;
    case Init::Law::orthogonal: {
      // Of the rows or the columns the fewer, one after the other.
      const Index length = std::max(rows, cols), count = std::min(rows, cols);
      fill([&](Index i) { return random.normal(stream, i); });
      orthonormalize(values.data(), length, count);
      const std::vector<double> vectors = values;
      fill([&](Index i) {
        const Index at = rows < cols ? i % rows * length + i / rows : i;
        return value * vectors[static_cast<std::size_t>(at)];
      });
    }
  }
  return values;
}

}  // namespace detail

template <class T>
void initialize(const Block& block, T* values, Random random, Index stream) {
  for (const double value : detail::starting_values(block, random, stream)) *values++ = static_cast<T>(value);
}

template <class T>
void initialize(std::span<const PlacedBlock> blocks, T* theta, T* state, Seed seed) {
  Index stream = 0;
  const PlacedBlock* previous = nullptr;
  for (const PlacedBlock& each : blocks) {
    stream = previous && previous->layer == each.layer ? stream + 1 : 0;
    previous = &each;
    initialize(each.block, (each.block.trainable ? theta : state) + each.offset, Random(seed, 0, each.layer), stream);
  }
}

}  // namespace eigencoder
