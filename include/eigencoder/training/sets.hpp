// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <vector>

#include "eigencoder/training/callbacks.hpp"
#include "eigencoder/training/check_data.hpp"
#include "eigencoder/training/progress.hpp"

namespace eigencoder {

template <class T>
struct FitOptions {
  Index epochs = 1;
  Index batch_size = 32;    ///< the last batch of an epoch holds what is left, and is trained on at its true size
  bool shuffle = true;      ///< a new order each epoch
  Samples<T> validation{};  ///< evaluated after each epoch; its own targets unless validation_targets is given
  Samples<T> validation_targets{};
  double validation_fraction = 0;   ///< in [0, 1): that part of the samples, the last ones, is validated on, not trained on
  Samples<T> sample_weights{};      ///< of the inputs: one value each, in a row or a column; none: all are 1
  Samples<T> validation_weights{};  ///< of `validation`
  std::vector<Callback> callbacks{};
  Progress progress = Progress::automatic;
  bool check_data = true;  ///< look for NaN, infinity and targets outside the loss's range before the first step
};

namespace detail {

/// What a fit trains on and validates on.
template <class T>
struct Sets {
  Samples<T> inputs, targets, validation, validation_targets;
  std::vector<T> weights, validation_weights;  ///< of the samples, or none
};

/// What a model and an objective ask of samples.
struct SampleRules {
  Shape input, output;
  TargetRange targets;
  std::string (*unweighted)();  ///< the name of a loss that takes no weights of samples, or null
};

/// The name of an objective's first loss that takes no weights of samples.
template <class... Terms>
constexpr auto unweighted_loss(std::type_identity<Objective<Terms...>>) {
  std::string (*name)() = nullptr;
  const auto look = [&]<class Term>() {
    if (name == nullptr && Loss<Term> && !needs_of<Term>.sample_weights) name = type_name<Term>;
  };
  (look.template operator()<Terms>(), ...);
  return name;
}

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

inline void check_batch_size(Index batch_size) {
  if (batch_size < 1) throw OptionError(message("batch_size must be at least 1, found ", batch_size));
}

template <class T>
void check_pair(const SampleRules& rules, const char* inputs_name, const Samples<T>& inputs, const char* targets_name,
                const Samples<T>& targets) {
  check_samples(inputs_name, inputs, rules.input);
  check_samples(targets_name, targets, rules.output);
  if (inputs.cols() != targets.cols()) {
    throw ShapeError(message(targets_name, ": expected ", inputs.cols(), " samples, as many as ", inputs_name, " has, found ",
                             targets.cols()));
  }
}

template <class T>
void check_pair_values(const SampleRules& rules, const char* inputs_name, const Samples<T>& inputs, const char* targets_name,
                       const Samples<T>& targets) {
  constexpr std::string_view instead = ", or set check_data = false";
  const bool restored = targets == inputs;
  check_values(inputs_name, inputs, restored ? rules.targets : TargetRange{}, instead);
  if (!restored) check_values(targets_name, targets, rules.targets, instead);
}

template <class T>
void check_targets(const SampleRules& rules, const Samples<T>& inputs, const Samples<T>& targets) {
  if (rules.targets.term != nullptr) check_values(targets == inputs ? "inputs" : "targets", targets, rules.targets);
}

/// Checks all that a fit is given, and cuts off what it is to validate on. Throws ShapeError, OptionError, NonFiniteError.
template <class T>
Sets<T> checked_sets(const SampleRules& rules, const Samples<T>& inputs, const Samples<T>& targets,
                     const FitOptions<T>& options) {
  if (options.epochs < 1) throw OptionError(message("epochs must be at least 1, found ", options.epochs));
  check_batch_size(options.batch_size);
  const double fraction = options.validation_fraction;
  if (!(fraction >= 0 && fraction < 1)) throw OptionError(message("validation_fraction must be in [0, 1), found ", fraction));
  check_pair(rules, "inputs", inputs, "targets", targets);
  Sets<T> sets{inputs, targets, options.validation, options.validation_targets, {}, {}};
  checked_weights(rules, "sample_weights", options.sample_weights, inputs.cols(), sets.weights);
  if (sets.validation.rows() > 0 && fraction > 0) {
    throw OptionError("validation and validation_fraction exclude each other: give one of them");
  }
  if (sets.validation.rows() == 0 && sets.validation_targets.rows() > 0) {
    throw OptionError("validation_targets needs validation: give the inputs that they belong to");
  }
  if (sets.validation.rows() == 0 && options.validation_weights.rows() > 0) {
    throw OptionError("validation_weights needs validation: those of a validation_fraction are among sample_weights");
  }
  if (fraction > 0) {
    const auto kept = static_cast<Index>(static_cast<double>(inputs.cols()) * (1 - fraction)), rest = inputs.cols() - kept;
    if (kept < 1) {
      throw OptionError(message("validation_fraction ", fraction, " leaves none of ", inputs.cols(), " samples to train on"));
    }
    if (std::round(fraction * static_cast<double>(inputs.cols())) < 1) {
      throw OptionError(message("validation_fraction ", fraction, " leaves none of ", inputs.cols(),
                                " samples to validate on; 0 is for no validation"));
    }
    sets.inputs = inputs.columns(0, kept);
    sets.targets = targets.columns(0, kept);
    sets.validation = inputs.columns(kept, rest);
    sets.validation_targets = targets.columns(kept, rest);
    if (!sets.weights.empty()) sets.validation_weights.assign(sets.weights.begin() + kept, sets.weights.end());
  } else if (sets.validation.rows() > 0) {
    if (sets.validation_targets.rows() == 0) sets.validation_targets = sets.validation;
    check_pair(rules, "validation", sets.validation, "validation_targets", sets.validation_targets);
    checked_weights(rules, "validation_weights", options.validation_weights, sets.validation.cols(), sets.validation_weights);
  }
  if (options.check_data) {
    check_pair_values(rules, "inputs", sets.inputs, "targets", sets.targets);
    check_pair_values(rules, "validation", sets.validation, "validation_targets", sets.validation_targets);
  }
  return sets;
}

}  // namespace detail

}  // namespace eigencoder
