// SPDX-License-Identifier: MIT
#include "support/throws.hpp"
#include <eigencoder/core/shape.hpp>

namespace ec = eigencoder;

template <ec::Index Side>
concept MakesAnImage = requires {
  typename std::bool_constant<(ec::image(Side, Side), true)>;
};

TEST_CASE("shape: images, vectors and sequences") {
  static_assert(ec::image(28, 20, 3) == ec::Shape{.channels = 3, .height = 28, .width = 20});
  static_assert(ec::image(28, 20).size() == 560);
  static_assert(ec::features(7) == ec::image(1, 1, 7));
  static_assert(ec::sequence(10, 3) == ec::Shape{.channels = 3, .height = 1, .width = 10});
  CHECK(ec::to_string(ec::image(28, 20, 3)) == "(28, 20, 3)");
  CHECK(ec::to_string(ec::features(7)) == "(7)");
  CHECK(ec::to_string(ec::sequence(10, 3)) == "(10, 3)");
}

TEST_CASE("shape: extents must be positive") {
  expect_error<ec::ShapeError>([] { ec::image(0, 28); }, {"positive", "found 0"});
  expect_error<ec::ShapeError>([] { ec::features(-3); }, {"positive", "found -3"});
  expect_error<ec::ShapeError>([] { ec::sequence(4, 0); }, {"positive"});
}

TEST_CASE("shape: the number of values must be one that can be held") {
  constexpr ec::Index most = std::numeric_limits<ec::Index>::max();
  static_assert(ec::features(most).size() == most);
  static_assert(ec::image(7 * 7 * 73, 127 * 337, most / (7 * 7 * 73) / (127 * 337)).size() == most);
  const std::string limit = std::to_string(most);
  expect_error<ec::ShapeError>([] { ec::image(1, 2, most); }, {"a shape of 1 x 2 x " + limit, "expected at most " + limit});
  expect_error<ec::ShapeError>([] { ec::image(ec::Index{1} << 32, ec::Index{1} << 31); }, {"4294967296 x 2147483648 x 1"});
  expect_error<ec::ShapeError>([] { ec::image(ec::Index{1} << 32, ec::Index{1} << 32); }, {"4294967296 x 4294967296 x 1"});
  expect_error<ec::ShapeError>([] { ec::sequence(most, 2); }, {"check its extents"});
  static_assert(MakesAnImage<ec::Index{1} << 31> && !MakesAnImage<ec::Index{1} << 32> && !MakesAnImage<0>);
}
