// SPDX-License-Identifier: MIT
#include "support/contract_layers.hpp"

#include <eigencoder/testing/gradient_check.hpp>

#include "support/catch.hpp"

namespace ec = eigencoder;

TEST_CASE("gradient check: layers with sums, state, cache, noise, packed parameters and scratch, one by one") {
  // On a batch of one a standardised value is 0 whatever its input.
  CHECK(ec::check_layer_gradient<ec::image(5, 3)>(contract::Standardise{}).error < 1e-6);
  CHECK(ec::check_layer_gradient<ec::features(8)>(contract::PairMax{}).error < 1e-6);
  CHECK(ec::check_layer_gradient(contract::Flicker{}).error < 1e-6);
  CHECK(ec::check_layer_gradient(contract::PackedScale{}).error < 1e-6);
  CHECK(ec::check_layer_gradient(contract::Draw{}).error < 1e-6);
  CHECK(ec::check_layer_gradient<ec::sequence(4, 3)>(contract::Recurrence{}).error < 1e-6);
}
