// SPDX-License-Identifier: MIT
#include "check_recurrent.hpp"
#include <eigencoder/layers/lstm.hpp>

namespace ec = eigencoder;
using ec::Direction, ec::LSTM, ec::Returns, ec::Truncation;
using layers::check_values, layers::LSTMStep;

TEMPLATE_TEST_CASE("LSTM: the equations, step by step", "", float, double) {
  using T = TestType;
  check_values<T, LSTMStep, ec::sequence(5, 3), LSTM<4>>();
  check_values<T, LSTMStep, ec::sequence(6, 19), LSTM<37, Returns::sequence>>();
  check_values<T, LSTMStep, ec::sequence(5, 3), LSTM<8, Direction::backward, Returns::sequence>>();
  check_values<T, LSTMStep, ec::sequence(3, 2), LSTM<5, Returns::state, Direction::backward>>();
  check_values<T, LSTMStep, ec::features(3), LSTM<1, Returns::state>>();
}

TEST_CASE("LSTM: finite differences") {
  layers::check_gradient<ec::sequence(5, 3)>(LSTM<4>{});
  layers::check_gradient<ec::sequence(11, 2)>(LSTM<3, Returns::sequence, Direction::backward>{});
  layers::check_gradient<ec::sequence(3, 5)>(LSTM<17, Returns::state>{ec::RecurrentDropout{0.4}});
}

TEST_CASE("LSTM: finite differences of samples of different lengths") {
  layers::check_gradient_with_lengths<ec::sequence(5, 3)>(LSTM<4>{});
  layers::check_gradient_with_lengths<ec::sequence(4, 2)>(LSTM<3, Returns::sequence, Direction::backward>{});
  layers::check_gradient_with_lengths<ec::sequence(4, 2)>(
      LSTM<3, Returns::state, Direction::backward>{ec::RecurrentDropout{0.4}});
}

TEST_CASE("LSTM: recurrent dropout") { layers::check_recurrent_dropout<LSTMStep, LSTM<9, Returns::sequence>>(); }

TEST_CASE("LSTM: a state that is carried on, and a gradient that is cut") {
  layers::check_halves<LSTM<5, Returns::sequence>, LSTM<5, Truncation{3}, Returns::sequence>>();
}

TEST_CASE("LSTM: its blocks, and what it accepts") {
  constexpr auto blocks = LSTM<4>::parameters(ec::sequence(5, 3));
  static_assert(blocks.size() == 4 && blocks[0].name == "weight_ih" && blocks[0].rows == 16 && blocks[0].cols == 3);
  static_assert(blocks[1].name == "weight_hh" && blocks[1].rows == 16 && blocks[1].cols == 4 &&
                blocks[1].init == ec::Init::orthogonal);
  static_assert(blocks[2].name == "bias_ih" && blocks[2].size() == 16 && !blocks[2].decay);
  static_assert(blocks[3].name == "bias_hh" && blocks[3].size() == 16 && !blocks[3].decay);
  static_assert(blocks[2].init == ec::Init::ones_in_rows(4, 8) && blocks[3].init == ec::Init::zeros);
  static_assert(LSTM<4, Returns::state>::output(ec::sequence(5, 3)) == ec::features(8));
  static_assert(LSTM<4, ec::Init::he_normal>::parameters(ec::sequence(5, 3))[0].init == ec::Init::he_normal);
  static_assert(LSTM<4>::accepts(ec::features(3)) && !LSTM<4>::accepts(ec::image(5, 3)));
}
