// SPDX-License-Identifier: MIT
#include <eigencoder/eigencoder.hpp>

#include "support/catch.hpp"

namespace ec = eigencoder;

TEST_CASE("type names: as a person would write them, on every compiler") {
  CHECK(ec::type_name<ec::Dense<32>>() == "Dense<32>");
  CHECK(ec::type_name<ec::ReLU>() == "ReLU");
  CHECK(ec::type_name<ec::BinaryCrossEntropy>() == "BinaryCrossEntropy");
  CHECK(ec::type_name<ec::MaxPool2D<2>>() == "MaxPool2D<2>");
  CHECK(ec::type_name<ec::ConvTranspose2D<16, 3, 12>>() == "ConvTranspose2D<16, 3, 12>");
  CHECK(ec::type_name<ec::Reshape<ec::image(5, 5, 5)>>().ends_with("{5, 5, 5}>"));
  // g++ leaves out arguments that are the default, clang the types before braces.
  using Catch::Matchers::StartsWith;
  CHECK_THAT((ec::type_name<ec::Conv2D<32, 3>>()), StartsWith("Conv2D<32, 3"));
  CHECK_THAT((ec::type_name<ec::Conv2D<32, 3, 2, ec::Padding::valid>>()), StartsWith("Conv2D<32, 3, 2, Padding::valid>"));
  const std::string unequal = ec::type_name<ec::Conv2D<8, ec::Extent{3, 5}, 2>>();
  CHECK((unequal == "Conv2D<8, Extent{3, 5}, 2>" || unequal == "Conv2D<8, {3, 5}, 2>"));
  CHECK(ec::message("row ", 3, " of ", 7.5, '!') == "row 3 of 7.5!");
}

TEST_CASE("arenas: on cache-line borders and zero") {
  for (const std::size_t size : {1U, 17U, 1000U}) {
    const ec::Arena<float> arena(size);
    CHECK(reinterpret_cast<std::uintptr_t>(arena.data()) % 64 == 0);
    CHECK(std::all_of(arena.begin(), arena.end(), [](float v) { return v == 0; }));
  }
}
