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

/// The metrics of predictions for a set, of all ranks: predict(first, end, outputs) makes those of samples [first, end), which must be
/// safe from many threads at once.
template <class T, class Predict>
std::vector<double> evaluate_metrics(const std::vector<Metric<T>>& metrics, const SampleSet<T>& set, Index output, double operations,
                                     std::size_t threads, const AnyCommunicator& ranks, const Predict& predict) {
  constexpr Index piece = 64;
  const Index here = set.size(), all = set.strata.size(), before = set.strata.first();
  const Index pieces = (here + piece - 1) / piece, target = set.targets.rows();
  const bool in_place = !set.subset && set.targets.in_place() && ranks.alone();
  const auto scalars = [](Index count) { return Arena<T>(static_cast<std::size_t>(count)); };
  Arena<T> outputs = scalars(output * all), targets = scalars(in_place ? 0 : target * all);
  const std::size_t parts = useful_threads(operations * static_cast<double>(here), std::min(threads, static_cast<std::size_t>(pieces)));
  in_parallel(parts, [&](std::size_t part) {
    const auto border = [&](std::size_t p) {
      return std::min(pieces * static_cast<Index>(p) / static_cast<Index>(parts) * piece, here);
    };
    const Index first = border(part), end = border(part + 1);
    for (Index j = first; j < end && !in_place; ++j) set.targets.copy_column(set.sample(j), targets.data() + (before + j) * target);
    predict(first, end, outputs.data() + (before + first) * output);
  });
  ranks.sum(std::span<T>(outputs));  // of each column, one rank has more than zeros
  ranks.sum(std::span<T>(targets));
  const MatrixView<const T> y(outputs.data(), output, all);
  const MatrixView<const T> t(in_place ? set.targets.column(0) : targets.data(), target, all);
  std::vector<double> values;
  for (const Metric<T>& metric : metrics) values.push_back(metric.function(y, t));
  return values;
}

}  // namespace detail

}  // namespace eigencoder
