// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>

#include "eigencoder/training/batch.hpp"
#include "eigencoder/training/diagnose.hpp"

// What is said of training that has diverged.
namespace eigencoder::detail {

inline std::string after_divergence(double learning_rate) {
  return message(" A smaller learning_rate (now ", learning_rate, ") or inputs scaled to about [0, 1] may help.");
}

/// Why the Updater did not take a step. Without an order the batch's samples are `first` and those after it in their set.
template <class C, class Updater, class T>
std::string why_not_taken(const Model<C>& model, const Updater& updater, double loss, const Batch<T>& batch, Index first,
                          double learning_rate) {
  const std::string advice = after_divergence(learning_rate);
  const std::uint64_t step = updater.updates() + 1;
  if (!std::isfinite(loss)) {
    const std::span<const Index> order(batch.order, batch.order ? static_cast<std::size_t>(batch.size) : 0);
    return message("the loss became ", loss, " in step ", step, ": ", diagnose(model, batch.inputs, order, first), advice);
  }
  if (updater.refused_by_exchange()) {
    return message("the exchange left values that are not finite in step ", step, ", at a loss of ", loss, '.', advice);
  }
  return message("the gradient overflowed in step ", step, ", most of all that of ",
                 name_of_parameter(model, updater.steepest()), ", at a loss of ", loss, '.', advice);
}

}  // namespace eigencoder::detail
