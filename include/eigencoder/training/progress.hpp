// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "eigencoder/training/callbacks.hpp"

namespace eigencoder {

/// How a fit shows its progress, on standard error. `automatic`: a bar on a terminal, a line an epoch elsewhere.
enum class Progress { automatic, bar, lines, quiet };

namespace detail {

bool on_terminal();

/// The width of the terminal in characters; 80 if it is unknown.
Index terminal_columns();

template <class Number>
std::string formatted(const char* format, Number number) {
  char text[64];
  std::snprintf(text, sizeof text, format, number);
  return text;
}

/// 75 → "1m15s", 0.0042 → "4.2ms"
std::string readable_seconds(double seconds);

/// Draws a fit's progress. Nothing is drawn more than ten times a second.
class ProgressDisplay {
 public:
  ProgressDisplay(Progress style, Index epochs, std::vector<std::string> terms, std::vector<std::string> metrics = {})
      : bar_(style == Progress::bar || (style == Progress::automatic && on_terminal())),
        quiet_(style == Progress::quiet),
        epochs_(epochs),
        terms_(std::move(terms)),
        metrics_(std::move(metrics)) {}

  void batch(const BatchReport& report);

  /// A line shorter than `columns`. As far as there is room it holds, in this order of importance, the loss, the time left, the
  /// rate and a bar.
  std::string bar(const BatchReport& report, Index columns) const;

  void warning(const std::string& text);

  void epoch(const EpochReport& report);

  /// An epoch in less than `columns`. As far as there is room it holds, in this order of importance, the losses, the metrics, the
  /// rate and the losses' terms.
  std::string line(const EpochReport& report, Index columns) const;

  /// Leaves the bar of an epoch that has been stopped.
  void close();

 private:
  std::string head(Index epoch) const;
  static std::string number(double value) { return formatted("%.5g", value); }
  /// Of several terms " (BinaryCrossEntropy 0.28, KLSparsity 0.3)".
  std::string terms_of(const Evaluation& evaluation) const;

  bool bar_, quiet_, open_ = false;  ///< open_: the bar's line has no end yet
  Index epochs_;
  std::vector<std::string> terms_, metrics_;
  double drawn_ = 0;
};

}  // namespace detail

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/training/progress_impl.hpp"
#endif
