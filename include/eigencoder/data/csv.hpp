// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"
#include "eigencoder/data/dataset.hpp"

namespace eigencoder {

/// A column of a CSV file, by its name or its place: 0 is the first one, -1 the last.
class CsvColumn {
 public:
  CsvColumn(int place) : CsvColumn(Index{place}) {}
  CsvColumn(Index place) : place_(place), named_(false) {}
  CsvColumn(const char* name) : CsvColumn(std::string(name)) {}
  CsvColumn(std::string name) : name_(std::move(name)), named_(true) {}

  /// Null for a place.
  const std::string* name() const { return named_ ? &name_ : nullptr; }
  /// Counted from the first column. Not for a name.
  Index place(Index columns) const { return place_ < 0 ? place_ + columns : place_; }

 private:
  std::string name_;
  Index place_ = 0;
  bool named_;
};

/// Whether the first record of a CSV file names its columns.
enum class CsvHeader {
  detect,   ///< It does if none of its fields is a number, or if an option names a column.
  present,  ///< It does.
  absent    ///< It does not.
};

/// What to do where a field is missing: empty, or one of the texts of CsvOptions::missing_texts.
enum class CsvMissing {
  refuse,  ///< Throw FileError with the place.
  nan      ///< Put a NaN there.
};

/// How load_csv reads. What one table writes as .delimiter, pandas calls sep.
struct CsvOptions {
  char delimiter = ',';  ///< Or '\t', ';', ' ', '|': one of them between two fields.
  char decimal = '.';    ///< Or ',', with another delimiter.
  CsvHeader header = CsvHeader::detect;
  std::optional<CsvColumn> label = {};  ///< Where the classes are: integers, or names.
  std::vector<CsvColumn> columns = {};  ///< What makes a sample, in this order; empty takes all but the label.
  CsvMissing missing = CsvMissing::refuse;
  std::vector<std::string> missing_texts = {"NA", "N/A", "NaN", "nan", "null", "NULL", "?"};
};

/// Reads a table of numbers, one sample a line: CSV as RFC 4180 has it, plain or packed with gzip, in one pass that needs no
/// memory but the result's. Lines may end in CR LF, fields may be in quotes, UTF-8 may begin with its mark, empty lines may
/// follow the last one. Numbers are written as in C, whatever the locale, and stay as they are: nothing is scaled. Labels that
/// are integers stay what they are; names become 0, 1, … in the order in which they come, and are class_names. A header gives
/// feature_names. T as in Dataset; as std::uint8_t numbers are integers from 0 to 255. Throws FileError with line and column,
/// the text found and what to do: for what is no number, is infinite or too large, is missing, for lines of another length, for
/// quotes that do not fit, and for columns that are not there; OptionError for options that contradict each other.
///
///     const auto set = ec::load_csv("iris.csv", {.label = "species"});
template <SampleScalar T = float>
Dataset<T> load_csv(const std::filesystem::path& path, const CsvOptions& options = {});

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/data/csv_impl.hpp"
#endif
