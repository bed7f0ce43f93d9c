// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "eigencoder/models/model.hpp"
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

/// The metrics of predictions for a set, by the given parameters.
template <class C>
std::vector<double> evaluate_metrics(const std::vector<Metric<typename C::Scalar>>& metrics, const Model<C>& model,
                                     const typename C::Scalar* theta, const SampleSet<typename C::Scalar>& set,
                                     std::size_t threads) {
  using T = typename C::Scalar;
  using Matrix = typename Model<C>::Matrix;
  constexpr Index piece = 64;
  const Index all = set.size(), pieces = (all + piece - 1) / piece;
  const bool in_place = set.chosen.empty() && set.targets.in_place();
  Matrix outputs(C::output.size(), all), targets(set.targets.rows(), in_place ? 0 : all);
  const double operations = 2.0 * static_cast<double>(C::multiplications) * static_cast<double>(all);
  const std::size_t parts = useful_threads(operations, std::min(threads, static_cast<std::size_t>(pieces)));
  in_parallel(parts, [&](std::size_t part) {
    const auto border = [&](std::size_t p) { return pieces * static_cast<Index>(p) / static_cast<Index>(parts); };
    Workspace<C> workspace(std::min(piece, all));
    Matrix inputs(C::input.size(), workspace.columns());
    for (Index p = border(part); p < border(part + 1); ++p) {
      const Index first = p * piece, count = std::min(piece, all - first);
      for (Index j = 0; j < count; ++j) {
        const Index sample = set.chosen.empty() ? first + j : set.chosen[static_cast<std::size_t>(first + j)];
        set.inputs.copy_column(sample, inputs.col(j).data());
        if (!in_place) set.targets.copy_column(sample, targets.col(first + j).data());
      }
      workspace.template run<0, C::size>(model.layers(), {theta, model.state().data(), nullptr}, 1, inputs.data(),
                                         outputs.col(first).data(), count);
    }
  });
  const MatrixView<const T> y(outputs.data(), outputs.rows(), all);
  const MatrixView<const T> t(in_place ? set.targets.column(0) : targets.data(), targets.rows(), all);
  std::vector<double> values;
  for (const Metric<T>& metric : metrics) values.push_back(metric.function(y, t));
  return values;
}

}  // namespace detail

}  // namespace eigencoder
