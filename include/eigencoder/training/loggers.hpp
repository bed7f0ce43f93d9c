// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "eigencoder/training/callbacks.hpp"

namespace eigencoder {

/// Writes a line of a CSV file after each epoch, at once, under a line with the names of the columns:
///   epoch, loss, each term of the objective, then with validation the same and each metric as validation_…, learning_rate (of
///   the epoch's last step), gradient_norm, seconds, samples_per_second
/// epoch counts all that the trainer has been trained, so that it goes on where training is resumed. Numbers read back to the
/// same bits; what is not finite is nan, inf or -inf. Throws OptionError where it becomes a Callback, and FileError. Keras:
/// CSVLogger. Of several processes the first alone writes it.
///   .callbacks = {CsvLogger{"run.csv"}}
struct CsvLogger {
  std::filesystem::path path{};
  /// Go on after the lines that are there, for a run that is resumed, once what a killed process has left of a line is cut off.
  /// Otherwise they are replaced when the fit begins.
  bool append = false;

  operator Callback() const;
};

/// Writes a JSON object after each epoch, one a line (https://jsonlines.org), with the names and numbers of CsvLogger; what is
/// not finite is null, since JSON has no other word for it. Throws as that does.
struct JsonLinesLogger {
  std::filesystem::path path{};
  bool append = false;  ///< as in CsvLogger

  operator Callback() const;
};

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/training/loggers_impl.hpp"
#endif
