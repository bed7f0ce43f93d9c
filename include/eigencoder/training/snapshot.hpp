// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "eigencoder/core/error.hpp"
#include "eigencoder/engine/arena.hpp"
#include "eigencoder/training/history.hpp"

namespace eigencoder {

/// All that training has changed, as it was at one moment: the model's parameters and running state, the optimizer's vectors,
/// how many steps and shuffles there had been. Training that goes on from it gives the bits that it would have given then, by a
/// trainer of the same options: seed, number of threads, optimizer, clipping and rates, which the trainer tells.
template <class T>
struct Snapshot {
  Arena<T> parameters, state;
  Arena<T> slots;              ///< the optimizer's vectors, or empty before the first step
  Arena<T> average;            ///< of the parameters (WeightAverage), or empty where there is none
  std::uint64_t updates = 0;   ///< of the parameters: the optimizer's t
  std::uint64_t step = 0;      ///< numbers the draws of noise; schedules of the objective go by it
  std::uint64_t shuffles = 0;  ///< numbers the orders of the samples
  std::uint64_t epochs = 0;    ///< that have been trained to their end
};

/// The best moment of a fit, to which it goes back if it diverges: of the moments that a finite loss speaks for, the one of the
/// smallest. A validation loss speaks for the end of its epoch. A training loss does for the beginning: its steps come after,
/// and nothing has yet seen what the last one led to.
template <class T>
struct Best {
  Snapshot<T> snapshot;
  double loss = std::numeric_limits<double>::infinity();
  Index epoch = 0;    ///< after which it was; 0: before the first
  Snapshot<T> begun;  ///< at the beginning of the epoch that runs, where nothing is validated

  /// keep(snapshot) writes down what is now, at the end of the report's epoch.
  template <class Keep>
  void offer(const EpochReport& report, const Keep& keep) {
    const double offered = report.validated ? report.validation.loss : report.train.loss;
    if (!(offered < loss)) return;
    loss = offered;
    epoch = report.validated ? report.epoch : report.epoch - 1;
    if (report.validated) {
      keep(snapshot);
    } else {
      std::swap(snapshot, begun);
    }
  }
  std::string moment() const {
    return epoch == 0 ? "before the first epoch" : message("after epoch ", epoch, ", the best so far");
  }
};

}  // namespace eigencoder
