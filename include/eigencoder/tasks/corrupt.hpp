// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/pass.hpp"
#include "eigencoder/tasks/sample_matrix.hpp"

namespace eigencoder {

namespace detail {
template <class L>
inline constexpr bool value_by_value = [] {
  constexpr Needs needs = L::needs(Shape{});
  return needs.training_only && needs.in_place && needs.cache + needs.scratch + needs.scratch_per_sample == 0 &&
         L::parameters(Shape{}).size() == 0;
}();
}  // namespace detail

/// A layer that changes values in training alone, each by itself: GaussianNoise, MaskingNoise, SaltAndPepperNoise, Dropout.
template <class L>
concept Noise = Recipe<L> && detail::value_by_value<L>;

/// The samples, one a column, as they are behind a noise layer: a noisy set that stays the same, or a picture. The draws follow
/// from (seed, column, row) alone, and float and double draw alike. They are those of a step 0 of a network whose first layer
/// is the noise, which no training with this seed has seen: its steps count from 1. Integers of 8 and 16 bits give float.
template <class Columns, Noise Layer>
auto corrupt(const Columns& samples, const Layer& noise, Seed seed) {
  const auto& clean = detail::in_floating_point(samples);
  using T = typename std::decay_t<decltype(clean)>::Scalar;
  using S = Stage<Layer, Shape{}, T>;
  using Pass = Forward<S, Mode::train>;
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> noisy = clean;
  Pass pass{.theta = {},
            .state = {},
            .packed = {},
            .source = {},
            .x = {noisy.data(), noisy.rows(), noisy.cols()},
            .y = {noisy.data(), noisy.rows(), noisy.cols()},
            .cache = {},
            .scratch = {},
            .scratch_per_sample = {},
            .random = Random(seed, 0, 0),
            .sums = {},
            .tallies = {},
            .batch = noisy.cols(),
            .epilogue = {}};
  noise.forward(pass);
  return noisy;
}

}  // namespace eigencoder
