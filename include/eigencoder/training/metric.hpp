// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "eigencoder/engine/arena.hpp"
#include "eigencoder/engine/parallel.hpp"
#include "eigencoder/training/batch.hpp"

namespace eigencoder {

/// A number of your own that a fit evaluates on the validation set after each epoch: a name, and a function of the outputs and
/// the targets, output × N each, on the thread that called fit. It may return NaN.
///   .metrics = {{"largest error", [](const auto& y, const auto& t) { return (y - t).cwiseAbs().maxCoeff(); }}}
/// Keras: metrics of compile.
template <class T>
struct Metric {
  using Matrix = MatrixView<const T>;
  std::string name;
  std::function<double(const Matrix& outputs, const Matrix& targets)> function;
};

namespace detail {

/// Throws OptionError if a metric lacks its name or its function.
template <class T>
void check_metrics(const std::vector<Metric<T>>& metrics) {
  for (const Metric<T>& metric : metrics) {
    if (metric.name.empty()) throw OptionError("metrics: each must have a name, found one without");
    if (!metric.function) throw OptionError(message("metrics: \"", metric.name, "\" has no function"));
  }
}

/// Predicts with a model, whatever its type.
template <class T>
struct Predictor {
  using Run = std::function<void(const T* x, T* y, Index count)>;

  Index input = 0, output = 0;  ///< values a sample
  double operations = 0;        ///< a sample
  std::function<Run(Index columns)> make{};  ///< what runs up to `columns` samples at a time, in memory of its own
};

/// The metrics of predictions for a set.
template <class T>
std::vector<double> evaluate_metrics(const std::vector<Metric<T>>& metrics, const Predictor<T>& predictor, const SampleSet<T>& set,
                                     std::size_t threads) {
  constexpr Index piece = 64;
  const Index all = set.size(), pieces = (all + piece - 1) / piece, target = set.targets.rows();
  const bool in_place = set.chosen.empty() && set.targets.in_place();
  const auto scalars = [](Index count) { return Arena<T>(static_cast<std::size_t>(count)); };
  Arena<T> outputs = scalars(predictor.output * all), targets = scalars(in_place ? 0 : target * all);
  const std::size_t parts =
      useful_threads(predictor.operations * static_cast<double>(all), std::min(threads, static_cast<std::size_t>(pieces)));
  in_parallel(parts, [&](std::size_t part) {
    const auto border = [&](std::size_t p) { return pieces * static_cast<Index>(p) / static_cast<Index>(parts); };
    const Index columns = std::min(piece, all);
    const auto run = predictor.make(columns);
    Arena<T> inputs = scalars(predictor.input * columns);
    for (Index p = border(part); p < border(part + 1); ++p) {
      const Index first = p * piece, count = std::min(piece, all - first);
      for (Index j = 0; j < count; ++j) {
        const Index sample = set.chosen.empty() ? first + j : set.chosen[static_cast<std::size_t>(first + j)];
        set.inputs.copy_column(sample, inputs.data() + j * predictor.input);
        if (!in_place) set.targets.copy_column(sample, targets.data() + (first + j) * target);
      }
      run(inputs.data(), outputs.data() + first * predictor.output, count);
    }
  });
  const MatrixView<const T> y(outputs.data(), predictor.output, all);
  const MatrixView<const T> t(in_place ? set.targets.column(0) : targets.data(), target, all);
  std::vector<double> values;
  for (const Metric<T>& metric : metrics) values.push_back(metric.function(y, t));
  return values;
}

}  // namespace detail

}  // namespace eigencoder
