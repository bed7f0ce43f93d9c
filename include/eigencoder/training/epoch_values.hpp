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

/// A number of an epoch with its name.
struct EpochValue {
  std::string name;
  double value = 0;
};

/// What a log says of an epoch, in its order. The names depend on the plan alone.
inline std::vector<EpochValue> epoch_values(const FitPlan& plan, const EpochReport& report) {
  std::vector<EpochValue> values;
  const std::vector<std::string> terms = told_apart(plan.terms);
  const auto add = [&](const std::string& prefix, const Evaluation& found) {
    values.push_back({prefix + "loss", found.loss});
    for (std::size_t k = 0; k < terms.size(); ++k) values.push_back({prefix + terms[k], found.terms.at(k)});
  };
  add("", report.train);
  if (plan.validates) add("validation_", report.validation);
  values.push_back({"learning_rate", report.learning_rate});
  values.push_back({"gradient_norm", report.gradient_norm});
  values.push_back({"seconds", report.seconds});
  values.push_back({"samples_per_second", report.samples_per_second});
  return values;
}

}  // namespace eigencoder::detail
