// SPDX-License-Identifier: MIT
#include <array>
#include <stdexcept>

#include "support/no_threads.hpp"
#include "support/out_of_memory.hpp"
#include <eigencoder/engine/parallel.hpp>

namespace ec = eigencoder;

namespace {

using Counts = std::array<int, 4>;

void count(Counts& done) {
  ec::in_parallel(done.size(), [&](std::size_t part) { ++done[part]; });
}

}  // namespace

TEST_CASE("parallel: every part is done once, with threads or without") {
  Counts done{};
  count(done);
  CHECK(done == Counts{1, 1, 1, 1});
  if (!NoThreads::possible) return;
  const NoThreads none;
  count(done);
  CHECK(done == Counts{2, 2, 2, 2});
}

TEST_CASE("parallel: where memory ends while threads are started, every part is done or none") {
  refuse_each_allocation([] { return std::make_unique<Counts>(); }, count,
                         [](const Counts& done, bool threw) {
                           CHECK(done == (threw ? Counts{} : Counts{1, 1, 1, 1}));
                         });
}

TEST_CASE("parallel: what a part throws comes to the caller, when all have ended") {
  for (const std::size_t bad : {0U, 3U}) {
    Counts done{};
    CHECK_THROWS_WITH(ec::in_parallel(done.size(),
                                      [&](std::size_t part) {
                                        if (part == bad) throw std::runtime_error("part of no use");
                                        ++done[part];
                                      }),
                      "part of no use");
    CHECK(done[0] + done[1] + done[2] + done[3] == 3);
  }
}
