// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include <eigencoder/engine/fusion.hpp>
#include <eigencoder/layers/gru.hpp>
#include <eigencoder/layers/lstm.hpp>
#include <eigencoder/layers/simple_rnn.hpp>

namespace ec = eigencoder;
using ec::Direction, ec::GRU, ec::LSTM, ec::RepeatVector, ec::Returns, ec::SimpleRNN;

namespace {

/// A vector repeated and a recurrent layer, one after the other and as one: values and all gradients, in T.
template <class T, ec::Index Inputs, ec::Index Steps, class Layer>
void check(const Layer& layer = {}) {
  using Repeat = RepeatVector<Steps>;
  using AsOne = typename Layer::template FusedWith<Repeat>;
  CAPTURE(ec::type_name<Layer>(), Inputs, Steps);
  constexpr ec::Shape in = ec::features(Inputs), between = Repeat::output(in), out = Layer::output(between);
  static_assert(AsOne::output(in) == out && AsOne::parameters(in)[0].size() == Layer::parameters(between)[0].size());
  StageRunner<Repeat, in, T> repeat;
  StageRunner<Layer, between, T> recurrent(layer);
  StageRunner<AsOne, in, T> as_one(AsOne({}, layer));
  recurrent.random = as_one.random = ec::Random(ec::Seed{3}, 1, 0);
  golden::fill(7, 1, -0.5, recurrent.theta);
  as_one.theta = recurrent.theta;

  const auto close = [](const layers::Matrix<T>& found, const layers::Matrix<T>& expected) {
    return layers::relative_error<T>(found, expected.template cast<double>()) < layers::tolerance<T>;
  };
  for (const ec::Index batch : {1, 13}) {
    const layers::Matrix<T> x = layers::uniform<T>(Inputs, batch, 1, 2, -1),
                            dy = layers::uniform<T>(out.size(), batch, 2, 2, -1);
    const layers::Matrix<T> all = repeat.forward(x), y = recurrent.forward(all), dall = recurrent.backward(all, y, dy);
    CHECK(close(as_one.forward(x), y));
    CHECK(close(as_one.backward(x, y, dy), repeat.backward(x, all, dall)));
    CHECK(close(as_one.dtheta, recurrent.dtheta));
    CHECK(close(as_one.template forward<ec::Mode::predict>(x), recurrent.template forward<ec::Mode::predict>(all)));
  }
}

}  // namespace

TEST_CASE("RepeatVector: the vector at every step, and the sum of the steps' gradients") {
  StageRunner<RepeatVector<3>, ec::features(2), double> run;
  layers::Matrix<double> x(2, 2), y(6, 2), dy(6, 2), dx(2, 2);
  x << 1, 2, 3, 4;
  y << 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4;
  dy << 1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60;
  dx << 9, 90, 12, 120;
  CHECK(run.forward(x) == y);
  CHECK(run.backward(x, y, dy) == dx);
  static_assert(!RepeatVector<3>::accepts(ec::sequence(2, 2)) && !RepeatVector<3>::accepts(ec::image(2, 2)));
}

TEMPLATE_TEST_CASE("RepeatVector: with a recurrent layer, as one", "", float, double) {
  check<TestType, 3, 5, LSTM<4, Returns::sequence>>();
  check<TestType, 17, 11, LSTM<9, Returns::sequence, ec::Truncation{3}>>({ec::RecurrentDropout{0.3}});
  check<TestType, 3, 5, GRU<4, Returns::sequence>>({ec::RecurrentDropout{0.3}});
  check<TestType, 2, 1, GRU<17, Returns::sequence>>();
  check<TestType, 3, 4, SimpleRNN<5, Returns::sequence>>();
  static_assert(ec::TakesOver<LSTM<4, Returns::sequence>, RepeatVector<5>>);
  static_assert(!ec::TakesOver<LSTM<4>, RepeatVector<5>> && !ec::TakesOver<LSTM<4, Returns::sequence>, LSTM<4>>);
  static_assert(!ec::TakesOver<GRU<4, Returns::sequence, Direction::backward>, RepeatVector<5>>);
}
