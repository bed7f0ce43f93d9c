// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eigencoder/data/csv_scanner.hpp"
#include "eigencoder/data/text_scanner.hpp"
#include "eigencoder/data/time_series_set.hpp"

// What readers of time series have in common.
namespace eigencoder::detail {

/// Without spaces around it and without the carriage return of Windows.
inline std::string_view trimmed(std::string_view text) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  return without_spaces(text);
}

inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

/// Names of classes and their places.
class ClassNames {
 public:
  std::optional<int> find(std::string_view name) const {
    const auto found = places_.find(name);
    return found == places_.end() ? std::nullopt : std::optional(found->second);
  }
  int add(std::string_view name) {
    names_.emplace_back(name);
    return places_.emplace(name, static_cast<int>(places_.size())).first->second;
  }
  const std::vector<std::string>& names() const { return names_; }

  /// For errors: the first of them.
  std::string list() const {
    std::string text;
    for (const std::string& name : names_) {
      if (text.size() > 400) return text + ", …";
      text += message(text.empty() ? "" : ", ", excerpt(name));
    }
    return text;
  }

 private:
  std::vector<std::string> names_;
  std::map<std::string, int, std::less<>> places_;
};

/// The sequences of a file as they come, without padding.
template <class T>
class SequenceCollector {
 public:
  /// `values` of one sequence, channel after channel, and its label if the file has them.
  void add(const std::vector<T>& values, Index channels, std::optional<int> label) {
    using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
    const Index length = std::ssize(values) / channels;
    const std::size_t begin = values_.size();
    values_.resize(begin + values.size());
    Eigen::Map<Matrix>(values_.data() + begin, channels, length) =
        Eigen::Map<const Matrix>(values.data(), length, channels).transpose();
    set_.channels = channels;
    set_.steps = std::max(set_.steps, length);
    set_.lengths.push_back(length);
    if (label) labels_.push_back(*label);
  }
  Index size() const { return std::ssize(set_.lengths); }

  TimeSeriesSet<T> take(const TextScanner& scanner, std::vector<std::string> classes) {
    if (size() == 0) scanner.fail("line ", scanner.line(), ": expected at least one sequence, found none");
    // One long sequence among many short ones would ask for memory that no file could fill.
    const Index most = (Index{1} << 22) + 64 * std::ssize(values_), rows = set_.channels * set_.steps;
    if (size() > most / rows)
      scanner.fail("expected sequences of similar length, found ", size(), " with ", std::ssize(values_),
                   " values in all, which take ", rows, " values each when padded to the longest; cut the long ones");
    set_.samples.setZero(rows, size());
    const T* from = values_.data();
    for (Index j = 0; j < size(); ++j) {
      const Index count = set_.channels * set_.lengths[static_cast<std::size_t>(j)];
      std::copy_n(from, count, set_.samples.col(j).data());
      from += count;
    }
    set_.labels = Eigen::Map<const Eigen::VectorXi>(labels_.data(), std::ssize(labels_));
    set_.classes = std::move(classes);
    return std::move(set_);
  }

 private:
  TimeSeriesSet<T> set_;
  std::vector<T> values_;
  std::vector<int> labels_;
};

}  // namespace eigencoder::detail
