// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <string>
#include <vector>

#include "eigencoder/core/eigen.hpp"
#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"

namespace eigencoder {

/// Sequences of up to `steps` steps, one a column, with a class for each.
template <std::floating_point T = float>
struct TimeSeriesSet {
  /// (channels · steps) × N, channels fastest, with zeros behind the end of a sequence
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> samples;
  Index steps = 0, channels = 0;          ///< of the longest sequence; of each step
  std::vector<Index> lengths;             ///< N: the steps of each sequence
  Eigen::VectorXi labels;                 ///< N: places in `classes`; empty where the file has no classes
  std::vector<std::string> classes = {};  ///< their names, as the file has them

  /// N
  Index size() const { return samples.cols(); }
  /// sequence(steps, channels)
  Shape shape() const { return sequence(steps, channels); }

  /// Brings all sequences to this many steps by zeros behind their end, for a network made for longer ones than are in this
  /// set: lengths stay. Throws OptionError below `steps`.
  void pad(Index to) {
    if (to < steps)
      throw OptionError(
          message("TimeSeriesSet::pad: expected ", steps, " steps or more, those of the longest sequence, found ", to));
    const Index before = samples.rows();
    samples.conservativeResize(sequence(to, channels).size(), Eigen::NoChange);
    samples.bottomRows(samples.rows() - before).setZero();
    steps = to;
  }
};

}  // namespace eigencoder
