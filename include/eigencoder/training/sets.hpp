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
  double validation_fraction = 0;  ///< in [0, 1): that part of the samples, the last ones, is validated on, not trained on
  std::vector<Callback> callbacks{};
  Progress progress = Progress::automatic;
  bool check_data = true;  ///< look for NaN, infinity and targets outside the loss's range before the first step
};

namespace detail {

/// What a fit trains on and validates on.
template <class T>
struct Sets {
  Samples<T> inputs, targets, validation, validation_targets;
};

/// What a model and an objective ask of samples.
struct SampleRules {
  Shape input, output;
  TargetRange targets;
};

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
  Sets<T> sets{inputs, targets, options.validation, options.validation_targets};
  if (sets.validation.rows() > 0 && fraction > 0) {
    throw OptionError("validation and validation_fraction exclude each other: give one of them");
  }
  if (sets.validation.rows() == 0 && sets.validation_targets.rows() > 0) {
    throw OptionError("validation_targets needs validation: give the inputs that they belong to");
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
    sets = {inputs.columns(0, kept), targets.columns(0, kept), inputs.columns(kept, rest), targets.columns(kept, rest)};
  } else if (sets.validation.rows() > 0) {
    if (sets.validation_targets.rows() == 0) sets.validation_targets = sets.validation;
    check_pair(rules, "validation", sets.validation, "validation_targets", sets.validation_targets);
  }
  if (options.check_data) {
    check_pair_values(rules, "inputs", sets.inputs, "targets", sets.targets);
    check_pair_values(rules, "validation", sets.validation, "validation_targets", sets.validation_targets);
  }
  return sets;
}

}  // namespace detail

}  // namespace eigencoder
