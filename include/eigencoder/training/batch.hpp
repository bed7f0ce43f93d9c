// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "eigencoder/core/term.hpp"
#include "eigencoder/models/samples.hpp"
#include "eigencoder/training/strata.hpp"

namespace eigencoder {

/// Some samples of a set: columns order[0], order[1], … or, without an order, the columns as they stand.
template <class T>
struct Batch {
  Samples<T> inputs, targets;
  const Index* order = nullptr;
  Index size = 0;
  const T* weights = nullptr;           ///< of the set's samples, picked as they are; null: all are 1
  ElementWeights<T> element_weights{};  ///< of the set's targets
  const Index* lengths = nullptr;       ///< of the set's samples, picked as they are; null: all have all steps
  /// Of the batch of all ranks, the samples at which its parts begin, and how many it has: this one is this rank's parts of it.
  /// Null: this one is the whole.
  const Index* borders = nullptr;
  Index whole = 0;  ///< where there are borders, the last of them: samples of all ranks

  Index samples() const { return borders ? whole : size; }
};

namespace detail {

/// Samples that are trained on, or evaluated, with all that belongs to them.
template <class T>
struct SampleSet {
  Samples<T> inputs, targets;
  const T* weights = nullptr;
  ElementWeights<T> element_weights{};
  const Index* lengths = nullptr;
  bool subset = false;          ///< only the columns `chosen` are in the set
  std::vector<Index> chosen{};  ///< in rising order
  Strata strata{0};             ///< of all ranks

  Index size() const { return subset ? std::ssize(chosen) : inputs.cols(); }
  const Index* order() const { return subset ? chosen.data() : nullptr; }
  /// The column of the set's sample of that number.
  Index sample(Index j) const { return subset ? chosen[static_cast<std::size_t>(j)] : j; }
  /// `count` samples, order[first] and so on, or those from `first` on where they lie.
  Batch<T> batch(const Index* from, Index first, Index count) const {
    if (from != nullptr) return {inputs, targets, from + first, count, weights, element_weights, lengths};
    return {inputs.columns(first, count),
            targets.columns(first, count),
            nullptr,
            count,
            weights ? weights + first : nullptr,
            element_weights.of(nullptr, first),
            lengths ? lengths + first : nullptr};
  }
};

}  // namespace detail

}  // namespace eigencoder
