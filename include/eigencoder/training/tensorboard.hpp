// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "eigencoder/training/callbacks.hpp"

namespace eigencoder {

/// Writes what TensorBoard shows (tensorboard --logdir folder), after each epoch. Scalars:
///   loss/train, loss/validation, for each term of the objective <its name>/train and <its name>/validation, for each metric
///   <its name>/validation, learning_rate (of the epoch's last step), gradient_norm, samples_per_second
/// and images. The step is the number of epochs that the trainer has been trained, by all its fits. Each fit begins a new file
/// in the folder, which TensorBoard shows as the same run that goes on: a folder for each run. Numbers are kept as floats, as
/// the format has it. Of several processes the first alone writes it. Throws OptionError where it becomes a Callback, and FileError. Keras: TensorBoard.
///   .callbacks = {TensorBoard{.folder = "logs/run-1"}}
struct TensorBoard {
  struct Picture {
    std::string name;
    std::vector<std::byte> png;  ///< the bytes of a PNG file
  };

  std::filesystem::path folder{};
  std::function<std::vector<Picture>()> images{};  ///< what to show of the model as it now is, called between two epochs
  Index every = 1;                                 ///< images after each epoch whose number it divides

  operator Callback() const;
};

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/training/tensorboard_impl.hpp"
#endif
