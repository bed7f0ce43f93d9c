// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"
#include "eigencoder/data/sequence_collector.hpp"

namespace eigencoder::detail {

/// Reads a .ts file.
template <class T>
class TsReader {
 public:
  explicit TsReader(const std::filesystem::path& path) : scanner_(path) {}

  TimeSeriesSet<T> read() {
    if (scanner_.peek() == TextScanner::end_of_file) scanner_.fail("expected a header with @data, found an empty file");
    while (!in_data_) header_line();
    while (scanner_.peek() != TextScanner::end_of_file) {
      if (!skip_comment()) sample();
      scanner_.take('\n');
    }
    return sequences_.take(scanner_, classes_.names());
  }

 private:
  /// Of a line that has no values: whether this is one.
  bool skip_comment() {
    while (scanner_.take(' ') || scanner_.take('\t') || scanner_.take('\r')) {
    }
    const int next = scanner_.peek();
    if (next == '#' || next == '%') scanner_.until("\n");
    return next == '#' || next == '%' || next == '\n' || next == TextScanner::end_of_file;
  }

  void header_line() {
    if (!skip_comment()) {
      const Index line = scanner_.line();
      std::string_view rest = trimmed(scanner_.until("\n"));
      const std::string_view key = next_word(rest);
      if (!key.starts_with('@'))
        fail(line, "expected @data before the sequences, or another line that begins with @ or #, found ", excerpt(key));
      header(lower_case(key), key, rest, line);
    }
    if (!scanner_.take('\n') && !in_data_) fail(scanner_.line(), "expected @data, found the end of the file");
  }

  void header(const std::string& key, std::string_view name, std::string_view rest, Index line) {
    const auto flag = [&] {
      const std::string_view word = next_word(rest);
      const std::string value = lower_case(word);
      if (value != "true" && value != "false") fail(line, "expected true or false after ", name, ", found ", excerpt(word));
      return value == "true";
    };
    const auto count = [&] {
      const std::string_view word = next_word(rest);
      const std::optional<double> value = parse_number<double>(word);
      if (!value || *value < 1 || *value > 1e15 || *value != static_cast<double>(static_cast<Index>(*value)))
        fail(line, "expected a whole number from 1 on after ", name, ", found ", excerpt(word));
      return static_cast<Index>(*value);
    };
    if (key == "@data") {
      in_data_ = true;
      if (univariate_ && dimensions_.value_or(1) != 1)
        fail(line, "expected one dimension, as @univariate says, found @dimensions ", *dimensions_);
      if (univariate_) dimensions_ = 1;
    } else if (key == "@univariate") {
      univariate_ = flag();
    } else if (key == "@dimensions" || key == "@dimension") {
      dimensions_ = count();
    } else if (key == "@equallength") {
      equal_length_ = flag();
    } else if (key == "@serieslength") {
      series_length_ = count();
    } else if (key == "@classlabel") {
      if (flag()) read_classes(rest, line);
    } else if (key == "@timestamps") {
      if (flag()) fail(line, "expected values alone, found @timeStamps true; write the file without time stamps");
    } else if (key == "@targetlabel") {
      if (flag()) fail(line, "expected classes, found @targetLabel true: numbers to predict; keep them in a file of their own");
    } else if (key == "@missing") {
      flag();  // whether they are missing, each value says
    } else if (key != "@problemname") {
      fail(line,
           "expected @problemName, @timeStamps, @missing, @univariate, @dimensions, @equalLength, @seriesLength, @classLabel "
           "or @data, found ",
           excerpt(name));
    }
  }

  void read_classes(std::string_view rest, Index line) {
    has_labels_ = true;
    while (!rest.empty()) {
      const std::string_view word = next_word(rest);
      if (classes_.find(word)) fail(line, "expected each class once after @classLabel true, found ", excerpt(word), " again");
      classes_.add(word);
    }
    if (classes_.names().empty()) fail(line, "expected the names of the classes after @classLabel true, found nothing");
  }

  /// One line: dimensions between ':', values between ',', and the class last.
  void sample() {
    line_ = scanner_.line();
    values_.clear();
    std::optional<int> label;
    Index dimensions = 1, length = 0, step = 1;
    for (Index column = 1;; ++column) {
      const std::string_view text = trimmed(scanner_.until(",:\n"));
      if (has_labels_ && dimensions > 1 && step == 1 && !separator_follows()) {
        label = find_label(text, column);
        --dimensions;
        break;
      }
      value(text, dimensions, step, column);
      if (scanner_.take(',')) {
        ++step;
        continue;
      }
      if (dimensions == 1) length = step;
      if (step != length)
        fail(line_, "expected ", length, " values in dimension ", dimensions, ", as dimension 1 has, found ", step);
      if (!scanner_.take(':')) break;
      ++dimensions;
      step = 1;
    }
    if (has_labels_ && !label) fail(line_, "expected a class behind the last ':', found none");
    check(dimensions, length);
    sequences_.add(values_, dimensions, label);
  }

  /// A separator follows, not the end of the line.
  bool separator_follows() {
    const int next = scanner_.peek();
    return next == ',' || next == ':';
  }

  void value(std::string_view text, Index dimension, Index step, Index column) {
    const std::optional<T> number = parse_number<T>(text);
    if (!number)
      fail_at(column, "expected a number, found ", text.empty() ? "nothing" : excerpt(text), " in dimension ", dimension,
              ", step ", step, text == "?" ? ", a missing value; fill it in" : "");
    values_.push_back(*number);
  }

  int find_label(std::string_view text, Index column) {
    const std::optional<int> place = classes_.find(text);
    if (!place)
      fail_at(column, "expected one of the classes of @classLabel, ", classes_.list(), ", found ",
              text.empty() ? "nothing" : excerpt(text));
    return *place;
  }

  /// Holds the sequence that was read to the header and the sequences before it.
  void check(Index dimensions, Index length) {
    if (!dimensions_) dimensions_ = dimensions;
    if (dimensions != *dimensions_)
      fail(line_, "expected ", *dimensions_, " dimensions",
           sequences_.size() > 0 ? ", as the sequences above have" : ", as the header says", ", found ", dimensions);
    if (equal_length_ && !series_length_) series_length_ = length;
    if (equal_length_ && length != *series_length_)
      fail(line_, "expected ", *series_length_, " values in each dimension, as @equalLength is true, found ", length);
  }

  /// Takes the first word off a text.
  static std::string_view next_word(std::string_view& text) {
    text = without_spaces(text);
    const std::string_view word = text.substr(0, text.find_first_of(" \t"));
    text = without_spaces(text.substr(word.size()));
    return word;
  }

  template <class... Parts>
  [[noreturn]] void fail(Index line, const Parts&... parts) const {
    scanner_.fail("line ", line, ": ", parts...);
  }

  /// In the sequence that is being read; columns are its fields.
  template <class... Parts>
  [[noreturn]] void fail_at(Index column, const Parts&... parts) const {
    scanner_.fail("line ", line_, ", column ", column, ": ", parts...);
  }

  TextScanner scanner_;
  SequenceCollector<T> sequences_;
  std::vector<T> values_;  ///< of one sequence, dimension after dimension
  Index line_ = 1;         ///< of that sequence
  bool in_data_ = false, univariate_ = false, equal_length_ = false, has_labels_ = false;
  std::optional<Index> dimensions_, series_length_;
  ClassNames classes_;
};

}  // namespace eigencoder::detail
