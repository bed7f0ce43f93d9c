// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <memory>

#include "eigencoder/engine/layer_runner.hpp"
#include "eigencoder/tasks/sample_matrix.hpp"

namespace eigencoder {

namespace detail {
template <class L>
inline constexpr bool value_by_value = [] {
  constexpr Needs needs = L::needs(Shape{});
  return needs.training_only && needs.in_place && needs.cache + needs.scratch + needs.scratch_per_sample == 0 &&
         L::parameters(Shape{}).size() == 0;
}();

/// A layer of that kind on samples of a size that is known only when it runs.
template <class Layer>
struct OnAnySize {
  Layer layer;
  Index size;

  static constexpr bool accepts(Shape) { return true; }
  static constexpr Shape output(Shape in) { return in; }
  static constexpr Needs needs(Shape in) { return Layer::needs(in); }
  static constexpr std::array<Block, 0> parameters(Shape) { return {}; }

  template <class S, Mode M>
  void forward(Forward<S, M> pass) const {
    std::construct_at(&pass.x, pass.x.data(), size, pass.x.cols());
    std::construct_at(&pass.y, pass.y.data(), size, pass.y.cols());
    layer.forward(pass);
  }
  template <class S, bool InputGradient>
  void backward(Backward<S, InputGradient>) const {}
};
}  // namespace detail

/// A layer that changes values in training alone, each independently: GaussianNoise, MaskingNoise, SaltAndPepperNoise, Dropout.
template <class L>
concept Noise = Recipe<L> && detail::value_by_value<L>;

/// The samples, one a column, as a noise layer makes them: a noisy set that stays the same, or a picture. The draws follow
/// from (seed, column, row) alone, and float and double draw alike. They are those of a step 0 of a network whose first layer
/// is the noise, which no training with this seed has seen: its steps count from 1. Integers of 8 and 16 bits give float.
template <class Columns, Noise Layer>
auto corrupt(const Columns& samples, const Layer& noise, Seed seed) {
  const auto& clean = detail::in_floating_point(samples);
  using T = typename std::decay_t<decltype(clean)>::Scalar;
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> noisy = clean;
  using OnColumns = detail::OnAnySize<Layer>;
  LayerRunner<LayersAlone<T, Shape{}, OnColumns>> run(std::tuple{OnColumns{noise, noisy.rows()}});
  run.random = Random(seed, 0, 0);
  run.forward(noisy.data(), noisy.data(), noisy.cols());
  return noisy;
}

}  // namespace eigencoder
