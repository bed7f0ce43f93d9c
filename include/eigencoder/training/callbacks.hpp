// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include "eigencoder/training/history.hpp"

namespace eigencoder {

/// The state of a fit after a batch.
struct BatchReport {
  Index epoch = 0, epochs = 0;    ///< 1, 2, 3, … of how many
  Index samples = 0, total = 0;   ///< seen in this epoch, and in an epoch
  double loss = 0;                ///< mean over the epoch so far
  double seconds = 0;             ///< since the epoch began
  double gradient_norm = 0;       ///< ‖gradient‖₂ of this batch, before clipping
};

/// Whether a fit goes on: what a callback returns.
enum class Training { go_on, stop };

/// Functions that a fit calls on its own thread, between steps. Any may be empty.
struct Callback {
  std::function<void(const BatchReport&)> after_batch{};
  std::function<Training(const EpochReport&)> after_epoch{};
};

}  // namespace eigencoder
