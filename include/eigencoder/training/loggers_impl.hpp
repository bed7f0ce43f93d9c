// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/files/append_file.hpp"
#include "eigencoder/files/atomic_file.hpp"
#include "eigencoder/files/json.hpp"
#include "eigencoder/files/read_file.hpp"
#include "eigencoder/training/epoch_values.hpp"
#include "eigencoder/training/loggers.hpp"

namespace eigencoder {

namespace detail {

/// A field of a CSV file (RFC 4180): in quotation marks where it needs them.
inline std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char character : text) quoted += character == '"' ? std::string("\"\"") : std::string(1, character);
  return quoted + '"';
}

/// The shortest digits that give the same number again, or nan, inf, -inf.
inline std::string csv_number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return json_number(value);
}

/// Where lines of a log are to go. Without `append` a file of that name is replaced by an empty one at once, or by `head`. With
/// it the new lines follow the old ones, of which the first must be `head` if there is one. What a process that was killed
/// within a write has left of its last line, which begins with `first`, is cut off. Throws FileError.
inline AppendFile open_log(const std::filesystem::path& path, bool append, std::string_view head, std::string_view first) {
  std::error_code unused;
  if (!append || !std::filesystem::exists(path, unused)) {
    write_file(path, head);
    return AppendFile(path);
  }
  const std::vector<std::byte> bytes = read_file(path);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (head.starts_with(text)) {  // empty, or not even that was complete
    write_file(path, head);
    return AppendFile(path);
  }
  if (!text.starts_with(head)) {
    throw FileError(message(path.string(), ", line 1: expected the columns of this fit, ", head.substr(0, head.size() - 1),
                            ", found ", text.substr(0, std::min<std::size_t>(text.find('\n'), 200)),
                            "; write to another file"));
  }
  const std::size_t whole = text.rfind('\n') + 1;  // 0 if there is no newline
  const std::string_view rest = text.substr(whole);
  if (!rest.starts_with(first) && !first.starts_with(rest)) {
    const auto line = std::count(text.begin(), text.end(), '\n') + 1;
    throw FileError(message(path.string(), ", line ", line,
                            ": expected a line of this log, found another without an end; write to another file"));
  }
  AppendFile file(path);
  if (!rest.empty()) std::filesystem::resize_file(path, whole);
  return file;
}

/// A callback that adds a line to a file after each epoch: head(plan) is what a new file begins with, line(epoch, values) a
/// line, which begins with `first`. The file is opened for each fit anew.
template <class Head, class Line>
Callback log_epochs(const char* owner, const std::filesystem::path& path, bool append, Head head, std::string_view first,
                    Line line) {
  if (path.filename().empty()) throw OptionError(message(owner, ": path must name a file, found \"", path.string(), '"'));
  struct State {
    AnyTrainer* trainer = nullptr;
    FitPlan plan{};
    std::optional<AppendFile> file{};
  };
  const auto state = std::make_shared<State>();
  return {.before_fit =
              [=](AnyTrainer& trainer, const FitPlan& plan) {
                state->trainer = &trainer;
                state->plan = plan;
                state->file.reset();
                state->file.emplace(open_log(path, append, head(plan), first));
              },
          .after_epoch =
              [=](const EpochReport& report) {
                state->file->append(line(state->trainer->epochs(), epoch_values(state->plan, report)));
                return Training::go_on;
              },
          .after_fit = [=](const History&) { state->file.reset(); },
          .first_rank_alone = true};
}

}  // namespace detail

EIGENCODER_INLINE CsvLogger::operator Callback() const {
  return detail::log_epochs(
      "CsvLogger", path, append,
      [](const FitPlan& plan) {
        EpochReport none;
        none.train.terms.resize(plan.terms.size());
        none.validation.terms.resize(plan.terms.size());
        none.metrics.resize(plan.metrics.size());
        std::string line = "epoch";
        for (const auto& [name, value] : detail::epoch_values(plan, none)) line += ',' + detail::csv_field(name);
        return line + '\n';
      },
      "",
      [](std::uint64_t epoch, const std::vector<detail::EpochValue>& values) {
        std::string line = std::to_string(epoch);
        for (const auto& [name, value] : values) line += ',' + detail::csv_number(value);
        return line + '\n';
      });
}

EIGENCODER_INLINE JsonLinesLogger::operator Callback() const {
  return detail::log_epochs(
      "JsonLinesLogger", path, append, [](const FitPlan&) { return std::string(); }, "{\"epoch\": ",
      [](std::uint64_t epoch, const std::vector<detail::EpochValue>& values) {
        std::string line = "{\"epoch\": " + std::to_string(epoch);
        for (const auto& [name, value] : values) line += ", " + detail::json_string(name) + ": " + detail::json_number(value);
        return line + "}\n";
      });
}

}  // namespace eigencoder
