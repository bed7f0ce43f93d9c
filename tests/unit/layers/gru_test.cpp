// SPDX-License-Identifier: MIT
#include "check_recurrent.hpp"
#include <eigencoder/layers/gru.hpp>

namespace ec = eigencoder;
using ec::Direction, ec::GRU, ec::Returns, ec::Truncation;
using layers::check_values, layers::GRUStep;

TEMPLATE_TEST_CASE("GRU: the equations, step by step", "", float, double) {
  using T = TestType;
  check_values<T, GRUStep, ec::sequence(5, 3), GRU<4>>();
  check_values<T, GRUStep, ec::sequence(6, 19), GRU<17, Returns::sequence, Direction::backward>>();
  check_values<T, GRUStep, ec::features(3), GRU<1, Returns::state>>();
}

TEST_CASE("GRU: finite differences") {
  layers::check_gradient<ec::sequence(5, 3)>(GRU<4>{});
  layers::check_gradient<ec::sequence(11, 2)>(GRU<3, Returns::sequence, Direction::backward>{});
  layers::check_gradient<ec::sequence(3, 5)>(GRU<17, Returns::state>{.recurrent_dropout = 0.4});
}
