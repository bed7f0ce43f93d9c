// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <type_traits>

#include "eigencoder/core/layer.hpp"
#include "eigencoder/core/objective.hpp"
#include "eigencoder/core/type_name.hpp"
#include "eigencoder/models/lengths.hpp"
#include "eigencoder/models/samples.hpp"

namespace eigencoder {

/// Throws ShapeError unless `samples` has a row for each value of `shape` and at least one column.
template <class T>
void check_samples(std::string_view name, const Samples<T>& samples, Shape shape) {
  if (samples.rows() != shape.size()) {
    throw ShapeError(message(name, ": expected ", shape.size(), " rows (shape ", to_string(shape),
                             ", one sample a column), found a matrix of ", samples.rows(), " × ", samples.cols()));
  }
  if (samples.cols() == 0) throw ShapeError(message(name, ": expected at least one sample, found none"));
}

/// What an objective asks of its targets, or a network's first layer of its inputs: a closed interval, and who asks for it.
struct TargetRange {
  Range range = unbounded;
  std::string (*term)() = nullptr;  ///< the name of the term, or of the layer
  bool whole = false;               ///< of whole numbers alone
  Index every = 1;                  ///< of values 0, every, 2 · every, … alone: of the others nothing is asked
};

namespace detail {

/// Of what the terms say of their targets, the narrowest. `channels`: of the network's output.
template <class... Terms>
constexpr TargetRange target_range(std::type_identity<Objective<Terms...>>, Index channels) {
  TargetRange narrowest;
  const auto narrow = [&]<class Term>() {
    constexpr TermNeeds needs = needs_of<Term>;
    narrowest.whole = narrowest.whole || needs.class_numbers;
    const Range range = needs.class_numbers ? Range{-1, static_cast<double>(channels - 1)} : needs.targets;
    if (range.low == unbounded.low && range.high == unbounded.high) return;
    narrowest.range = {std::max(narrowest.range.low, range.low), std::min(narrowest.range.high, range.high)};
    narrowest.term = type_name<Term>;
  };
  (narrow.template operator()<Terms>(), ...);
  return narrowest;
}

}  // namespace detail

/// Throws NonFiniteError, naming the place, if a value is NaN or infinite, OptionError if one is not what is asked for. Padding is
/// not looked at. `instead` is appended to the message: what else may be done.
template <class T>
void check_values(std::string_view name, const Samples<T>& samples, const TargetRange& targets = {},
                  std::string_view instead = {}, const Lengths& lengths = {}) {
  const T low = static_cast<T>(targets.range.low), high = static_cast<T>(targets.range.high);
  if (samples.integers() && low <= samples.least_integer() && high >= 1 && !targets.whole) return;
  const Index piece = std::max<Index>(32768 / std::max<Index>(samples.rows(), 1), 1);  // columns on disk that are read at once
  Eigen::Matrix<T, Eigen::Dynamic, 1> read(samples.on_disk() ? samples.rows() * std::min(piece, samples.cols()) : 0);
  for (Index j = 0; j < samples.cols(); ++j) {
    const Index rows = lengths ? lengths.values(j) : samples.rows();
    const T* values = nullptr;
    if (samples.on_disk()) {
      if (j % piece == 0) samples.columns_without_gaps(j, std::min(piece, samples.cols() - j), read.data());
      values = read.data() + j % piece * samples.rows();
    } else if (!samples.integers()) {
      values = samples.column(j);
    }
    if (values && !targets.whole) {
      const VectorView<const T> column(values, rows);
      // Not zero for any value outside, for infinity (∞ − ∞) and for NaN: one pass, and the compiler vectorises it.
      if ((column - column.cwiseMax(low).cwiseMin(high)).cwiseAbs().sum() == T(0)) continue;
    }
    for (Index i = 0; i < rows; ++i) {
      const T value = values ? values[i] : samples.value(i, j);
      if (!std::isfinite(value)) {
        throw NonFiniteError(message(name, ": expected finite values, found ", value, " in row ", i, " of sample ", j,
                                     "; clean the data", instead));
      }
      if (i % targets.every != 0) continue;
      if (value < low || value > high || (targets.whole && value != std::floor(value))) {
        throw OptionError(message(name, ": ", targets.term(), " expects ", targets.whole ? "whole numbers" : "targets", " in [", low, ", ", high, "], found ", value,
                                  " in row ", i, " of sample ", j, targets.whole ? "" : "; scale the data to that", instead));
      }
    }
  }
}

namespace detail {

/// What a model and an objective ask of samples.
struct SampleRules {
  Shape input, target;
  TargetRange targets, inputs{};  ///< the objective's, and the first layer's
  std::string (*unweighted)() = nullptr;           ///< the name of a loss that takes no weights of samples, or null
  std::string (*unweighted_elements)() = nullptr;  ///< of one that takes none of elements
  std::string (*weighing)() = nullptr;             ///< of a layer that weighs the values of the targets in training, or null
  std::string (*whole)() = nullptr;                ///< of a layer or a term that takes no sequences with padding
  void (*check_lengths)(std::string_view name, StepCounts lengths, Index samples) = nullptr;
  Lengths (*input_lengths)(const Index*) = nullptr;  ///< how many values of an input are its own, and of a target
  Lengths (*target_lengths)(const Index*) = nullptr;
};

template <class T>
void check_pair(const SampleRules& rules, const char* inputs_name, const Samples<T>& inputs, const char* targets_name,
                const Samples<T>& targets) {
  check_samples(inputs_name, inputs, rules.input);
  check_samples(targets_name, targets, rules.target);
  if (inputs.cols() != targets.cols()) {
    throw ShapeError(message(targets_name, ": expected ", inputs.cols(), " samples, as many as ", inputs_name, " has, found ",
                             targets.cols()));
  }
}

template <class T>
void check_targets(const SampleRules& rules, const Samples<T>& inputs, const Samples<T>& targets, const Index* lengths = nullptr) {
  if (rules.inputs.term != nullptr) check_values("inputs", inputs, rules.inputs, {}, rules.input_lengths(lengths));
  if (rules.targets.term != nullptr) {
    check_values(targets == inputs ? "inputs" : "targets", targets, rules.targets, {}, rules.target_lengths(lengths));
  }
}

/// What the first layer of a chain asks of its inputs: a layer may say `static constexpr Range whole_inputs`, and if not all are
/// whole numbers, which: `static constexpr Index whole_every`.
template <class C>
constexpr TargetRange input_range() {
  using First = typename C::template layer<0>;
  if constexpr (requires { First::whole_every; }) return {First::whole_inputs, type_name<First>, true, First::whole_every};
  if constexpr (requires { First::whole_inputs; }) return {First::whole_inputs, type_name<First>, true};
  return {};
}

/// The rules of the lengths of a chain.
template <class C>
constexpr void add_length_rules(SampleRules& rules) {
  rules.check_lengths = check_lengths<C>;
  rules.input_lengths = Steps<C>::template lengths<0>;
  const bool values = rules.target.channels == C::output.channels;  // and not a class number each step
  rules.target_lengths = values ? Steps<C>::template lengths<C::size> : Steps<C>::template lengths<C::size, 1>;
}

}  // namespace detail

}  // namespace eigencoder
