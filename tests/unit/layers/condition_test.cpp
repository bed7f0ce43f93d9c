// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include "unit/engine/contract.hpp"
#include <eigencoder/layers/condition.hpp>

namespace ec = eigencoder;
using layers::Matrix;

namespace {

constexpr ec::Shape sample = ec::image(2, 3);
constexpr ec::Index classes = 4;
using Take = ec::TakeCondition<sample, classes>;
using Provide = ec::ProvideCondition<0, classes>;

}  // namespace

TEMPLATE_TEST_CASE("condition: the class leaves below the sample and comes back below the values", "", float, double) {
  using T = TestType;
  using C = ec::LayersAlone<T, ec::features(10), Take, Provide>;
  ec::LayerRunner<C, 0> take;
  ec::LayerRunner<C, 1> provide;
  const Matrix<T> x = layers::uniform<T>(10, 7, 1, 2, -1), other = layers::uniform<T>(6, 7, 2, 2, -1);
  const Matrix<T> dy = layers::uniform<T>(10, 7, 3, 2, -1);
  const auto check = [&]<ec::Mode M>() {
    const Matrix<T> values = take.template forward<M>(x);
    CHECK(values == x.topRows(6));
    CHECK(take.cache == x.bottomRows(4));
    provide.source_cache = take.cache;
    const Matrix<T> y = provide.template forward<M>(other);
    CHECK(y.topRows(6) == other);
    CHECK(y.bottomRows(4) == x.bottomRows(4));
  };
  check.template operator()<ec::Mode::train>();
  check.template operator()<ec::Mode::predict>();  // which another layer's link keeps the class for

  // The class is given, and no gradient goes to it.
  const Matrix<T> dvalues = provide.backward(other, dy, dy), dx = take.backward(x, other, dvalues);
  CHECK(dvalues == dy.topRows(6));
  CHECK(dx.topRows(6) == dvalues);
  CHECK((dx.bottomRows(4).array() == 0).all());
}

TEST_CASE("TakeCondition: finite differences") { layers::check_gradient<ec::features(10)>(Take{}); }

TEST_CASE("condition: in a model, gradients by finite differences and with any number of threads") {
  using E = ec::Encoder<ec::features(10), Take, ec::Dense<5>, ec::Tanh, Provide, ec::Dense<3>>;
  using D = ec::Decoder<E::output, Provide, ec::Dense<6>>;
  contract::check_types<E, D>(ec::MeanSquaredError{});
}

TEST_CASE("condition: shapes, and what can be linked to what") {
  static_assert(Take::accepts(ec::features(10)) && !Take::accepts(ec::features(6)));
  static_assert(Take::output(ec::features(10)) == sample && Take::needs(ec::features(10)).cache == classes);
  static_assert(Provide::output(ec::image(2, 2)) == ec::features(8));
  using Source = ec::Stage<Take, ec::features(10), float>;
  static_assert(Provide::links<Source>(ec::features(3)));
  static_assert(!ec::ProvideCondition<0, classes + 1>::links<Source>(ec::features(3)));
  static_assert(!Provide::links<ec::Stage<ec::Dense<4>, ec::features(10), float>>(ec::features(3)));
}
