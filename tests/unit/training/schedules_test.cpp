// SPDX-License-Identifier: MIT
#include "golden/golden.hpp"
#include "scripted_trainer.hpp"
#include "support/catch.hpp"
#include "support/throws.hpp"
#include <eigencoder/training/schedules.hpp>

namespace ec = eigencoder;

namespace {

void check_golden(const std::string& name, const ec::Schedule& schedule, double tolerance = 1e-12) {
  const auto expected = golden::load("schedules.json")["rates"][name].get<std::vector<double>>();
  REQUIRE(expected.size() == 61);
  for (std::size_t u = 0; u < expected.size(); ++u) {
    INFO(name << ", update " << u);
    CHECK(schedule(u) == Approx(expected[u]).epsilon(tolerance));
  }
}

}  // namespace

TEST_CASE("schedules: PyTorch's rates") {
  check_golden("step", ec::StepDecay{.learning_rate = 0.2, .steps = 7, .factor = 0.5});
  check_golden("exponential", ec::ExponentialDecay{.learning_rate = 0.2, .factor = 0.9});
  check_golden("cosine", ec::CosineDecay{.learning_rate = 0.2, .steps = 60, .minimum = 0.02}, 1e-9);  // PyTorch's is recursive
  const ec::CosineDecayRestarts restarts{.learning_rate = 0.2, .steps = 7, .growth = 2, .minimum = 0.01};
  check_golden("restarts", restarts);
  check_golden("restarts_of_one_length", ec::CosineDecayRestarts{.learning_rate = 0.2, .steps = 9});
  check_golden("warm_up_exponential",
               ec::WarmUp{.steps = 5, .then = ec::ExponentialDecay{.learning_rate = 0.2, .factor = 0.9}});
  check_golden("warm_up_restarts", ec::WarmUp{.steps = 11, .start_factor = 0.1, .then = restarts});
  check_golden("one_cycle", ec::OneCycle{.learning_rate = 0.2, .steps = 61});
  check_golden("one_cycle_with_options",
               ec::OneCycle{.learning_rate = 0.2, .steps = 61, .pct_start = 0.45, .div_factor = 10, .final_div_factor = 100});
}

TEST_CASE("schedules: closed forms, and what comes after the last step") {
  CHECK(ec::Schedule(ec::ConstantRate{0.3})(1'000'000'000'000) == 0.3);
  const ec::Schedule exponential = ec::ExponentialDecay{.learning_rate = 1, .steps = 10, .factor = 0.25};
  CHECK(exponential(5) == Approx(0.5));
  CHECK(exponential(20) == Approx(1.0 / 16));
  const ec::Schedule cosine = ec::CosineDecay{.learning_rate = 1, .steps = 4};
  CHECK(cosine(0) == 1);
  CHECK(cosine(1) == Approx((1 + std::sqrt(0.5)) / 2));
  CHECK(cosine(2) == Approx(0.5));
  for (const std::uint64_t updates : {4U, 5U, 4'000'000U}) CHECK(cosine(updates) == 0);
  const ec::Schedule one_cycle = ec::OneCycle{.learning_rate = 1, .steps = 100};
  CHECK(one_cycle(0) == Approx(1.0 / 25));
  CHECK(one_cycle(29) == 1);
  for (const std::uint64_t updates : {99U, 100U, 4'000'000U}) CHECK(one_cycle(updates) == Approx(1.0 / 250'000));
  for (const ec::Index steps : {1, 2, 3}) {  // no room to rise
    const ec::Schedule short_cycle = ec::OneCycle{.learning_rate = 1, .steps = steps};
    for (const std::uint64_t updates : {0U, 1U, 2U, 3U}) CHECK((short_cycle(updates) > 0 && short_cycle(updates) <= 1));
  }
  const ec::Schedule restarts = ec::CosineDecayRestarts{.learning_rate = 1, .steps = 10};
  CHECK(restarts(1'000'000'000'000) == 1);
  CHECK(restarts(1'000'000'000'005) == Approx(0.5));
}

TEST_CASE("schedules: refuse what makes no sense") {
  const auto refuse = [](const ec::Schedule&) { FAIL("accepted"); };
  expect_error<ec::OptionError>([&] { refuse(ec::ConstantRate{0}); },
                                {"ConstantRate: learning_rate must be finite and positive, found 0"});
  expect_error<ec::OptionError>([&] { refuse(ec::StepDecay{.steps = 0}); }, {"StepDecay: steps must be at least 1, found 0"});
  expect_error<ec::OptionError>([&] { refuse(ec::StepDecay{.factor = 1.5}); }, {"StepDecay: factor", "found 1.5"});
  expect_error<ec::OptionError>([&] { refuse(ec::ExponentialDecay{.factor = 0}); }, {"ExponentialDecay: factor", "found 0"});
  expect_error<ec::OptionError>([&] { refuse(ec::CosineDecay{.learning_rate = 1, .steps = 3, .minimum = 2}); },
                                {"CosineDecay: minimum", "found 2"});
  expect_error<ec::OptionError>([&] { refuse(ec::CosineDecayRestarts{.growth = 0}); },
                                {"CosineDecayRestarts: growth", "found 0"});
  expect_error<ec::OptionError>([&] { refuse(ec::WarmUp{.steps = -1, .then = ec::ConstantRate{}}); },
                                {"WarmUp: steps", "found -1"});
  expect_error<ec::OptionError>([&] { refuse(ec::WarmUp{.start_factor = 0, .then = ec::ConstantRate{}}); },
                                {"WarmUp: start_factor"});
  expect_error<ec::OptionError>([&] { refuse(ec::WarmUp{.then = ec::ConstantRate{-1}}); }, {"ConstantRate: learning_rate"});
  expect_error<ec::OptionError>([&] { refuse(ec::OneCycle{.pct_start = 2}); }, {"OneCycle: pct_start", "found 2"});
  expect_error<ec::OptionError>([&] { refuse(ec::OneCycle{.div_factor = 0}); }, {"OneCycle: div_factor", "found 0"});
}

TEST_CASE("LearningRate: sets the rate of each step, and goes on where training goes on") {
  const auto by_update = [](std::uint64_t updates) { return 1 / (1 + static_cast<double>(updates)); };
  const ec::Callback callback = ec::LearningRate{by_update};
  ScriptedTrainer whole, parts;
  whole.fit({callback}, ScriptedTrainer::losses({3, 2, 1}));
  REQUIRE(whole.rates.size() == 12);
  for (std::uint64_t u = 0; u < 12; ++u) CHECK(whole.rates[u] == by_update(u));
  CHECK(whole.learning_rate() == by_update(12));

  parts.fit({callback}, ScriptedTrainer::losses({3}));
  parts.set_learning_rate(5);
  parts.fit({callback}, ScriptedTrainer::losses({2, 1}));
  CHECK(parts.rates == whole.rates);

  parts.rates.clear();
  parts.fit({ec::LearningRate{.schedule = by_update, .start = parts.updates()}}, ScriptedTrainer::losses({1}));
  CHECK(parts.rates == std::vector<double>{by_update(0), by_update(1), by_update(2), by_update(3)});
  ScriptedTrainer fresh;
  expect_error<ec::OptionError>(
      [&] { fresh.fit({ec::LearningRate{.schedule = by_update, .start = 1}}, ScriptedTrainer::losses({1})); },
      {"LearningRate: start", "found 1"});

  ScriptedTrainer beyond;  // where the schedule is at 0
  beyond.fit({ec::LearningRate{ec::CosineDecay{.learning_rate = 1, .steps = 2}}}, ScriptedTrainer::losses({1}));
  CHECK(beyond.rates[1] == Approx(0.5));
  CHECK((beyond.rates[3] > 0 && beyond.rates[3] < 1e-20));
}

TEST_CASE("ReduceLROnPlateau: Keras's rates, and PyTorch's") {
  const nlohmann::json all = golden::load("schedules.json");
  REQUIRE(all["plateau"].size() == 5);
  for (const nlohmann::json& entry : all["plateau"]) {
    CAPTURE(entry.dump());
    const ec::Callback callback = ec::ReduceLROnPlateau{.factor = entry["factor"],
                                                        .patience = entry["patience"],
                                                        .min_delta = entry["min_delta"],
                                                        .cooldown = entry["cooldown"],
                                                        .minimum = entry["min_lr"]};
    for (const bool validated : {true, false}) {  // and the second fit counts anew
      ScriptedTrainer trainer;
      trainer.rate = all["learning_rate"];
      trainer.steps_per_epoch = 1;
      auto losses = all["losses"].get<std::vector<double>>();
      losses.push_back(0);  // one step more, to see the rate after the last
      trainer.fit({callback}, ScriptedTrainer::losses(losses, validated));
      const auto expected = entry["rates"].get<std::vector<double>>();
      for (std::size_t epoch = 0; epoch < expected.size(); ++epoch) {
        CAPTURE(epoch);
        CHECK(trainer.rates[epoch + 1] == Approx(expected[epoch]).epsilon(1e-6));  // Keras's are floats
      }
    }
  }
}

TEST_CASE("ReduceLROnPlateau: refuses what makes no sense") {
  const auto convert = [](const ec::ReduceLROnPlateau& plateau) { static_cast<void>(ec::Callback(plateau)); };
  expect_error<ec::OptionError>([&] { convert({.factor = 1}); }, {"ReduceLROnPlateau: factor must be in (0, 1), found 1"});
  expect_error<ec::OptionError>([&] { convert({.patience = 0}); }, {"ReduceLROnPlateau: patience", "found 0"});
  expect_error<ec::OptionError>([&] { convert({.min_delta = -1}); }, {"ReduceLROnPlateau: min_delta", "found -1"});
  expect_error<ec::OptionError>([&] { convert({.cooldown = -1}); }, {"ReduceLROnPlateau: cooldown", "found -1"});
  expect_error<ec::OptionError>([&] { convert({.minimum = -1}); }, {"ReduceLROnPlateau: minimum", "found -1"});
}
