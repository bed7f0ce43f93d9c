// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <limits>
#include <string>

#include "eigencoder/training/early_stopping.hpp"

namespace eigencoder {

/// Saves the trainer (AnyTrainer::save) as a fit goes on:
///   .callbacks = {ModelCheckpoint{.path = "best.safetensors", .best_only = true}, ModelCheckpoint{.path =
///   "run-{epoch}.safetensors"}}
/// {epoch} in the path becomes the number of epochs that the trainer has been trained, by all its fits. A file of that name is
/// replaced as a whole, so that at any moment the last completed one is there. Throws OptionError where it becomes a Callback,
/// and FileError: before the fit if there is no such folder, and where it cannot write. Of several processes the first alone writes.
/// Keras: ModelCheckpoint.
struct ModelCheckpoint {
  std::filesystem::path path{};
  /// Save after each epoch whose number it divides, and at the end of the fit if something has changed since: after a stop
  /// within an epoch, or where EarlyStopping, standing earlier in the list, has gone back to the best.
  Index every = 1;
  /// Save only after the epochs (of those that `every` divides) whose loss is the smallest so far: the validation loss, or
  /// without validation the training loss. Nothing is saved at the end of the fit.
  bool best_only = false;
  /// With best_only: only a loss below this is saved, such as that of the file that an earlier run has left. Keras:
  /// initial_value_threshold.
  double below = std::numeric_limits<double>::infinity();

  operator Callback() const;

 private:
  static constexpr std::string_view place = "{epoch}";

  void check() const;
  void check_folder() const;
  static std::string numbered(const std::filesystem::path& path, std::uint64_t epochs);
};

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/training/model_checkpoint_impl.hpp"
#endif
