// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "eigencoder/core/type_name.hpp"
#include "eigencoder/engine/steps.hpp"

namespace eigencoder {

/// How many steps each sample of a set of sequences has, from 1 to those of the network's input; the other steps of its column are
/// padding, which means nothing. None: all samples have all steps. A view: the numbers are the caller's.
using StepCounts = std::span<const Index>;

namespace detail {

/// Throws ShapeError or OptionError, naming the sample, unless these are lengths that a network of chain C takes, or none.
template <class C>
void check_lengths(std::string_view name, StepCounts lengths, Index samples) {
  if (lengths.empty()) return;
  if constexpr (!Steps<C>::sequence(0)) {
    throw OptionError(message(name, ": lengths are for sequences, and the network's input has the shape ", to_string(C::input)));
  } else {
    if (std::ssize(lengths) != samples) {
      throw ShapeError(message(name, ": expected ", samples, " lengths, one for each sample, found ", lengths.size()));
    }
    Index shortest = C::input.width;
    for (Index j = 0; j < samples; ++j) {
      const Index length = lengths[static_cast<std::size_t>(j)];
      if (length < 1 || length > C::input.width) {
        throw OptionError(message(name, ": expected lengths from 1 to ", C::input.width, ", the steps of the network's input, found ",
                                  length, " for sample ", j));
      }
      shortest = std::min(shortest, length);
    }
    if (const std::size_t layer = Steps<C>::exhausted_by(shortest); layer < C::size) {
      const auto sample = std::find(lengths.begin(), lengths.end(), shortest) - lengths.begin();
      throw OptionError(message(name, ": sample ", sample, " has ", shortest, " steps, too few: layer ", layer, " makes no step of them"));
    }
  }
}

}  // namespace detail

}  // namespace eigencoder
