// SPDX-License-Identifier: MIT
#include <eigencoder/core/shape.hpp>

#include "support/throws.hpp"

namespace ec = eigencoder;

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
