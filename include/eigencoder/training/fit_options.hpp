// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "eigencoder/models/lengths.hpp"
#include "eigencoder/models/samples.hpp"
#include "eigencoder/training/callbacks.hpp"
#include "eigencoder/training/metric.hpp"
#include "eigencoder/training/progress.hpp"

namespace eigencoder {

template <class T>
struct FitOptions {
  Index epochs = 1;
  /// The last batch of an epoch holds what is left, and is trained on at its true size. Of ranks together, or `reproducible`, all
  /// batches are nearly equal, and may be a few samples larger.
  Index batch_size = 32;
  bool shuffle = true;      ///< a new order each epoch, in blocks of what is on disk (docs/data_on_disk.md)
  Samples<T> validation{};  ///< evaluated after each epoch; its own targets unless validation_targets is given
  Samples<T> validation_targets{};
  double validation_fraction = 0;   ///< in [0, 1): that part of the samples is validated on, not trained on
  bool validation_shuffle = true;   ///< which samples these are the trainer's seed draws; false: the last ones
  Samples<T> sample_weights{};      ///< of the inputs: one value each, in a row or a column; none: all are 1
  Samples<T> validation_weights{};  ///< of `validation`
  Samples<T> element_weights{};     ///< of the targets' values, output × N, or output × 1 for all, `validation` too; none: 1
  Samples<T> validation_element_weights{};  ///< of the values of `validation_targets`
  StepCounts lengths{};                     ///< steps that each of the inputs has, one a sample; none: all have all
  StepCounts validation_lengths{};          ///< of `validation`
  std::vector<Metric<T>> metrics{};         ///< evaluated on what is validated on
  std::vector<Callback> callbacks{};
  Progress progress = Progress::automatic;
  bool check_data = true;  ///< look for NaN, infinity and targets outside the loss's range before the first step
};

/// What Trainer::evaluate may be told.
template <class T>
struct EvaluateOptions {
  Index batch_size = 256;
  Samples<T> sample_weights{};   ///< as in FitOptions
  Samples<T> element_weights{};  ///< as in FitOptions
  StepCounts lengths{};          ///< as in FitOptions
  bool averaged = false;         ///< with the moving average of the parameters (WeightAverage), as validation has it
};

}  // namespace eigencoder
