// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <new>
#include <utility>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include <eigencoder/engine/arena.hpp>

namespace ec = eigencoder;

namespace {

ec::Arena<float> counting(std::size_t size) {
  ec::Arena<float> arena(size);
  for (std::size_t k = 0; k < size; ++k) arena[k] = static_cast<float>(k);
  return arena;
}

bool all_zero(const float* first, const float* last) {
  return std::all_of(first, last, [](float value) { return value == 0; });
}

}  // namespace

TEST_CASE("arenas: on cache-line borders and zero, those of megabytes on the border of a large page") {
  for (const std::size_t size : {1U, 17U, 1000U, 1U << 19U}) {
    const ec::Arena<float> arena(size);
    CHECK(reinterpret_cast<std::uintptr_t>(arena.data()) % (size * sizeof(float) < (2U << 20U) ? 64 : 2U << 20U) == 0);
    CHECK(arena.size() == size);
    CHECK(all_zero(arena.begin(), arena.end()));
  }
  CHECK(ec::Arena<double>().empty());
  CHECK(ec::Arena<double>(0).data() == nullptr);
}

TEST_CASE("arenas: resized, they keep what they have, and what is new is zero") {
  ec::Arena<float> arena = counting(5);
  arena.resize(1000);
  CHECK(std::equal(arena.begin(), arena.begin() + 5, counting(5).begin()));
  CHECK(all_zero(arena.begin() + 5, arena.end()));

  arena = counting(1000);
  arena.resize(3);
  CHECK(arena == counting(3));
  arena.resize(1000);
  CHECK(std::equal(arena.begin(), arena.begin() + 3, counting(3).begin()));
  CHECK(all_zero(arena.begin() + 3, arena.end()));

  arena.clear();
  CHECK(arena.empty());
}

TEST_CASE("arenas: copies are apart, what was moved from is empty") {
  ec::Arena<float> first = counting(7);
  ec::Arena<float> second = first;
  CHECK(second == first);
  second[6] = -1;
  CHECK(first == counting(7));
  CHECK_FALSE(second == first);
  CHECK_FALSE(counting(6) == first);

  const float* const place = first.data();
  ec::Arena<float> third = std::move(first);
  CHECK(third.data() == place);
  first = counting(2);
  third.swap(first);
  CHECK(third == counting(2));
  CHECK(first.data() == place);
  third = std::move(first);
  CHECK(third.data() == place);

  ec::Arena<float>& itself = third;
  third = itself;
  CHECK(third == counting(7));
  third.assign(second.begin() + 1, second.begin() + 3);
  REQUIRE(third.size() == 2);
  CHECK(third[0] == 1);
  CHECK(third[1] == 2);
}

TEST_CASE("arenas: allocate only beyond what they once were") {
  const ec::Arena<float> smaller = counting(900);
  ec::Arena<float> arena(1000);
  const long before = allocations::count();
  arena.resize(10);
  arena.resize(1000);
  arena = smaller;
  arena.assign(smaller.begin(), smaller.begin() + 5);
  arena.resize(999);
  if (allocations::counted) CHECK(allocations::count() == before);
}

TEST_CASE("arenas: without memory they are as before") {
  if (!allocations::refusing) return;
  ec::Arena<float> arena = counting(5);
  allocations::refuse(1);
  CHECK_THROWS_AS(arena.resize(1000), std::bad_alloc);
  CHECK(arena == counting(5));
}
