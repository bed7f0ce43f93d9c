// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/data/csv.hpp"
#include "eigencoder/data/csv_scanner.hpp"

namespace eigencoder {

namespace detail {

/// Reads a file into a Dataset, one field at a time.
template <class T>
class CsvLoader {
 public:
  CsvLoader(const std::filesystem::path& path, const CsvOptions& options)
      : options_(checked(options, path)), scanner_(path, options.delimiter) {}

  Dataset<T> load() {
    std::vector<std::string> first = read_first();
    columns_ = std::ssize(first);
    const bool header = names_columns(first);
    if (header) names_ = first;
    choose_columns();
    if (!header)
      for (const std::string& field : first) take(field, static_cast<Index>(&field - first.data()));
    if (!header) end_sample(columns_);

    Index blank = 0;
    while (scanner_.next()) {
      if (scanner_.blank_line()) {
        if (blank == 0) blank = scanner_.line();
        continue;
      }
      line_ = scanner_.line();
      if (blank > 0)
        fail("line ", blank, ": expected ", columns_, " columns, found an empty line before more lines; delete it");
      Index column = 0;
      for (;; scanner_.next()) {
        if (column < columns_) take(scanner_.field(), column);
        ++column;
        if (scanner_.record_ended()) break;
      }
      end_sample(column);
    }
    if (size_ == 0) fail("line ", scanner_.line(), ": expected at least one sample, found none below the names of the columns");
    samples_.conservativeResize(Eigen::NoChange, size_);
    set_.samples = std::move(samples_);
    set_.labels = Eigen::Map<const Eigen::VectorXi>(labels_.data(), std::ssize(labels_));
    set_.shape = features(set_.samples.rows());
    return std::move(set_);
  }

 private:
  static constexpr Index unused = -1, is_label = -2;
  static constexpr std::size_t most_columns = std::size_t{1} << 20;  ///< names take more memory than the commas between them

  static const CsvOptions& checked(const CsvOptions& options, const std::filesystem::path& path) {
    const auto refuse = [&](std::string_view what) {
      throw OptionError(message("load_csv, ", path.string(), ": expected ", what));
    };
    const char d = options.delimiter;
    if (std::string_view("\"\n\r.+-0123456789eE").find(d) != std::string_view::npos || d == '\0')
      refuse("a delimiter that is in no number and ends no line, such as ',', ';' or '\\t'");
    if (options.decimal != '.' && options.decimal != ',') refuse("a decimal that is '.' or ','");
    if (options.decimal == d) refuse("a delimiter other than the decimal ','; such files have ';'");
    if (options.missing == CsvMissing::nan && !std::floating_point<T>)
      refuse("float or double where missing values become NaN, found 8-bit integers");
    return options;
  }

  /// The fields of the first record.
  std::vector<std::string> read_first() {
    std::vector<std::string> fields;
    if (!scanner_.next() || scanner_.blank_line())
      fail("line 1: expected columns, found an empty ", scanner_.blank_line() ? "line" : "file");
    for (;; scanner_.next()) {
      if (fields.size() == most_columns)
        fail("line 1: expected at most ", most_columns, " columns, found more; check the delimiter");
      fields.emplace_back(scanner_.field());
      if (scanner_.record_ended()) return fields;
    }
  }

  bool names_columns(const std::vector<std::string>& first) {
    const auto by_name = [](const CsvColumn& column) { return column.name() != nullptr; };
    const bool named = (options_.label && by_name(*options_.label)) || std::ranges::any_of(options_.columns, by_name);
    if (options_.header == CsvHeader::absent && named)
      throw OptionError(message("load_csv: expected columns by their places in a file without a header, found a name"));
    if (options_.header != CsvHeader::detect || named) return options_.header != CsvHeader::absent;
    bool counts = first.size() > 2;
    for (std::size_t i = 0; i < first.size() && counts; ++i) counts = first[i] == std::to_string(i);
    if (counts) {
      fail(
          "line 1: expected names of columns or a sample, found 0, 1, 2, …, which pandas writes for names; set the option "
          "header to "
          "present or absent");
    }
    return std::ranges::none_of(first, [&](const std::string& field) { return number<double>(field).has_value(); });
  }

  /// The place of a column that an option asks for.
  Index find(const CsvColumn& column, std::string_view option) {
    if (const std::string* name = column.name()) {
      const auto found = std::ranges::find(names_, *name);
      if (found == names_.end()) {
        std::string names;
        for (const std::string& other : names_)
          if (names.size() < 400) names += message(names.empty() ? "" : ", ", excerpt(other));
        fail("line 1: expected a column ", excerpt(*name), " (option ", option, "), found ", names);
      }
      if (std::find(found + 1, names_.end(), *name) != names_.end())
        fail("line 1: expected one column ", excerpt(*name), " (option ", option, "), found two; give its place");
      return found - names_.begin();
    }
    const Index place = column.place(columns_);
    if (place < 0 || place >= columns_)
      fail("line 1: expected the columns ", -columns_, " to ", columns_ - 1, " of the option ", option, ", found ",
           place < 0 ? place - columns_ : place);
    return place;
  }

  /// Finds for each column of the file which row of a sample it is.
  void choose_columns() {
    row_.assign(static_cast<std::size_t>(columns_), unused);
    const auto row = [&](Index place) -> Index& { return row_[static_cast<std::size_t>(place)]; };
    if (options_.label) row(find(*options_.label, "label")) = is_label;
    Index rows = 0;
    const auto add = [&](Index place) {
      row(place) = rows++;
      if (!names_.empty()) set_.feature_names.push_back(names_[static_cast<std::size_t>(place)]);
    };
    for (const CsvColumn& column : options_.columns) {
      const Index place = find(column, "columns");
      if (row(place) != unused)
        fail("line 1: expected each column once in the options label and columns, found column ", place + 1, " again");
      add(place);
    }
    if (options_.columns.empty())
      for (Index place = 0; place < columns_; ++place)
        if (row(place) == unused) add(place);
    if (rows == 0) fail("line 1: expected a column besides the label, found ", columns_, " in all; check the delimiter");
    samples_.resize(rows, 1024 / rows + 1);
  }

  bool missing(std::string_view text) const {
    return text.empty() || std::ranges::find(options_.missing_texts, text) != options_.missing_texts.end();
  }

  template <class Number>
  std::optional<Number> number(std::string_view text) {
    text = without_spaces(text);
    if (options_.decimal == ',') {
      if (text.find('.') != std::string_view::npos) return {};
      number_.assign(text);
      std::ranges::replace(number_, ',', '.');
      text = number_;
    }
    return parse_number<Number>(text);
  }

  void take(std::string_view text, Index column) {
    const Index row = row_[static_cast<std::size_t>(column)];
    if (row == unused) return;
    if (row == is_label) return take_label(text, column);
    if (size_ == samples_.cols()) samples_.conservativeResize(Eigen::NoChange, size_ + size_ / 2 + 1);
    if (const std::optional<T> value = number<T>(text)) {
      samples_(row, size_) = *value;
    } else if (missing(without_spaces(text))) {
      if (options_.missing == CsvMissing::refuse)
        fail(place(column), ": expected a number, found ", text.empty() ? "nothing" : excerpt(text),
             "; fill it in, or set missing to CsvMissing::nan");
      if constexpr (std::floating_point<T>) samples_(row, size_) = std::numeric_limits<T>::quiet_NaN();
    } else {
      fail(place(column), ": expected a number", std::floating_point<T> ? "" : " from 0 to 255", ", found ", excerpt(text),
           size_ > 0        ? ""
           : names_.empty() ? "; if this line names the columns, set header, and if these are classes, set label"
                            : "; leave out the column, or name it as the label");
    }
  }

  /// The first label says what all are: integers, or names of classes.
  void take_label(std::string_view text, Index column) {
    text = without_spaces(text);
    if (missing(text)) fail(place(column), ": expected a label, found ", text.empty() ? "nothing" : excerpt(text));
    const std::optional<int> integer = number<int>(text);
    if (labels_.empty()) {
      integers_ = integer.has_value();
      if (!integers_ && number<double>(text))
        fail(place(column), ": expected a class, a whole number or a name, found ", excerpt(text),
             "; to predict a number, load it as a sample");
    }
    if (integers_) {
      if (!integer) fail(place(column), ": expected a whole number, as the labels above are, found ", excerpt(text));
      labels_.push_back(*integer);
      return;
    }
    auto found = classes_.find(text);
    if (found == classes_.end()) {
      found = classes_.emplace(text, static_cast<int>(classes_.size())).first;
      set_.class_names.emplace_back(text);
    }
    labels_.push_back(found->second);
  }

  void end_sample(Index columns) {
    if (columns != columns_)
      fail("line ", line_, ": expected ", columns_, " columns, as line 1 has, found ", columns, "; check the delimiter");
    ++size_;
  }

  /// "line 7, column 3 (\"age\")"
  std::string place(Index column) const {
    const std::string name = names_.empty() ? "" : message(" (", excerpt(names_[static_cast<std::size_t>(column)]), ")");
    return message("line ", line_, ", column ", column + 1, name);
  }

  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    scanner_.fail(parts...);
  }

  const CsvOptions& options_;
  CsvScanner scanner_;
  Dataset<T> set_;
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> samples_;  ///< with room for more columns
  Index size_ = 0, columns_ = 0, line_ = 1;
  std::vector<std::string> names_;  ///< of the columns of the file
  std::vector<Index> row_;          ///< of a sample, or unused, or is_label, for each column of the file
  std::vector<int> labels_;
  bool integers_ = true;
  std::map<std::string, int, std::less<>> classes_;
  std::string number_;
};

}  // namespace detail

template <SampleScalar T>
Dataset<T> load_csv(const std::filesystem::path& path, const CsvOptions& options) {
  return detail::CsvLoader<T>(path, options).load();
}

}  // namespace eigencoder
