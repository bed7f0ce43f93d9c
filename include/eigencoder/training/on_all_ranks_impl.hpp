// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/training/on_all_ranks.hpp"

namespace eigencoder::detail {

EIGENCODER_INLINE void agree_on(const AnyCommunicator& ranks, const std::exception_ptr& failure) {
  enum Kind { none, error, shape, option, file, non_finite };
  Kind kind = none;
  std::string text;
  if (failure) {
    kind = error;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& thrown) {
      text = thrown.what();
      if (dynamic_cast<const ShapeError*>(&thrown)) kind = shape;
      if (dynamic_cast<const OptionError*>(&thrown)) kind = option;
      if (dynamic_cast<const FileError*>(&thrown)) kind = file;
      if (dynamic_cast<const NonFiniteError*>(&thrown)) kind = non_finite;
    } catch (...) {
      text = "an exception of another kind";
    }
  }
  std::vector<double> kinds(2 * static_cast<std::size_t>(ranks.size()));  // and the lengths of the texts
  const auto here = 2 * static_cast<std::size_t>(ranks.rank());
  kinds[here] = kind;
  kinds[here + 1] = static_cast<double>(text.size());
  ranks.sum(std::span(kinds));
  std::size_t first = 0;
  while (first < kinds.size() && kinds[first] == 0) first += 2;
  if (first == kinds.size()) return;
  text.resize(static_cast<std::size_t>(kinds[first + 1]));
  ranks.broadcast(std::as_writable_bytes(std::span(text)), static_cast<int>(first / 2));
  text = message("rank ", first / 2, ": ", text);
  switch (static_cast<Kind>(kinds[first])) {
    case shape:
      throw ShapeError(text);
    case option:
      throw OptionError(text);
    case file:
      throw FileError(text);
    case non_finite:
      throw NonFiniteError(text);
    default:
      throw Error(text);
  }
}

}  // namespace eigencoder::detail
