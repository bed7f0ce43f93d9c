// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdio>

#include "eigencoder/training/callbacks.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace eigencoder {

/// How a fit shows where it stands, on standard error. `automatic`: a bar on a terminal, a line an epoch elsewhere.
enum class Progress { automatic, bar, lines, quiet };

namespace detail {

inline bool on_terminal() {
#if defined(__unix__) || defined(__APPLE__)
  return isatty(STDERR_FILENO) == 1;
#else
  return false;
#endif
}

/// 75 → "1m15s"
inline std::string readable_seconds(double seconds) {
  const Index whole = std::lround(seconds);
  if (seconds < 9.95) {
    char text[16];
    std::snprintf(text, sizeof text, "%.1fs", seconds);
    return text;
  }
  if (whole < 60) return message(whole, 's');
  if (whole < 3600) return message(whole / 60, 'm', whole % 60 < 10 ? "0" : "", whole % 60, 's');
  return message(whole / 3600, 'h', whole / 60 % 60 < 10 ? "0" : "", whole / 60 % 60, 'm');
}

/// Draws a fit's progress. Nothing is drawn more than ten times a second.
class ProgressDisplay {
 public:
  ProgressDisplay(Progress style, Index epochs, std::vector<std::string> terms)
      : bar_(style == Progress::bar || (style == Progress::automatic && on_terminal())),
        quiet_(style == Progress::quiet),
        epochs_(epochs),
        terms_(std::move(terms)) {}

  void batch(const BatchReport& report) {
    if (quiet_ || !bar_ || (report.seconds - drawn_ < 0.1 && report.samples < report.total)) return;
    drawn_ = report.seconds;
    constexpr Index width = 24;
    const Index filled = report.samples * width / report.total;
    const double rate = static_cast<double>(report.samples) / std::max(report.seconds, 1e-9);
    const Index left = report.total - report.samples + (epochs_ - report.epoch) * report.total;
    std::fprintf(stderr, "\r\033[K%s [%s%s] %.0f samples/s  loss %.5g  %s left", head(report.epoch).c_str(),
                 std::string(static_cast<std::size_t>(filled), '=').c_str(),
                 std::string(static_cast<std::size_t>(width - filled), ' ').c_str(), rate, report.loss,
                 readable_seconds(static_cast<double>(left) / rate).c_str());
    std::fflush(stderr);
  }

  void warning(const std::string& text) {
    if (!quiet_) std::fprintf(stderr, "warning: %s\n", text.c_str());
  }

  void epoch(const EpochReport& report) {
    drawn_ = 0;
    if (quiet_) return;
    std::string line = head(report.epoch) + "  loss " + values(report.train);
    if (report.validated) line += "  validation " + values(report.validation);
    std::fprintf(stderr, "%s%s  %.0f samples/s  %s\n", bar_ ? "\r\033[K" : "", line.c_str(), report.samples_per_second,
                 readable_seconds(report.seconds).c_str());
    std::fflush(stderr);
  }

 private:
  std::string head(Index epoch) const {
    const std::string all = std::to_string(epochs_), now = std::to_string(epoch);
    return message("epoch ", std::string(all.size() - std::min(all.size(), now.size()), ' '), now, '/', all);
  }
  /// "0.2874", or with several terms "0.31 (BinaryCrossEntropy 0.28, KLSparsity 0.3)".
  std::string values(const Evaluation& evaluation) const {
    const auto number = [](double value) {
      char text[32];
      std::snprintf(text, sizeof text, "%.5g", value);
      return std::string(text);
    };
    std::string text = number(evaluation.loss);
    if (terms_.size() < 2) return text;
    for (std::size_t k = 0; k < terms_.size(); ++k) {
      text += message(k == 0 ? " (" : ", ", terms_[k], ' ', number(evaluation.terms[k]));
    }
    return text + ')';
  }

  bool bar_, quiet_;
  Index epochs_;
  std::vector<std::string> terms_;
  double drawn_ = 0;
};

}  // namespace detail

}  // namespace eigencoder
