// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/contract_layers.hpp"
#include <eigencoder/engine/layer_runner.hpp>

namespace ec = eigencoder;
using ec::LayerRunner, ec::LayersAlone, ec::Mode;
using Eigen::MatrixXd, Eigen::VectorXd;

namespace {

/// y = x, but for the last row, which it forgets; so it does with dx. It keeps what its scratch held.
struct Forgetful : contract::NoParameters {
  static constexpr ec::Needs needs(ec::Shape) { return {.cache = 1, .scratch = 1}; }
  template <class S, Mode M>
  void forward(ec::Forward<S, M> pass) const {
    pass.y.topRows(S::in.size() - 1) = pass.x.topRows(S::in.size() - 1);
    if constexpr (M == Mode::train) pass.cache.setConstant(pass.scratch[0]);
  }
  template <class S, bool InputGradient>
  void backward(ec::Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) pass.dx.topRows(S::in.size() - 1) = pass.dy.topRows(S::in.size() - 1);
  }
};

}  // namespace

TEST_CASE("layer runner: what a layer forgets to write is the poison, and so is what it reads too early") {
  const MatrixXd x = MatrixXd::Ones(3, 2);
  LayerRunner<LayersAlone<double, ec::features(3), Forgetful>> run, minus_one({}, -1);
  const MatrixXd y = run.forward(x), dx = run.backward(x, y, x);
  for (const MatrixXd& found : {y, dx}) {
    CHECK(found.topRows(2) == x.topRows(2));
    CHECK(found.row(2).array().isNaN().all());
  }
  CHECK(run.cache.array().isNaN().all());
  CHECK((minus_one.forward(x).row(2).array() == -1).all());
  CHECK((minus_one.cache.array() == -1).all());
}

TEST_CASE("layer runner: totals of the batch are put together from shards, and settle") {
  LayerRunner<LayersAlone<double, ec::features(2), contract::Standardise>> run;
  const MatrixXd x{{1, 2, 6}, {-1, 0, 1}};
  run.theta.setOnes();
  const MatrixXd y = run.forward(x);
  CHECK(y.rowwise().sum().cwiseAbs().maxCoeff() < 1e-12);
  const std::vector<double> sums = run.sums;
  CHECK(sums == std::vector<double>{9, 0, 41, 2});
  run.gather(x, 2);
  CHECK(run.sums == sums);
  run.settle(3);
  CHECK(run.state.isApprox(0.1 * VectorXd{{3, 0, 41.0 / 3 - 9, 2.0 / 3}}, 1e-12));
  CHECK(run.forward<Mode::predict>(x) != y);  // which goes by the state
}

TEST_CASE("layer runner: a layer that links to another has its parameters beside its own, and is given its cache") {
  using Tied = LayersAlone<double, ec::features(3), ec::Dense<2>, contract::NaiveTied<3, 0>>;
  LayerRunner<Tied, 1> tied;
  tied.theta << 1, 2, 3, 4, 5, 6, /* the Dense's bias */ 7, 8, /* its own */ 0, 0, 1;
  CHECK(tied.forward(MatrixXd{{1}, {10}}) == MatrixXd{{21}, {43}, {66}});

  using Pairs = LayersAlone<double, ec::features(4), contract::PairMax, contract::PairUnmax<0>>;
  LayerRunner<Pairs, 0> max;
  LayerRunner<Pairs, 1> unmax;
  const MatrixXd x{{1}, {3}, {2}, {0}}, y = max.forward<Mode::predict>(x);
  unmax.source_cache = max.cache;
  CHECK(unmax.forward<Mode::predict>(y) == MatrixXd{{0}, {3}, {2}, {0}});
}

TEST_CASE("layer runner: on parameters of a network that are prepared") {
  using C = LayersAlone<double, ec::features(2), contract::PackedScale>;
  const VectorXd theta{{0, std::log(2.0)}}, packed{{1, 2}};
  LayerRunner<C> own, given({}, ec::Parameters<double>{theta.data(), nullptr, packed.data()});
  own.theta = theta;
  const MatrixXd x{{3}, {4}};
  CHECK(given.forward(x) == MatrixXd{{3}, {8}});
  CHECK(own.forward(x).isApprox(given.forward(x), 1e-15));
}
