// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "eigencoder/training/callbacks.hpp"

namespace eigencoder::detail {

/// Names as they are, and a second one of the same name as "name_2".
inline std::vector<std::string> told_apart(const std::vector<std::string>& names) {
  std::vector<std::string> apart;
  for (const std::string& name : names) {
    std::string unique = name;
    for (int number = 2; std::find(apart.begin(), apart.end(), unique) != apart.end(); ++number)
      unique = message(name, '_', number);
    apart.push_back(unique);
  }
  return apart;
}

/// Names of a fit's terms and metrics, no two alike.
struct EpochNames {
  std::vector<std::string> terms{}, metrics{};

  explicit EpochNames(const FitPlan& plan) {
    std::vector<std::string> all{"loss"};
    all.insert(all.end(), plan.terms.begin(), plan.terms.end());
    all.insert(all.end(), plan.metrics.begin(), plan.metrics.end());
    all = told_apart(all);
    const auto last = all.begin() + 1 + std::ssize(plan.terms);
    terms.assign(all.begin() + 1, last);
    metrics.assign(last, all.end());
  }
};

/// A number of an epoch with its name.
struct EpochValue {
  std::string name;
  double value = 0;
};

/// What a log says of an epoch, in its order. The names depend on the plan alone.
inline std::vector<EpochValue> epoch_values(const FitPlan& plan, const EpochReport& report) {
  std::vector<EpochValue> values;
  const EpochNames names(plan);
  const auto add = [&](const std::string& prefix, const Evaluation& found) {
    values.push_back({prefix + "loss", found.loss});
    for (std::size_t k = 0; k < names.terms.size(); ++k) values.push_back({prefix + names.terms[k], found.terms.at(k)});
  };
  add("", report.train);
  if (plan.validates) add("validation_", report.validation);
  for (std::size_t k = 0; k < names.metrics.size(); ++k)
    values.push_back({"validation_" + names.metrics[k], report.metrics.at(k)});
  values.push_back({"learning_rate", report.learning_rate});
  values.push_back({"gradient_norm", report.gradient_norm});
  values.push_back({"seconds", report.seconds});
  values.push_back({"samples_per_second", report.samples_per_second});
  return values;
}

}  // namespace eigencoder::detail
