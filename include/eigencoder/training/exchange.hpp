// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "eigencoder/core/shape.hpp"

namespace eigencoder {

/// What a training step has found of its batch, between the reduction of the workers' gradients and the update: all that
/// processes which train one model together must agree on, in one place. A function on it may overwrite every field; the step
/// goes on with what it leaves.
///
/// With N processes of equally many samples each, an all-reduce takes the mean of `gradient` and of `values`, the conjunction
/// of `finite`, and of `totals` what belongs to them (means of most; see the layer's or the term's gather). It must run in
/// every step, also where `finite` is false, since the other processes wait for it. The phases of a step in which samples are
/// coupled (batch normalisation) have used the totals of their own process by then.
template <class T>
struct Exchange {
  std::span<T> gradient;  ///< ∂ objective / ∂ theta, laid out as Model::parameters(); frozen parameters' is 0 and is not read
  std::span<double> totals;  ///< over the batch, of layers and terms: running state is made of them after the update
  std::span<double> values;  ///< of the objective's terms, unweighted: what the step reports as its loss
  bool finite = true;        ///< gradient and values are finite: otherwise the step is not taken
  Index samples = 0;         ///< in the batch
};

}  // namespace eigencoder
