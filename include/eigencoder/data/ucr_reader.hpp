// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"
#include "eigencoder/data/sequence_collector.hpp"

namespace eigencoder::detail {

/// Reads a file of the UCR archive: label and values in each line.
template <class T>
class UcrReader {
 public:
  UcrReader(const std::filesystem::path& path, const std::vector<std::string>& classes)
      : scanner_(path), given_(!classes.empty()) {
    for (const std::string& name : classes) classes_.add(name);
  }

  TimeSeriesSet<T> read() {
    if (scanner_.peek() == TextScanner::end_of_file)
      scanner_.fail("expected a label and values in each line, found an empty file");
    while (skip_spaces() != TextScanner::end_of_file) {
      if (scanner_.peek() != '\n') sample();
      scanner_.take('\n');
    }
    const std::vector<int> order = given_ ? std::vector<int>{} : sorted();
    TimeSeriesSet<T> set = sequences_.take(scanner_, classes_.names());
    for (std::size_t i = 0; i < order.size(); ++i) set.classes[static_cast<std::size_t>(order[i])] = classes_.names()[i];
    if (!given_)
      for (int& label : set.labels) label = order[static_cast<std::size_t>(label)];
    return set;
  }

 private:
  void sample() {
    line_ = scanner_.line();
    values_.clear();
    const std::string_view name = scanner_.until(separators);
    const std::optional<int> label = name.empty() ? std::nullopt : classes_.find(name);
    if (name.empty() || (given_ && !label))
      fail_at(1, "expected ", given_ ? message("one of the classes ", classes_.list()) : "a label", ", found ",
              name.empty() ? "nothing" : excerpt(name));
    const int place = label ? *label : classes_.add(name);

    Index column = 1, padding = 0;  // padding: the first column that is NaN
    while (more()) {
      ++column;
      const std::string_view text = scanner_.until(separators);
      const std::optional<T> number = parse_number<T>(text);
      const bool nan = !number && lower_case(text) == "nan";
      if (!number && !nan) fail_at(column, "expected a number, found ", text.empty() ? "nothing" : excerpt(text));
      if (nan && padding == 0) padding = column;
      if (number && padding > 0)
        fail_at(padding, "expected a number, found NaN before more numbers, a missing value; fill it in");
      if (number) values_.push_back(*number);
    }
    if (columns_ == 0) columns_ = column;
    if (column != columns_) fail("expected ", columns_, " columns, as the lines above have, found ", column);
    if (values_.empty()) fail("expected a value or more behind the label, found none");
    sequences_.add(values_, 1, place);
  }

  int skip_spaces() {
    while (scanner_.take(' ') || scanner_.take('\r')) {
    }
    return scanner_.peek();
  }

  /// Goes past the separator to the next field: a tab, a comma, or spaces. False at the end of the line.
  bool more() {
    int next = skip_spaces();
    if (scanner_.take('\t') || scanner_.take(',')) {
      skip_spaces();
      return true;
    }
    return next != '\n' && next != TextScanner::end_of_file;
  }

  /// For each class as it came, its place among all in order: of numbers by their value.
  std::vector<int> sorted() const {
    const std::vector<std::string>& names = classes_.names();
    std::vector<int> by_order(names.size()), place(names.size());
    std::vector<std::optional<double>> numbers;
    for (const std::string& name : names) numbers.push_back(parse_number<double>(name));
    const bool all_numbers = std::ranges::none_of(numbers, [](const auto& number) { return !number; });
    std::iota(by_order.begin(), by_order.end(), 0);
    std::ranges::sort(by_order, [&](int a, int b) {
      const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
      return all_numbers && *numbers[i] != *numbers[j] ? *numbers[i] < *numbers[j] : names[i] < names[j];
    });
    for (std::size_t i = 0; i < by_order.size(); ++i) place[static_cast<std::size_t>(by_order[i])] = static_cast<int>(i);
    return place;
  }

  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    scanner_.fail("line ", line_, ": ", parts...);
  }

  template <class... Parts>
  [[noreturn]] void fail_at(Index column, const Parts&... parts) const {
    scanner_.fail("line ", line_, ", column ", column, ": ", parts...);
  }

  static constexpr std::string_view separators = " \t,\r\n";
  TextScanner scanner_;
  SequenceCollector<T> sequences_;
  std::vector<T> values_;  ///< of one sequence
  Index line_ = 1, columns_ = 0;
  bool given_;
  ClassNames classes_;
};

}  // namespace eigencoder::detail
