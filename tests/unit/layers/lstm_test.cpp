// SPDX-License-Identifier: MIT
#include "check_recurrent.hpp"
#include <eigencoder/layers/lstm.hpp>

namespace ec = eigencoder;
using ec::Direction, ec::LSTM, ec::Returns, ec::Truncation;
using layers::check_values, layers::LSTMStep;

TEMPLATE_TEST_CASE("LSTM: the equations, step by step", "", float, double) {
  using T = TestType;
  check_values<T, LSTMStep, ec::sequence(5, 3), LSTM<4>>();
  check_values<T, LSTMStep, ec::sequence(6, 19), LSTM<17, Returns::sequence>>();
  check_values<T, LSTMStep, ec::sequence(5, 3), LSTM<8, Direction::backward, Returns::sequence>>();
  check_values<T, LSTMStep, ec::sequence(3, 2), LSTM<5, Returns::state, Direction::backward>>();
  check_values<T, LSTMStep, ec::features(3), LSTM<1, Returns::state>>();
}

TEST_CASE("LSTM: finite differences") {
  layers::check_gradient<ec::sequence(5, 3)>(LSTM<4>{});
  layers::check_gradient<ec::sequence(11, 2)>(LSTM<3, Returns::sequence, Direction::backward>{});
  layers::check_gradient<ec::sequence(3, 5)>(LSTM<17, Returns::state>{.recurrent_dropout = 0.4});
}
