// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <new>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include <eigencoder/core/error.hpp>

/// Calls work(*prepare()) again and again, with another of its allocations refused each time, until it needs no more of them,
/// and after each call check(objects, whether work threw). It may throw a bad_alloc or an error of the library, and nothing
/// else. Returns how many allocations it has.
template <class Prepare, class Work, class Check>
long refuse_each_allocation(const Prepare& prepare, const Work& work, const Check& check) {
  for (long n = 1;; ++n) {
    const auto objects = prepare();
    bool threw = false;
    allocations::refuse(n);
    try {
      work(*objects);
    } catch (const std::bad_alloc&) {
      threw = true;
    } catch (const eigencoder::Error&) {
      threw = true;
    }
    const bool refused = allocations::refused();
    allocations::refuse(0);
    INFO("allocation " << n << (threw ? ": thrown" : refused ? ": done without" : ": there is none"));
    REQUIRE((refused || !threw));
    check(*objects, threw);
    if (!refused) return n - 1;
  }
}
