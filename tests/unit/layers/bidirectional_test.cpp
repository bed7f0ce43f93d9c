// SPDX-License-Identifier: MIT
#include "check_recurrent.hpp"
#include <eigencoder/layers/bidirectional.hpp>
#include <eigencoder/layers/gru.hpp>
#include <eigencoder/layers/lstm.hpp>

namespace ec = eigencoder;
using ec::Bidirectional, ec::Direction, ec::GRU, ec::Index, ec::LSTM, ec::Returns;

namespace {

/// Against two layers, one in each direction, whose outputs lie side by side: values and all gradients, in T.
template <class T, ec::Shape In, class Forward, class Backward>
void check_both(const std::vector<Index>& lengths = {}) {
  CAPTURE(ec::type_name<Forward>(), lengths.size());
  StageRunner<Bidirectional<Forward>, In, T> both;
  StageRunner<Forward, In, T> forward;
  StageRunner<Backward, In, T> backward;
  golden::fill(3, 1.4, -0.7, both.theta);
  forward.theta = both.theta.head(forward.theta.size());
  backward.theta = both.theta.tail(forward.theta.size());
  both.lengths = forward.lengths = backward.lengths = lengths;
  constexpr ec::Shape out = Forward::output(In);
  const Index batch = lengths.empty() ? 13 : static_cast<Index>(lengths.size());
  const layers::Matrix<T> x = layers::uniform<T>(In.size(), batch, 1, 2, -1),
                          dy = layers::uniform<T>(2 * out.size(), batch, 2, 2, -1);
  const auto half = [&](const layers::Matrix<T>& whole, Index d) -> layers::Matrix<T> {
    return whole.reshaped(2 * out.channels, out.width * batch)
        .middleRows(d * out.channels, out.channels)
        .reshaped(out.size(), batch);
  };
  const layers::Matrix<T> y = both.forward(x), y_forward = forward.forward(x), y_backward = backward.forward(x);
  CHECK(half(y, 0) == y_forward);
  CHECK(half(y, 1) == y_backward);
  CHECK(both.template forward<ec::Mode::predict>(x) == y);
  layers::Matrix<T> dy_own = dy;  // padding has no gradient, as the engine sees to
  for (std::size_t j = 0; j < lengths.size(); ++j) {
    if (out.width > 1) dy_own.col(static_cast<Index>(j)).tail((out.width - lengths[j]) * 2 * out.channels).setZero();
  }
  both.forward(x);
  const layers::Matrix<T> dx = both.backward(x, y, dy_own), sum = forward.backward(x, y_forward, half(dy_own, 0)) +
                                                                  backward.backward(x, y_backward, half(dy_own, 1));
  CHECK(layers::relative_error<T>(dx, sum.template cast<double>()) < layers::tolerance<T>);
  CHECK(both.dtheta.head(forward.dtheta.size()) == forward.dtheta);
  CHECK(both.dtheta.tail(forward.dtheta.size()) == backward.dtheta);
}

}  // namespace

TEMPLATE_TEST_CASE("Bidirectional: a layer in each direction", "", float, double) {
  using T = TestType;
  check_both<T, ec::sequence(5, 3), LSTM<4, Returns::sequence>, LSTM<4, Returns::sequence, Direction::backward>>();
  check_both<T, ec::sequence(5, 3), LSTM<4, Returns::sequence>, LSTM<4, Returns::sequence, Direction::backward>>({2, 5, 1});
  check_both<T, ec::sequence(4, 2), GRU<9>, GRU<9, Direction::backward>>({2, 4, 1});
  check_both<T, ec::sequence(3, 2), LSTM<5, Returns::state>, LSTM<5, Returns::state, Direction::backward>>();
}

TEST_CASE("Bidirectional: finite differences, with a mask for each direction") {
  layers::check_gradient<ec::sequence(4, 3)>(Bidirectional<GRU<5, Returns::sequence>>{{ec::RecurrentDropout{0.4}}});
  layers::check_gradient_with_lengths<ec::sequence(4, 2)>(Bidirectional<LSTM<3>>{});
}

TEST_CASE("Bidirectional: its blocks") {
  constexpr auto blocks = Bidirectional<LSTM<4>>::parameters(ec::sequence(5, 3));
  static_assert(blocks.size() == 8 && blocks[0].name == "weight_ih" && blocks[4].name == "weight_ih_reverse");
  static_assert(blocks[7].name == "bias_hh_reverse" && blocks[5].init == ec::Init::orthogonal);
  static_assert(blocks[6].init == ec::Init::ones_in_rows(4, 8));
  static_assert(Bidirectional<LSTM<4>>::output(ec::sequence(5, 3)) == ec::features(8));
  static_assert(Bidirectional<LSTM<4, Returns::sequence>>::output(ec::sequence(5, 3)) == ec::sequence(5, 8));
  static_assert(!Bidirectional<LSTM<4>>::accepts(ec::image(5, 3)));
}
