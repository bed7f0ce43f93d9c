// SPDX-License-Identifier: MIT
#include <array>
#include <atomic>
#include <chrono>
#include <eigencoder/training/team.hpp>
#include <numeric>

#include "support/no_threads.hpp"
#include "support/out_of_memory.hpp"

namespace ec = eigencoder;

TEST_CASE("team: every part is done once, and all have ended when run returns") {
  for (const std::size_t size : {1U, 2U, 3U, 8U}) {
    ec::Team team(size);
    for (const std::size_t parts : {1U, 2U, 3U, 7U, 100U}) {
      INFO(size << " threads, " << parts << " parts");
      for (int round = 0; round < 300; ++round) {
        std::vector<int> done(parts, 0);  // not atomic: each part is its thread's own, and run() is a meeting point
        team.run(parts, [&](std::size_t part) { ++done[part]; });
        REQUIRE(done == std::vector<int>(parts, 1));
      }
    }
  }
}

TEST_CASE("team: what one run wrote the next one sees, by any thread") {
  ec::Team team(2);
  std::array<long, 2> counts{};
  for (long round = 0; round < 20'000; ++round) {
    const long before = counts[0];
    team.run(2, [&](std::size_t part) { counts[part] = before + 1; });
    REQUIRE(counts == std::array<long, 2>{round + 1, round + 1});
  }
}

TEST_CASE("team: threads that have parked wake up again") {
  ec::Team team(3);
  std::atomic<int> done = 0;
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    team.run(3, [&](std::size_t) { ++done; });
  }
  CHECK(done == 15);
}

TEST_CASE("team: a thread that is not let run does not keep the others waiting") {
  ec::Team team(2);
  std::atomic<bool> other_started = false;
  // Whoever takes part 0 stays in it until the other parts are done: by the other thread, or else this would never end.
  std::atomic<int> rest = 0;
  team.run(4, [&](std::size_t part) {
    if (part == 0) {
      while (rest < 3) std::this_thread::yield();
      other_started = true;
    } else {
      ++rest;
    }
  });
  CHECK(other_started);
}

namespace {

void check_works(ec::Team& team) {
  std::array<int, 7> done{};
  team.run(done.size(), [&](std::size_t part) { ++done[part]; });
  CHECK(done == std::array<int, 7>{1, 1, 1, 1, 1, 1, 1});
}

}  // namespace

TEST_CASE("team: where the system gives no thread, the caller does all parts") {
  if (!NoThreads::possible) return;
  const NoThreads none;
  ec::Team team(8);
  CHECK(team.size() == 1);
  check_works(team);
}

TEST_CASE("team: where memory ends while threads are started, those that there are do all parts") {
  if (!allocations::refusing) return;
  std::array<bool, 4> sizes{};
  refuse_each_allocation([] { return std::make_unique<std::unique_ptr<ec::Team>>(); },
                         [](std::unique_ptr<ec::Team>& team) { team = std::make_unique<ec::Team>(4); },
                         [&](std::unique_ptr<ec::Team>& team, bool threw) {
                           CHECK(threw == !team);
                           if (!team) return;
                           sizes[team->size() - 1] = true;
                           check_works(*team);
                         });
  CHECK(sizes == std::array<bool, 4>{true, true, true, true});
}
