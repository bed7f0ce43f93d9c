// SPDX-License-Identifier: MIT
#include <eigencoder/eigencoder.hpp>

#include "support/catch.hpp"

namespace ec = eigencoder;

TEST_CASE("type names: as a person would write them, on every compiler") {
  CHECK(ec::type_name<ec::Dense<32>>() == "Dense<32>");
  CHECK(ec::type_name<ec::ReLU>() == "ReLU");
  CHECK(ec::type_name<ec::BinaryCrossEntropy>() == "BinaryCrossEntropy");
  CHECK(ec::message("row ", 3, " of ", 7.5, '!') == "row 3 of 7.5!");
}

TEST_CASE("arenas: on cache-line borders and zero") {
  for (const std::size_t size : {1U, 17U, 1000U}) {
    const ec::Arena<float> arena(size);
    CHECK(reinterpret_cast<std::uintptr_t>(arena.data()) % 64 == 0);
    CHECK(std::all_of(arena.begin(), arena.end(), [](float v) { return v == 0; }));
  }
}
