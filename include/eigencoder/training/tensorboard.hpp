// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "eigencoder/files/event_file.hpp"
#include "eigencoder/training/epoch_values.hpp"

namespace eigencoder {

/// Writes what TensorBoard shows (tensorboard --logdir folder), after each epoch. Scalars:
///   loss/train, loss/validation, for each term of the objective <its name>/train and <its name>/validation, for each metric
///   <its name>/validation, learning_rate (of the epoch's last step), gradient_norm, samples_per_second
/// and images. The step is the number of epochs that the trainer has been trained, by all its fits. Each fit begins a new file
/// in the folder, which TensorBoard shows as the same run that goes on: a folder for each run. Numbers are kept as floats, as
/// the format has it. Throws OptionError where it becomes a Callback, and FileError. Keras: TensorBoard.
///   .callbacks = {TensorBoard{.folder = "logs/run-1"}}
struct TensorBoard {
  struct Picture {
    std::string name;
    std::vector<std::byte> png;  ///< the bytes of a PNG file
  };

  std::filesystem::path folder{};
  std::function<std::vector<Picture>()> images{};  ///< what to show of the model as it now is, called between two epochs
  Index every = 1;                                 ///< images after each epoch whose number it divides

  operator Callback() const {
    if (folder.empty()) throw OptionError("TensorBoard: folder must not be empty");
    if (every < 1) throw OptionError(message("TensorBoard: every must be at least 1, found ", every));
    struct State {
      AnyTrainer* trainer = nullptr;
      FitPlan plan{};
      std::optional<EventFile> file{};
    };
    const auto state = std::make_shared<State>();
    return {.before_fit =
                [state, folder = folder](AnyTrainer& trainer, const FitPlan& plan) {
                  state->trainer = &trainer;
                  state->plan = plan;
                  state->file.reset();
                  state->file.emplace(folder);
                },
            .after_epoch =
                [state, images = images, every = every](const EpochReport& report) {
                  const std::uint64_t epoch = state->trainer->epochs();
                  EventValues values = scalars(state->plan, report);
                  if (images && epoch % static_cast<std::uint64_t>(every) == 0) {
                    for (const Picture& picture : images()) values.image(picture.name, picture.png);
                  }
                  state->file->write(epoch, values);
                  return Training::go_on;
                },
            .after_fit = [state](const History&) { state->file.reset(); }};
  }

 private:
  static EventValues scalars(const FitPlan& plan, const EpochReport& report) {
    EventValues values;
    const detail::EpochNames names(plan);
    const auto add = [&](const char* set, const Evaluation& found) {
      values.scalar(message("loss/", set), found.loss);
      for (std::size_t k = 0; k < names.terms.size(); ++k) values.scalar(message(names.terms[k], '/', set), found.terms.at(k));
    };
    add("train", report.train);
    if (report.validated) add("validation", report.validation);
    for (std::size_t k = 0; k < names.metrics.size(); ++k)
      values.scalar(names.metrics[k] + "/validation", report.metrics.at(k));
    values.scalar("learning_rate", report.learning_rate);
    values.scalar("gradient_norm", report.gradient_norm);
    values.scalar("samples_per_second", report.samples_per_second);
    return values;
  }
};

}  // namespace eigencoder
