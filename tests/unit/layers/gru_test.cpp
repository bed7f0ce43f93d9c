// SPDX-License-Identifier: MIT
#include "check_recurrent.hpp"
#include <eigencoder/layers/gru.hpp>

namespace ec = eigencoder;
using ec::Direction, ec::GRU, ec::Returns, ec::Truncation;
using layers::check_values, layers::GRUStep;

TEMPLATE_TEST_CASE("GRU: the equations, step by step", "", float, double) {
  using T = TestType;
  check_values<T, GRUStep, ec::sequence(5, 3), GRU<4>>();
  check_values<T, GRUStep, ec::sequence(6, 19), GRU<45, Returns::sequence>>();
  check_values<T, GRUStep, ec::sequence(5, 3), GRU<8, Direction::backward, Returns::sequence>>();
  check_values<T, GRUStep, ec::sequence(3, 2), GRU<5, Returns::state, Direction::backward>>();
  check_values<T, GRUStep, ec::features(3), GRU<1, Returns::state>>();
}

TEST_CASE("GRU: finite differences") {
  layers::check_gradient<ec::sequence(5, 3)>(GRU<4>{});
  layers::check_gradient<ec::sequence(11, 2)>(GRU<3, Returns::sequence, Direction::backward>{});
  layers::check_gradient<ec::sequence(3, 5)>(GRU<17, Returns::state>{ec::RecurrentDropout{0.4}});
}

TEST_CASE("GRU: finite differences of samples of different lengths") {
  layers::check_gradient_with_lengths<ec::sequence(5, 3)>(GRU<4>{});
  layers::check_gradient_with_lengths<ec::sequence(4, 2)>(GRU<3, Returns::sequence, Direction::backward>{});
  layers::check_gradient_with_lengths<ec::sequence(4, 2)>(
      GRU<3, Returns::state, Direction::backward>{ec::RecurrentDropout{0.4}});
}

TEST_CASE("GRU: recurrent dropout") { layers::check_recurrent_dropout<GRUStep, GRU<9, Returns::sequence>>(); }

TEST_CASE("GRU: a state that is carried on, and a gradient that is cut") {
  layers::check_halves<GRU<5, Returns::sequence>, GRU<5, Truncation{3}, Returns::sequence>>();
}

TEST_CASE("GRU: its blocks, and what it accepts") {
  constexpr auto blocks = GRU<4>::parameters(ec::sequence(5, 3));
  static_assert(blocks.size() == 4 && blocks[0].name == "weight_ih" && blocks[0].rows == 12 && blocks[0].cols == 3);
  static_assert(blocks[1].name == "weight_hh" && blocks[1].rows == 12 && blocks[1].cols == 4 &&
                blocks[1].init == ec::Init::orthogonal);
  static_assert(blocks[2].name == "bias_ih" && blocks[2].size() == 12 && !blocks[2].decay);
  static_assert(blocks[3].name == "bias_hh" && blocks[3].size() == 12 && !blocks[3].decay);
  static_assert(GRU<4, Returns::state>::output(ec::sequence(5, 3)) == ec::features(4));
  static_assert(GRU<4, ec::Init::he_normal>::parameters(ec::sequence(5, 3))[0].init == ec::Init::he_normal);
  static_assert(GRU<4>::accepts(ec::features(3)) && !GRU<4>::accepts(ec::image(5, 3)));
}
