// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "eigencoder/training/history.hpp"

namespace eigencoder {

/// A fit in a report: its history, and a name where there are several.
struct ReportRun {
  std::string name;
  History history;

  ReportRun(History results) : history(std::move(results)) {}  // NOLINT(google-explicit-constructor): a run without a name
  ReportRun(std::string called, History results) : name(std::move(called)), history(std::move(results)) {}
};

namespace detail {

/// With at most so many significant digits, or fewer where they are all there are; "NaN", "∞", "−∞". In no locale.
std::string short_number(double value, int digits = 6);

}  // namespace detail

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/training/report_curves_impl.hpp"
#endif
