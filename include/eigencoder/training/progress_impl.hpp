// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "eigencoder/training/progress.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <sys/ioctl.h>
#include <unistd.h>
#endif

#include "eigencoder/core/bodies.hpp"

namespace eigencoder {

namespace detail {

EIGENCODER_INLINE bool on_terminal() {
#if defined(__unix__) || defined(__APPLE__)
  return isatty(STDERR_FILENO) == 1;
#else
  return false;
#endif
}

EIGENCODER_INLINE Index terminal_columns() {
#ifdef TIOCGWINSZ
  if (winsize size{}; ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
#endif
  return 80;
}

EIGENCODER_INLINE std::string readable_seconds(double seconds) {
  const Index whole = std::lround(seconds);
  if (seconds < 0.0995) return formatted("%.2gms", 1000 * seconds);
  if (seconds < 9.95) return formatted("%.1fs", seconds);
  if (whole < 60) return message(whole, 's');
  if (whole < 3600) return message(whole / 60, 'm', whole % 60 < 10 ? "0" : "", whole % 60, 's');
  return message(whole / 3600, 'h', whole / 60 % 60 < 10 ? "0" : "", whole / 60 % 60, 'm');
}

EIGENCODER_INLINE void ProgressDisplay::batch(const BatchReport& report) {
  if (quiet_ || !bar_ || (report.seconds - drawn_ < 0.1 && report.samples != report.total)) return;
  drawn_ = report.seconds;
  std::fprintf(stderr, "\r\033[K%s", bar(report, terminal_columns()).c_str());
  std::fflush(stderr);
  open_ = true;
}

EIGENCODER_INLINE std::string ProgressDisplay::bar(const BatchReport& report, Index columns) const {
  const double rate = static_cast<double>(report.samples) / std::max(report.seconds, 1e-9);
  const bool known = report.total > 0;
  const Index left = std::max<Index>(report.total - report.samples, 0) + (epochs_ - report.epoch) * report.total;
  std::string speed = formatted(" %.0f samples/s", rate), loss = formatted("  loss %.5g", report.loss);
  std::string time = known ? message("  ", readable_seconds(static_cast<double>(left) / rate), " left")
                           : message("  ", report.samples, " samples");

  std::string line = head(report.epoch).substr(0, static_cast<std::size_t>(columns - 1));
  Index room = columns - 1 - std::ssize(line);
  for (std::string* part : {&loss, &time, &speed}) {
    if (std::ssize(*part) > room) part->clear();
    room -= std::ssize(*part);
  }
  if (const Index cells = std::min<Index>(room - 3, 24); known && cells >= 5) {
    const auto filled = static_cast<std::size_t>(std::min(report.samples * cells / report.total, cells));
    line += message(" [", std::string(filled, '='), std::string(static_cast<std::size_t>(cells) - filled, ' '), ']');
  }
  return line + speed + loss + time;
}

EIGENCODER_INLINE void ProgressDisplay::warning(const std::string& text) {
  if (!quiet_) std::fprintf(stderr, "warning: %s\n", text.c_str());
}

EIGENCODER_INLINE void ProgressDisplay::epoch(const EpochReport& report) {
  drawn_ = 0;
  open_ = false;
  if (quiet_) return;
  const Index columns = bar_ ? terminal_columns() : std::numeric_limits<Index>::max();
  std::fprintf(stderr, "%s%s\n", bar_ ? "\r\033[K" : "", line(report, columns).c_str());
  std::fflush(stderr);
}

EIGENCODER_INLINE std::string ProgressDisplay::line(const EpochReport& report, Index columns) const {
  std::string text = head(report.epoch).substr(0, static_cast<std::size_t>(columns - 1));
  std::vector<std::string> parts{"  loss " + number(report.train.loss)};
  if (report.validated) parts.push_back("  validation " + number(report.validation.loss));
  for (std::size_t k = 0; k < report.metrics.size(); ++k) {
    parts.push_back(message("  ", metrics_[k], ' ', number(report.metrics[k])));
  }
  parts.push_back(formatted("  %.0f samples/s", report.samples_per_second) + "  " + readable_seconds(report.seconds));
  Index room = columns - 1 - std::ssize(text);
  for (std::string& part : parts) {
    if (std::ssize(part) > room) part.clear();
    room -= std::ssize(part);
  }
  const std::string train = terms_of(report.train), validation = terms_of(report.validation);
  if (std::ssize(train) + std::ssize(validation) <= room) {
    parts[0] += train;
    if (report.validated) parts[1] += validation;
  }
  for (const std::string& part : parts) text += part;
  return text;
}

EIGENCODER_INLINE void ProgressDisplay::close() {
  if (std::exchange(open_, false)) std::fputc('\n', stderr);
}

EIGENCODER_INLINE std::string ProgressDisplay::head(Index epoch) const {
  const std::string all = std::to_string(epochs_), now = std::to_string(epoch);
  return message("epoch ", std::string(all.size() - std::min(all.size(), now.size()), ' '), now, '/', all);
}

EIGENCODER_INLINE std::string ProgressDisplay::terms_of(const Evaluation& evaluation) const {
  if (terms_.size() < 2 || evaluation.terms.empty()) return {};
  std::string text;
  for (std::size_t k = 0; k < terms_.size(); ++k) {
    text += message(k == 0 ? " (" : ", ", terms_[k], ' ', number(evaluation.terms[k]));
  }
  return text + ')';
}

}  // namespace detail

}  // namespace eigencoder
