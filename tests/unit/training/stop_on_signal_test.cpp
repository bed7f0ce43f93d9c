// SPDX-License-Identifier: MIT
// by itself: not every system has what it includes
#include <csignal>

#include "scripted_trainer.hpp"
#include "support/catch.hpp"
#include "support/throws.hpp"
#include <eigencoder/training/stop_on_signal.hpp>

#ifdef __unix__
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace ec = eigencoder;

namespace {

/// While it lives, a signal does this, whatever the test's parent has it do.
struct Doing {
  int signal;
  void (*before)(int);
  Doing(int number, void (*what)(int)) : signal(number), before(std::signal(number, what)) {}
  ~Doing() { std::signal(signal, before); }
};

int own_calls = 0;
void own_handler(int) { ++own_calls; }

/// What is done with a signal now.
auto now_doing(int number) {
  void (*const handler)(int) = std::signal(number, SIG_DFL);
  std::signal(number, handler);
  return handler;
}

}  // namespace

TEST_CASE("StopOnSignal: the first signal ends the fit after its step, in order") {
  const Doing interrupt(SIGINT, SIG_DFL), terminate(SIGTERM, SIG_DFL);
  const auto [number, status, reason] = GENERATE(
      table<int, int, std::string>({{SIGINT, 130, "SIGINT (Ctrl-C) after step 6"}, {SIGTERM, 143, "SIGTERM after step 6"}}));
  const int raised = number;  // clang 14 captures no structured binding
  const ec::StopOnSignal stop;
  CHECK(!stop.stopped());
  CHECK(stop.exit_status() == 0);
  ScriptedTrainer trainer;
  bool ended = false;
  const ec::Callback raise{.after_batch =
                               [&](const ec::BatchReport& report) {
                                 if (report.epoch == 2 && report.samples == 2) std::raise(raised);
                               },
                           .after_fit = [&](const ec::History&) { ended = true; }};
  const ec::History history = trainer.fit({raise, stop}, ScriptedTrainer::losses({3, 2, 1}));
  CHECK(history.stopped == reason);
  CHECK(history.epochs.size() == 1);
  CHECK(trainer.updates() == 6);
  CHECK(ended);
  CHECK(stop.stopped());
  CHECK(stop.signal() == number);
  CHECK(stop.exit_status() == status);
  CHECK(trainer.fit({stop}, ScriptedTrainer::losses({3, 2, 1})).epochs.empty());  // before its first step
  CHECK(trainer.updates() == 6);
}

TEST_CASE("StopOnSignal: a signal during validation ends the fit after the epoch") {
  const Doing interrupt(SIGINT, SIG_DFL);
  const ec::StopOnSignal stop;
  ScriptedTrainer trainer;
  const ec::Callback raise{.after_epoch = [&](const ec::EpochReport& report) {
    if (report.epoch == 2) std::raise(SIGINT);
    return ec::Training::go_on;
  }};
  const ec::History history = trainer.fit({raise, stop}, ScriptedTrainer::losses({3, 2, 1}, true));
  CHECK(history.epochs.size() == 2);
  CHECK(history.stopped == "SIGINT (Ctrl-C) after step 8");
}

TEST_CASE("StopOnSignal: puts back what was there, leaves an ignored signal ignored, and stops nothing once it is gone") {
  const Doing interrupt(SIGINT, &own_handler), terminate(SIGTERM, SIG_IGN);
  ec::Callback left;
  {
    const ec::StopOnSignal stop;
    CHECK(now_doing(SIGTERM) == SIG_IGN);
    CHECK(now_doing(SIGINT) != &own_handler);
    std::raise(SIGTERM);
    CHECK(!stop.stopped());
    std::raise(SIGINT);
    CHECK(stop.stopped());
    CHECK(own_calls == 0);
    left = stop;
    expect_error<ec::Error>([] { const ec::StopOnSignal second; }, {"StopOnSignal: there is one already"});
  }
  CHECK(now_doing(SIGINT) == &own_handler);
  CHECK(now_doing(SIGTERM) == SIG_IGN);
  std::raise(SIGINT);
  CHECK(own_calls == 1);
  ScriptedTrainer trainer;
  CHECK(trainer.fit({left}, ScriptedTrainer::losses({3, 2})).stopped.empty());
  const ec::StopOnSignal again;  // which has seen no signal yet
  CHECK(!again.stopped());
  CHECK(trainer.fit({again}, ScriptedTrainer::losses({3, 2})).stopped.empty());
}

#ifdef __unix__
TEST_CASE("StopOnSignal: the second signal ends the process at once, whichever it is") {
  const auto [first, second] = GENERATE(table<int, int>({{SIGINT, SIGINT}, {SIGINT, SIGTERM}, {SIGTERM, SIGINT}}));
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    const ec::StopOnSignal stop;
    std::raise(first);
    if (!stop.stopped()) ::_exit(1);
    std::raise(second);
    ::_exit(2);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == second);
}
#endif
