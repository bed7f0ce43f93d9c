// SPDX-License-Identifier: MIT
#include "check_recurrent.hpp"
#include <eigencoder/layers/simple_rnn.hpp>

namespace ec = eigencoder;
using ec::Direction, ec::SimpleRNN, ec::Returns, ec::Truncation;
using layers::check_values, layers::SimpleRNNStep;

TEMPLATE_TEST_CASE("SimpleRNN: the equations, step by step", "", float, double) {
  using T = TestType;
  check_values<T, SimpleRNNStep, ec::sequence(5, 3), SimpleRNN<4>>();
  check_values<T, SimpleRNNStep, ec::sequence(6, 19), SimpleRNN<17, Returns::sequence, Direction::backward>>();
  check_values<T, SimpleRNNStep, ec::features(3), SimpleRNN<1, Returns::state>>();
}

TEST_CASE("SimpleRNN: finite differences") {
  layers::check_gradient<ec::sequence(5, 3)>(SimpleRNN<4>{});
  layers::check_gradient<ec::sequence(11, 2)>(SimpleRNN<3, Returns::sequence, Direction::backward>{});
  layers::check_gradient<ec::sequence(3, 5)>(SimpleRNN<17, Returns::state>{.recurrent_dropout = 0.4});
}
