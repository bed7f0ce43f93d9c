// SPDX-License-Identifier: MIT
#include "check_recurrent.hpp"
#include <eigencoder/layers/simple_rnn.hpp>

namespace ec = eigencoder;
using ec::Direction, ec::SimpleRNN, ec::Returns, ec::Truncation;
using layers::check_values, layers::SimpleRNNStep;

TEMPLATE_TEST_CASE("SimpleRNN: the equations, step by step", "", float, double) {
  using T = TestType;
  check_values<T, SimpleRNNStep, ec::sequence(5, 3), SimpleRNN<4>>();
  check_values<T, SimpleRNNStep, ec::sequence(6, 19), SimpleRNN<17, Returns::sequence>>();
  check_values<T, SimpleRNNStep, ec::sequence(5, 3), SimpleRNN<8, Direction::backward, Returns::sequence>>();
  check_values<T, SimpleRNNStep, ec::sequence(3, 2), SimpleRNN<5, Returns::state, Direction::backward>>();
  check_values<T, SimpleRNNStep, ec::features(3), SimpleRNN<1, Returns::state>>();
}

TEST_CASE("SimpleRNN: finite differences") {
  layers::check_gradient<ec::sequence(5, 3)>(SimpleRNN<4>{});
  layers::check_gradient<ec::sequence(11, 2)>(SimpleRNN<3, Returns::sequence, Direction::backward>{});
  layers::check_gradient<ec::sequence(3, 5)>(SimpleRNN<17, Returns::state>{ec::RecurrentDropout{0.4}});
}

TEST_CASE("SimpleRNN: finite differences of samples of different lengths") {
  layers::check_gradient_with_lengths<ec::sequence(5, 3)>(SimpleRNN<4>{});
  layers::check_gradient_with_lengths<ec::sequence(4, 2)>(SimpleRNN<3, Returns::sequence, Direction::backward>{});
  layers::check_gradient_with_lengths<ec::sequence(4, 2)>(
      SimpleRNN<3, Returns::state, Direction::backward>{ec::RecurrentDropout{0.4}});
}

TEST_CASE("SimpleRNN: recurrent dropout") { layers::check_recurrent_dropout<SimpleRNNStep, SimpleRNN<9, Returns::sequence>>(); }

TEST_CASE("SimpleRNN: a state that is carried on, and a gradient that is cut") {
  layers::check_halves<SimpleRNN<5, Returns::sequence>, SimpleRNN<5, Truncation{3}, Returns::sequence>>();
}

TEST_CASE("SimpleRNN: its blocks, and what it accepts") {
  constexpr auto blocks = SimpleRNN<4>::parameters(ec::sequence(5, 3));
  static_assert(blocks.size() == 4 && blocks[0].name == "weight_ih" && blocks[0].rows == 4 && blocks[0].cols == 3);
  static_assert(blocks[1].name == "weight_hh" && blocks[1].rows == 4 && blocks[1].cols == 4 &&
                blocks[1].init == ec::Init::orthogonal);
  static_assert(blocks[2].name == "bias_ih" && blocks[2].size() == 4 && !blocks[2].decay);
  static_assert(blocks[3].name == "bias_hh" && blocks[3].size() == 4 && !blocks[3].decay);
  static_assert(SimpleRNN<4, Returns::sequence>::output(ec::sequence(5, 3)) == ec::sequence(5, 4));
  static_assert(SimpleRNN<4, ec::Init::he_normal>::parameters(ec::sequence(5, 3))[0].init == ec::Init::he_normal);
  static_assert(SimpleRNN<4>::accepts(ec::features(3)) && !SimpleRNN<4>::accepts(ec::image(5, 3)));
}
