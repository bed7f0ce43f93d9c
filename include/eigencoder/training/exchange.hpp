// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "eigencoder/core/shape.hpp"

namespace eigencoder {

/// What a training step has found of its batch, of all ranks where several train together, between the reduction of the gradients
/// and the update. A function on it may overwrite every field; the step goes on with what it leaves. With ranks it must do the same
/// on all of them.
template <class T>
struct Exchange {
  std::span<T> gradient;  ///< ∂ objective / ∂ theta, laid out as Model::parameters(); frozen parameters' is 0 and is not read
  std::span<double> totals;  ///< over the batch, of layers and terms: running state is made of them after the update
  std::span<double> values;  ///< of the objective's terms, unweighted: what the step reports as its loss
  bool finite = true;        ///< gradient and values are finite: otherwise the step is not taken
  Index samples = 0;         ///< in the batch
};

}  // namespace eigencoder
