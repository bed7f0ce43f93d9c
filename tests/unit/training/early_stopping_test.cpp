// SPDX-License-Identifier: MIT
#include "scripted_trainer.hpp"
#include "support/catch.hpp"
#include "support/throws.hpp"
#include <eigencoder/training/early_stopping.hpp>

namespace ec = eigencoder;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// How many epochs of these losses it lets pass.
std::size_t epochs(const ec::EarlyStopping& stopping, const std::vector<double>& losses, bool validated = true) {
  ScriptedTrainer trainer;
  return trainer.fit({stopping}, ScriptedTrainer::losses(losses, validated)).epochs.size();
}

}  // namespace

TEST_CASE("EarlyStopping: counts epochs in a row without an improvement, as Keras does") {
  CHECK(epochs({}, {3, 2, 1, 1, 1}) == 4);
  CHECK(epochs({.patience = 2}, {3, 4, 4, 2, 1, 1, 0}) == 3);
  CHECK(epochs({.patience = 2}, {3, 4, 2, 2.5, 1, 1, 0}) == 7);
  CHECK(epochs({.patience = 3}, {3, 4, 4, 2, 2, 2, 2, 2}) == 7);
  CHECK(epochs({.patience = 2}, {not_a_number, not_a_number, 1}) == 2);
  CHECK(epochs({.patience = 2}, {1, not_a_number, 0.5, not_a_number, not_a_number, 0}) == 5);
  for (const bool validated : {false, true}) CHECK(epochs({.patience = 2}, {3, 2, 2, 2, 2}, validated) == 4);
}

TEST_CASE("EarlyStopping: what is not better by more than min_delta is no improvement, nor do small ones add up unseen") {
  CHECK(epochs({.patience = 2, .min_delta = 0.5}, {3, 2.5, 2.6, 2}) == 3);
  CHECK(epochs({.patience = 2, .min_delta = 0.5}, {3, 2.75, 2.25, 2, 1.5, 1.5, 1}) ==
        7);  // 2.25 counts against 3, 1.5 against 2.25
}

TEST_CASE("EarlyStopping: says why it ended and what the model is then") {
  ScriptedTrainer trainer;
  const auto stopped = [&](const ec::EarlyStopping& stopping, bool validated) {
    return trainer.fit({stopping}, ScriptedTrainer::losses({3, 2, 1.75, 2.5, 4, 1}, validated)).stopped;
  };
  CHECK(stopped({.patience = 2}, true) ==
        "EarlyStopping after epoch 5: the validation loss has not improved for 2 epochs (the best 1.75 in epoch 3; the model "
        "is as the "
        "last step left it)");
  CHECK(trainer.restored == 0);
  CHECK(stopped({.patience = 2, .restore_best = true}, true) ==
        "EarlyStopping after epoch 5: the validation loss has not improved for 2 epochs (the best 1.75 in epoch 3; the model "
        "is what it "
        "was after epoch 3)");
  CHECK(trainer.restored == 1);
  CHECK(stopped({.min_delta = 0.5, .restore_best = true}, false) ==
        "EarlyStopping after epoch 3: the training loss has not improved by more than 0.5 for 1 epoch (the best 1.75 in epoch "
        "3; the "
        "model stays as the last step left it)");
  CHECK(trainer.restored == 1);
}

TEST_CASE("EarlyStopping: goes back to the best also where the last epoch or another callback ends the fit") {
  const ec::Callback stopping = ec::EarlyStopping{.patience = 9, .restore_best = true};
  ScriptedTrainer trainer;
  CHECK(trainer.fit({stopping}, ScriptedTrainer::losses({3, 1, 2}, true)).stopped.empty());
  CHECK(trainer.restored == 1);
  CHECK(trainer.updates() == 8);

  const ec::Callback within{.after_batch = [&](const ec::BatchReport& report) {
    if (report.epoch == 3 && report.samples == 2) trainer.stop("enough");
  }};
  CHECK(trainer.fit({stopping, within}, ScriptedTrainer::losses({3, 1, 2}, true)).stopped == "enough");
  CHECK(trainer.restored == 2);
  // A training loss speaks for the beginning of its epoch; nothing was worse after the last one.
  CHECK(trainer.fit({stopping, within}, ScriptedTrainer::losses({3, 1, 2})).stopped == "enough");
  CHECK(trainer.restored == 2);
  trainer.fit({stopping}, ScriptedTrainer::losses({1}));
  CHECK(trainer.restored == 2);
  trainer.fit({stopping}, ScriptedTrainer::losses({1, 2}));
  CHECK(trainer.restored == 3);
  trainer.fit({stopping}, ScriptedTrainer::losses({not_a_number, not_a_number}, true));
  CHECK(trainer.restored == 3);
}

TEST_CASE("EarlyStopping: one callback counts anew in each fit") {
  const ec::Callback stopping = ec::EarlyStopping{.patience = 2};
  for (int fit = 0; fit < 2; ++fit) {
    ScriptedTrainer trainer;
    CHECK(trainer.fit({stopping}, ScriptedTrainer::losses({3, 4, 2, 3, 3, 3})).epochs.size() == 5);
  }
}

TEST_CASE("EarlyStopping: refuses what makes no sense") {
  const auto convert = [](const ec::EarlyStopping& stopping) { static_cast<void>(ec::Callback(stopping)); };
  expect_error<ec::OptionError>([&] { convert({.patience = 0}); }, {"EarlyStopping: patience must be at least 1, found 0"});
  expect_error<ec::OptionError>([&] { convert({.min_delta = -1}); }, {"EarlyStopping: min_delta", "found -1"});
  expect_error<ec::OptionError>([&] { convert({.min_delta = not_a_number}); }, {"EarlyStopping: min_delta", "found nan"});
}
