// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/pass.hpp"

namespace eigencoder {

/// A layer that changes values in training alone, each by itself: GaussianNoise, MaskingNoise, SaltAndPepperNoise, Dropout.
template <class L>
concept Noise = Recipe<L> && requires {
  requires L::needs(Shape{})
  .training_only&& L::needs(Shape{}).in_place;
  requires L::needs(Shape{})
  .cache + L::needs(Shape{}).scratch + L::needs(Shape{}).scratch_per_sample == 0;
  requires L::parameters(Shape{})
  .size() == 0;
};

/// The samples, one a column, as they are behind a noise layer: a noisy set that stays the same, or a picture. The draws follow
/// from (seed, column, row) alone, and float and double draw alike. They are those of a step 0 of a network whose first layer
/// is the noise, which no training with this seed has seen: its steps count from 1.
template <class Columns, Noise Layer>
auto corrupt(const Eigen::MatrixBase<Columns>& samples, const Layer& noise, Seed seed) {
  using T = typename Columns::Scalar;
  using S = Stage<Layer, Shape{}, T>;
  using Pass = Forward<S, true>;
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> noisy = samples;
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
            .batch = noisy.cols(),
            .epilogue = {}};
  noise.forward(pass);
  return noisy;
}

}  // namespace eigencoder
