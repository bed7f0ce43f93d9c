// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <limits>
#include <memory>
#include <string>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/training/model_checkpoint.hpp"

namespace eigencoder {

EIGENCODER_INLINE ModelCheckpoint::operator Callback() const {
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
                          if (state->trainer->epochs() % static_cast<std::uint64_t>(options.every) != 0) return Training::go_on;
                          if (options.best_only) {
                            const double loss = detail::watched_loss(report);
                            if (!(loss < state->least)) return Training::go_on;
                            state->least = loss;
                          }
                          save();
                          return Training::go_on;
                        },
                    .first_rank_alone = true};
  if (!best_only) {
    callback.after_fit = [state, save](const History&) {
      if (state->trainer->updates() != state->saved) save();
    };
  }
  return callback;
}

EIGENCODER_INLINE void ModelCheckpoint::check() const {
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

EIGENCODER_INLINE void ModelCheckpoint::check_folder() const {
  const std::filesystem::path folder = std::filesystem::path(numbered(path, 0)).parent_path();
  std::error_code unused;
  if (!folder.empty() && !std::filesystem::is_directory(folder, unused)) {
    throw FileError(message("ModelCheckpoint: ", path.string(), " cannot be written: there is no folder ", folder.string()));
  }
}

EIGENCODER_INLINE std::string ModelCheckpoint::numbered(const std::filesystem::path& path, std::uint64_t epochs) {
  std::string text = path.string();
  for (std::size_t at = text.find(place); at != std::string::npos; at = text.find(place, at))
    text.replace(at, place.size(), std::to_string(epochs));
  return text;
}

}  // namespace eigencoder
