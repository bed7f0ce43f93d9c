// SPDX-License-Identifier: MIT
#include "check_layer.hpp"
#include <eigencoder/layers/activation.hpp>
#include <eigencoder/layers/dense.hpp>
#include <eigencoder/layers/embedding.hpp>
#include <eigencoder/layers/time_distributed.hpp>
#include <eigencoder/losses/mean_squared_error.hpp>
#include <eigencoder/models/model.hpp>

namespace ec = eigencoder;
using ec::Index;
using layers::Matrix;

namespace {

/// Tokens of `steps` × `batch` steps, all of 0 … count − 1 and some often.
template <class T>
Matrix<T> tokens(Index steps, Index batch, Index count) {
  return Matrix<T>::NullaryExpr(steps, batch, [=](Index t, Index j) { return static_cast<T>((t * t + 3 * j) % count); });
}

}  // namespace

TEMPLATE_TEST_CASE("Embedding: a column for every token, and its gradient the sum over the steps of the token", "", float,
                   double) {
  using T = TestType;
  constexpr Index count = 6, units = 5, steps = 9;
  StageRunner<ec::Embedding<count, units>, ec::sequence(steps, 1), T> run;
  golden::fill(3, 2, -1, run.theta);
  const Eigen::Map<const Matrix<T>> E(run.theta.data(), units, count);
  for (const Index batch : {1, 7}) {
    const Matrix<T> x = tokens<T>(steps, batch, count), dy = layers::uniform<T>(units * steps, batch, 2, 2, -1);
    const Matrix<T> y = run.forward(x);
    run.dtheta.setConstant(T(0.5));  // it must be added to
    run.template backward<false>(x, y, dy);
    // y = E · one hot, dE = dy · one hotᵀ
    Matrix<double> one_hot = Matrix<double>::Zero(count, steps * batch);
    for (Index t = 0; t < one_hot.cols(); ++t) one_hot(static_cast<Index>(x.reshaped()[t]), t) = 1;
    CHECK(layers::relative_error<T>(y.reshaped(units, one_hot.cols()), E.template cast<double>() * one_hot) == 0);
    const Matrix<double> dE = dy.template cast<double>().reshaped(units, one_hot.cols()) * one_hot.transpose();
    CHECK(layers::relative_error<T>(run.dtheta.reshaped(units, count), (dE.array() + 0.5).matrix()) < layers::tolerance<T>);
  }
}

TEST_CASE("Embedding: finite differences") {
  constexpr Index count = 5;
  const auto check = []<ec::Shape In, class... L>(std::type_identity<ec::Sequential<In, L...>>) {
    for (const Index batch : {1, 7}) {
      ec::Network<ec::Sequential<In, L...>, double> model{ec::Seed{3}};
      const Matrix<double> x = tokens<double>(In.size(), batch, count),
                           target = layers::uniform<double>(decltype(model)::Chain::output.size(), batch, 2, 2, -1);
      const ec::GradientReport report = ec::check_model_gradient(model, ec::MeanSquaredError{}, x, target);
      INFO(report.text());
      CHECK(report.error < 1e-6);
    }
  };
  check(std::type_identity<
        ec::Sequential<ec::sequence(7, 1), ec::Embedding<count, 3>, ec::TimeDistributed<ec::Dense<2>>, ec::Tanh>>{});
  check(std::type_identity<ec::Sequential<ec::features(1), ec::Embedding<count, 4>>>{});
}

TEMPLATE_TEST_CASE("Embedding: what is no token reads a column all the same, and no memory outside", "", float, double) {
  using T = TestType;
  constexpr T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  StageRunner<ec::Embedding<3, 2>, ec::sequence(10, 1), T> run;
  golden::fill(3, 2, -1, run.theta);
  const Eigen::Map<const Matrix<T>> E(run.theta.data(), 2, 3);
  Matrix<T> x(10, 1);
  x << T(-1), T(-0.5), T(0.75), T(1.5), T(2), T(3), T(1e30), infinity, -infinity, nan;
  const Index read[] = {0, 0, 0, 1, 2, 2, 2, 2, 0, 0};
  const Matrix<T> y = run.forward(x), steps = y.reshaped(2, 10);
  for (Index t = 0; t < 10; ++t) CHECK(steps.col(t) == E.col(read[t]));
  run.template backward<false>(x, y, Matrix<T>::Ones(20, 1));
  CHECK(run.dtheta.reshaped(2, 3).row(0) == Eigen::RowVector3<T>(5, 1, 4));
}

TEST_CASE("Embedding: where it starts, its shapes, and its block") {
  constexpr ec::Shape in = ec::sequence(4, 1);
  static_assert(ec::Embedding<10, 3>::output(in) == ec::sequence(4, 3));
  static_assert(!ec::Embedding<10, 3>::accepts(ec::sequence(4, 2)) && !ec::Embedding<10, 3>::accepts(ec::image(4, 4)));
  constexpr auto block = ec::Embedding<10, 3>::parameters(in)[0];
  static_assert(block.name == "weight" && block.rows == 3 && block.cols == 10 && block.stride(ec::BlockAxis::in) == 3);
  const ec::Network<ec::Sequential<in, ec::Embedding<1000, 3>>, double> keras{ec::Seed{1}};
  CHECK(keras.parameters().maxCoeff() <= 0.05);
  CHECK(keras.parameters().maxCoeff() > 0.0499);
  CHECK(keras.parameters().minCoeff() >= -0.05);
  CHECK(keras.parameters().minCoeff() < -0.0499);
  constexpr ec::Init normal = ec::Init::variance_scaling(1, ec::Init::Fan::none, ec::Init::Law::normal);
  const ec::Network<ec::Sequential<in, ec::Embedding<1000, 3, normal>>, double> pytorch{ec::Seed{1}};
  CHECK(std::abs(pytorch.parameters().squaredNorm() / 3000 - 1) < 0.1);
}
