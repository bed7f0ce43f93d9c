// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <limits>
#include <memory>
#include <string>

#include "eigencoder/training/early_stopping.hpp"

namespace eigencoder {

/// Saves the trainer (AnyTrainer::save) as a fit goes on:
///   .callbacks = {ModelCheckpoint{.path = "best.safetensors", .best_only = true}, ModelCheckpoint{.path =
///   "run-{epoch}.safetensors"}}
/// {epoch} in the path becomes the number of epochs that the trainer has been trained, by all its fits. A file of that name is
/// replaced as a whole, so that at any moment the last completed one is there. Throws OptionError where it becomes a Callback,
/// and FileError: before the fit if there is no such folder, and where it cannot write. Keras: ModelCheckpoint.
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

  operator Callback() const {
    check();
    struct State {
      AnyTrainer* trainer = nullptr;
      std::uint64_t saved = 0;  ///< updates at the last save
      double least = 0;
    };
    const auto state = std::make_shared<State>();
    const auto save = [state, path = path] {
      state->trainer->save(numbered(path, state->trainer->epochs()));
      state->saved = state->trainer->updates();
    };
    Callback callback{.before_fit =
                          [state, options = *this](AnyTrainer& trainer, const FitPlan&) {
                            options.check_folder();
                            *state = {&trainer, trainer.updates(), options.below};
                          },
                      .after_epoch =
                          [state, save, options = *this](const EpochReport& report) {
                            if (state->trainer->epochs() % static_cast<std::uint64_t>(options.every) != 0)
                              return Training::go_on;
                            if (options.best_only) {
                              const double loss = detail::watched_loss(report);
                              if (!(loss < state->least)) return Training::go_on;
                              state->least = loss;
                            }
                            save();
                            return Training::go_on;
                          }};
    if (!best_only) {
      callback.after_fit = [state, save](const History&) {
        if (state->trainer->updates() != state->saved) save();
      };
    }
    return callback;
  }

 private:
  static constexpr std::string_view place = "{epoch}";

  void check() const {
    if (path.filename().empty())
      throw OptionError(message("ModelCheckpoint: path must name a file, found \"", path.string(), '"'));
    if (const std::string rest = numbered(path, 0); rest.find('{') != std::string::npos) {
      throw OptionError(message("ModelCheckpoint: in braces the path may have {epoch} alone, found \"", path.string(), '"'));
    }
    if (every < 1) throw OptionError(message("ModelCheckpoint: every must be at least 1, found ", every));
    if (std::isnan(below)) throw OptionError("ModelCheckpoint: below must be a number, found nan");
    if (!best_only && below < std::numeric_limits<double>::infinity()) {
      throw OptionError(message("ModelCheckpoint: below (", below, ") needs best_only"));
    }
  }
  void check_folder() const {
    const std::filesystem::path folder = std::filesystem::path(numbered(path, 0)).parent_path();
    std::error_code unused;
    if (!folder.empty() && !std::filesystem::is_directory(folder, unused)) {
      throw FileError(message("ModelCheckpoint: ", path.string(), " cannot be written: there is no folder ", folder.string()));
    }
  }
  static std::string numbered(const std::filesystem::path& path, std::uint64_t epochs) {
    std::string text = path.string();
    for (std::size_t at = text.find(place); at != std::string::npos; at = text.find(place, at))
      text.replace(at, place.size(), std::to_string(epochs));
    return text;
  }
};

}  // namespace eigencoder
