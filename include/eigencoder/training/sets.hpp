// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <vector>

#include "eigencoder/models/check_data.hpp"
#include "eigencoder/training/batch.hpp"
#include "eigencoder/training/fit_options.hpp"
#include "eigencoder/training/shuffle.hpp"
#include "eigencoder/training/strata.hpp"

namespace eigencoder {

namespace detail {

/// What a fit trains on and validates on.
template <class T>
struct Sets {
  SampleSet<T> train, validation;
  std::vector<T> weights{}, validation_weights{};  ///< of the samples, or none
};

/// Checks the weights of `count` samples and copies them. Returns where they are, null if there are none. Throws ShapeError,
/// OptionError, NonFiniteError.
template <class T>
const T* checked_weights(const SampleRules& rules, const char* name, const Samples<T>& weights, Index count,
                         std::vector<T>& to) {
  if (weights.rows() == 0) return nullptr;
  if (rules.unweighted != nullptr) {
    throw OptionError(message(name, ": ", rules.unweighted(), " takes no weights of samples"));
  }
  if (weights.integers()) throw OptionError(message(name, ": expected values of ", type_name<T>(), ", found integers"));
  const bool row = weights.rows() == 1 && weights.cols() == count, column = weights.cols() == 1 && weights.rows() == count;
  if (!row && !column) {
    throw ShapeError(message(name, ": expected a vector of ", count, " values, one for each sample, found ", weights.rows(),
                             " × ", weights.cols()));
  }
  to.resize(static_cast<std::size_t>(count));
  for (Index j = 0; j < count; ++j) {
    const T weight = row ? weights.value(0, j) : weights.value(j, 0);
    if (!std::isfinite(weight))
      throw NonFiniteError(message(name, ": expected finite values, found ", weight, " for sample ", j));
    if (weight < 0) throw OptionError(message(name, ": must not be negative, found ", weight, " for sample ", j));
    to[static_cast<std::size_t>(j)] = weight;
  }
  return to.data();
}

/// Checks the weights of the elements of `count` samples. Throws ShapeError, OptionError, NonFiniteError.
template <class T>
ElementWeights<T> checked_element_weights(const SampleRules& rules, const char* name, const Samples<T>& weights, Index count) {
  if (weights.rows() == 0) return {};
  if (rules.unweighted_elements != nullptr) {
    throw OptionError(message(name, ": ", rules.unweighted_elements(), " takes no weights of elements"));
  }
  if (weights.on_disk()) throw OptionError(message(name, ": expected a matrix in memory, found samples on disk"));
  if (weights.integers()) throw OptionError(message(name, ": expected values of ", type_name<T>(), ", found integers"));
  if (weights.rows() != rules.target.size() || (weights.cols() != count && weights.cols() != 1)) {
    throw ShapeError(message(name, ": expected ", rules.target.size(), " × ", count, " values, one for each of the targets, or ",
                             rules.target.size(), " × 1 for all samples, found ", weights.rows(), " × ", weights.cols()));
  }
  constexpr T most = std::numeric_limits<T>::max();
  for (Index j = 0; j < weights.cols(); ++j) {
    const VectorView<const T> column(weights.column(j), weights.rows());
    if ((column - column.cwiseMax(T(0)).cwiseMin(most)).cwiseAbs().sum() == T(0)) continue;
    for (Index i = 0; i < column.size(); ++i) {
      const T weight = column[i];
      if (!std::isfinite(weight))
        throw NonFiniteError(message(name, ": expected finite values, found ", weight, " in row ", i, " of sample ", j));
      if (weight < 0)
        throw OptionError(message(name, ": must not be negative, found ", weight, " in row ", i, " of sample ", j));
    }
  }
  return {weights.column(0), weights.cols() > 1 ? weights.column(1) - weights.column(0) : 0};
}

/// The same for what a step trains on. Throws OptionError where a layer of the network draws such weights in every step.
template <class T>
ElementWeights<T> checked_training_weights(const SampleRules& rules, const Samples<T>& weights, Index count) {
  if (weights.rows() > 0 && rules.weighing != nullptr) {
    throw OptionError(message("element_weights: expected none, since ", rules.weighing(), " weighs the values of the targets in training"));
  }
  return checked_element_weights(rules, "element_weights", weights, count);
}

/// Checks the lengths of `count` samples. Returns where they are, null if there are none. Throws ShapeError, OptionError.
inline const Index* checked_lengths(const SampleRules& rules, const char* name, StepCounts lengths, Index count) {
  if (lengths.empty()) return nullptr;
  rules.check_lengths(name, lengths, count);
  if (rules.whole != nullptr) {
    throw OptionError(message(name, ": ", rules.whole(), " takes no sequences with padding: train without it, or on sequences that have all steps"));
  }
  return lengths.data();
}

inline void check_batch_size(Index batch_size) {
  if (batch_size < 1) throw OptionError(message("batch_size must be at least 1, found ", batch_size));
}

template <class T>
void check_pair_values(const SampleRules& rules, const char* inputs_name, const Samples<T>& inputs, const char* targets_name,
                       const Samples<T>& targets, const Index* lengths) {
  constexpr std::string_view instead = ", or set check_data = false";
  const bool restored = targets == inputs;
  if (!restored || rules.inputs.term != nullptr) {
    check_values(inputs_name, inputs, rules.inputs, instead, rules.input_lengths(lengths));
  }
  check_values(restored ? inputs_name : targets_name, targets, rules.targets, instead, rules.target_lengths(lengths));
}

/// Sets apart what a fit is to validate on: that fraction of the samples, of each stratum its share. Throws OptionError.
template <class T>
void hold_out(SampleSet<T>& train, SampleSet<T>& validation, double fraction, bool shuffled, Seed seed) {
  const Strata all = train.strata;
  // Rounded down as Keras does, but not where 1 − 0.9 of ten samples is 0.99… of one.
  const auto kept = [&](Index count) { return static_cast<Index>(static_cast<double>(count) * (1 - fraction) + 1e-9); };
  const auto held = [&](Index count) { return count - kept(count); };
  if (kept(all.size()) < 1) {
    throw OptionError(message("validation_fraction ", fraction, " leaves none of ", all.size(), " samples to train on"));
  }
  if (std::round(fraction * static_cast<double>(all.size())) < 1) {
    throw OptionError(message("validation_fraction ", fraction, " leaves none of ", all.size(),
                              " samples to validate on; 0 is for no validation"));
  }
  train.subset = true;
  validation = train;
  train.strata = all.shares(kept);
  validation.strata = all.shares(held);
  Index first = 0;
  const Division& division = all.division();
  for (std::size_t s = division.first(); s < division.end(); first += all.sizes()[s++]) {
    split(first, all.sizes()[s], validation.strata.sizes()[s], shuffled, seed, static_cast<Index>(s), train.chosen, validation.chosen);
  }
}

/// Checks of the options of a fit what does not depend on samples. Throws OptionError.
template <class T>
void check_fit(const FitOptions<T>& options) {
  if (options.epochs < 1) throw OptionError(message("epochs must be at least 1, found ", options.epochs));
  check_batch_size(options.batch_size);
  const double fraction = options.validation_fraction;
  if (!(fraction >= 0 && fraction < 1)) throw OptionError(message("validation_fraction must be in [0, 1), found ", fraction));
  const bool validation = options.validation.rows() > 0;
  if (validation && fraction > 0) {
    throw OptionError("validation and validation_fraction exclude each other: give one of them");
  }
  if (!validation && options.validation_targets.rows() > 0) {
    throw OptionError("validation_targets needs validation: give the inputs that they belong to");
  }
  if (!validation && options.validation_weights.rows() > 0) {
    throw OptionError("validation_weights needs validation: those of a validation_fraction are among sample_weights");
  }
  if (!validation && options.validation_element_weights.rows() > 0) {
    throw OptionError("validation_element_weights needs validation: those of a validation_fraction are among element_weights");
  }
  if (!validation && !options.validation_lengths.empty()) {
    throw OptionError("validation_lengths needs validation: those of a validation_fraction are among lengths");
  }
  if (validation && !options.lengths.empty() && options.validation_lengths.empty()) {
    throw OptionError("validation has no validation_lengths, though the inputs have lengths: give them, also where all steps count");
  }
  check_metrics(options.metrics);
  if (!options.metrics.empty() && !(options.lengths.empty() && options.validation_lengths.empty())) {
    throw OptionError("metrics take no sequences with padding: they would count it");
  }
  if (!options.metrics.empty() && !validation && fraction == 0) {
    throw OptionError("metrics need validation or validation_fraction: they are evaluated on what is validated on");
  }
}

/// Checks the samples that FitOptions::validation names, and what belongs to them; `weights` is memory for theirs. Returns none
/// where there are none. Throws ShapeError, OptionError, NonFiniteError.
template <class T>
SampleSet<T> checked_validation(const SampleRules& rules, const FitOptions<T>& options, std::vector<T>& weights) {
  if (options.validation.rows() == 0) return {};
  SampleSet<T> set{options.validation, options.validation_targets};
  if (set.targets.rows() == 0) set.targets = set.inputs;
  check_pair(rules, "validation", set.inputs, "validation_targets", set.targets);
  const Index count = set.inputs.cols();
  set.weights = checked_weights(rules, "validation_weights", options.validation_weights, count, weights);
  set.element_weights = checked_element_weights(rules, "validation_element_weights", options.validation_element_weights, count);
  set.lengths = checked_lengths(rules, "validation_lengths", options.validation_lengths, count);
  if (options.check_data) check_pair_values(rules, "validation", set.inputs, "validation_targets", set.targets, set.lengths);
  return set;
}

/// Checks all that a fit is given. Throws ShapeError, OptionError, NonFiniteError.
template <class T>
Sets<T> checked_sets(const SampleRules& rules, const Samples<T>& inputs, const Samples<T>& targets, const FitOptions<T>& options) {
  check_fit(options);
  check_pair(rules, "inputs", inputs, "targets", targets);
  Sets<T> sets{{inputs, targets}, {}};
  auto& [train, validation, weights, validation_weights] = sets;
  train.weights = checked_weights(rules, "sample_weights", options.sample_weights, inputs.cols(), weights);
  train.element_weights = checked_training_weights(rules, options.element_weights, inputs.cols());
  train.lengths = checked_lengths(rules, "lengths", options.lengths, inputs.cols());
  if (options.check_data) check_pair_values(rules, "inputs", inputs, "targets", targets, train.lengths);
  validation = checked_validation(rules, options, validation_weights);
  const bool for_all = options.element_weights.cols() == 1 && !validation.element_weights;
  if (validation.size() > 0 && for_all) validation.element_weights = train.element_weights;
  return sets;
}

}  // namespace detail

}  // namespace eigencoder
