// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/files/event_file.hpp"
#include "eigencoder/training/epoch_values.hpp"
#include "eigencoder/training/tensorboard.hpp"

namespace eigencoder {

namespace detail {

/// The numbers of an epoch as TensorBoard shows them.
inline EventValues epoch_scalars(const FitPlan& plan, const EpochReport& report) {
  EventValues values;
  const EpochNames names(plan);
  const auto add = [&](const char* set, const Evaluation& found) {
    values.scalar(message("loss/", set), found.loss);
    for (std::size_t k = 0; k < names.terms.size(); ++k) values.scalar(message(names.terms[k], '/', set), found.terms.at(k));
  };
  add("train", report.train);
  if (report.validated) add("validation", report.validation);
  for (std::size_t k = 0; k < names.metrics.size(); ++k) values.scalar(names.metrics[k] + "/validation", report.metrics.at(k));
  values.scalar("learning_rate", report.learning_rate);
  values.scalar("gradient_norm", report.gradient_norm);
  values.scalar("samples_per_second", report.samples_per_second);
  return values;
}

}  // namespace detail

EIGENCODER_INLINE TensorBoard::operator Callback() const {
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
                EventValues values = detail::epoch_scalars(state->plan, report);
                if (images && epoch % static_cast<std::uint64_t>(every) == 0) {
                  for (const Picture& picture : images()) values.image(picture.name, picture.png);
                }
                state->file->write(epoch, values);
                return Training::go_on;
              },
          .after_fit = [state](const History&) { state->file.reset(); },
          .first_rank_alone = true};
}

}  // namespace eigencoder
