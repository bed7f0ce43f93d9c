// SPDX-License-Identifier: MIT
#include "scripted_trainer.hpp"
#include "support/catch.hpp"
#include <eigencoder/training/terminate_on_non_finite.hpp>

namespace ec = eigencoder;

TEST_CASE("TerminateOnNonFinite: ends the fit at the first value that is not finite, and names it") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const ec::Callback callback = ec::TerminateOnNonFinite{};
  const auto stopped = [&](const ec::Evaluation& train, const ec::Evaluation& validation, bool validated) {
    ec::EpochReport fine{.train = {1, {2, 3}}, .validated = validated}, other{.train = train, .validated = validated};
    if (validated) fine.validation = {1, {2, 3}};
    if (validated) other.validation = validation;
    ScriptedTrainer trainer;
    const ec::History history = trainer.fit({callback}, {fine, other, fine}, {"A", "B"});
    CHECK(history.epochs.size() == (history.stopped.empty() ? 3 : 2));
    return history.stopped;
  };
  CHECK(stopped({1, {2, 3}}, {1, {2, 3}}, true).empty());
  CHECK(stopped({1, {2, 3}}, {}, false).empty());
  CHECK(stopped({1, {2, 3}}, {nan, {2, 3}}, true) == "TerminateOnNonFinite: the validation loss of epoch 2 is nan");
  CHECK(stopped({1, {2, 3}}, {1, {2, infinity}}, true) == "TerminateOnNonFinite: the validation B of epoch 2 is inf");
  CHECK(stopped({1, {-infinity, 3}}, {}, false) == "TerminateOnNonFinite: the training A of epoch 2 is -inf");
}
