// SPDX-License-Identifier: MIT
#include <limits>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/contract_layers.hpp"

namespace ec = eigencoder;

namespace {

const auto objective = ec::as_objective(ec::MeanSquaredError{});
using Objective = std::decay_t<decltype(objective)>;
using Rule = ec::SGD;
const Rule rule{.learning_rate = 0.1, .momentum = 0.9};

/// With noise, totals over the batch and running state.
using Model =
    ec::Network<ec::Sequential<ec::features(6), contract::Flicker, ec::Dense<8>, ec::BatchNorm, ec::Tanh, ec::Dense<6>>,
                double>;
using Linear = ec::Network<ec::Sequential<ec::features(6), ec::Dense<2>>, double>;
using Stepper = ec::Stepper<Model, Objective, Rule>;
using Batch = ec::Batch<double>;

Eigen::MatrixXd samples(ec::Index count) {
  const ec::Random random(ec::Seed{11}, 0, 0);
  return Eigen::MatrixXd::NullaryExpr(6, count, [&](ec::Index i, ec::Index j) { return random.uniform(j, i); });
}
Batch all_of(const Eigen::MatrixXd& x) { return {x, x, nullptr, x.cols()}; }

/// A model with a stepper whose steps are shared by all threads, however small.
struct Pair {
  Model model{ec::Seed{1}};
  Stepper stepper;

  explicit Pair(std::size_t threads = 2, ec::Index reserved = 64) : stepper(threads, ec::Seed{5}, 0) {
    stepper.reserve_training(reserved);
  }
  double train(const Batch& batch) { return stepper.train(model, objective, rule, batch)[0]; }
  Eigen::VectorXd contents() const {
    Eigen::VectorXd all(Model::parameter_count + Model::state_count);
    all << model.parameters(), model.state();
    return all;
  }
};

double largest_difference(const Eigen::VectorXd& a, const Eigen::VectorXd& b) { return (a - b).cwiseAbs().maxCoeff(); }

}  // namespace

TEST_CASE("step: of a linear network the gradient worked by hand, and SGD's first update") {
  Linear model{ec::Seed{1}};
  ec::Stepper<Linear, Objective, Rule> stepper(3, ec::Seed{5}, 0);
  stepper.reserve_training(20);
  const Eigen::MatrixXd x = samples(20), t = samples(40).block(2, 20, 2, 20);
  const ec::MatrixView<double> W = model.parameter("layer.0.weight");
  const Eigen::MatrixXd error = W * x - t;  // the bias is 0; the loss is the mean of error² over 2 · 20 values
  Eigen::VectorXd expected(Linear::parameter_count), gradient(Linear::parameter_count);
  expected << Eigen::MatrixXd(error * x.transpose() / 20).reshaped(), error.rowwise().sum() / 20;

  const Batch batch{x, t, nullptr, 20};
  const double loss = stepper.differentiate(model, objective, batch, 1, gradient.data())[0];
  CHECK(loss == Approx(error.squaredNorm() / 40).epsilon(1e-12));
  CHECK(largest_difference(gradient, expected) < 1e-14);
  const Eigen::VectorXd before = model.parameters();
  CHECK(stepper.train(model, objective, rule, batch)[0] == loss);
  CHECK(stepper.taken());
  CHECK(largest_difference(model.parameters(), before - 0.1 * expected) < 1e-14);
}

TEST_CASE("step: one, two and three threads agree, and each gives the same bits again") {
  const Eigen::MatrixXd x = samples(64);
  const auto train = [&](std::size_t threads) {
    Pair pair(threads);
    for (const ec::Index size : {64, 37, 1, 64}) pair.train(all_of(x.leftCols(size)));
    return pair.contents();
  };
  const Eigen::VectorXd one = train(1);
  CHECK(one.allFinite());
  for (const std::size_t threads : {1U, 2U, 3U}) {
    const Eigen::VectorXd several = train(threads);
    CHECK(largest_difference(several, one) < 1e-12);
    CHECK(several == train(threads));
  }
}

TEST_CASE("step: one that is not worth sharing is done by one thread, bit for bit") {
  const Eigen::MatrixXd x = samples(37);
  Model alone{ec::Seed{1}}, small{ec::Seed{1}};
  Stepper one(1, ec::Seed{5}), three(3, ec::Seed{5});  // 37 samples cost less than what a step is worth sharing for
  for (auto* const stepper : {&one, &three}) stepper->reserve_training(37);
  CHECK(one.train(alone, objective, rule, all_of(x))[0] == three.train(small, objective, rule, all_of(x))[0]);
  CHECK(alone.parameters() == small.parameters());
  CHECK(three.threads() == 3);
}

TEST_CASE("step: memory for a batch serves every smaller one, without the heap") {
  const Eigen::MatrixXd x = samples(64);
  for (const std::size_t threads : {1U, 3U}) {
    Pair large(threads, 64), just_so(threads, 1);
    large.stepper.reserve_training(10);  // there is more already
    for (const ec::Index size : {64, 37, 5, 1}) {
      CAPTURE(threads, size);
      just_so.stepper.reserve_training(size);
      const Eigen::MatrixXd some = x.leftCols(size);
      const Batch batch = all_of(some);
      const long before = allocations::count();
      const double loss = large.train(batch);
      large.stepper.evaluate(large.model, objective, batch);
      if (allocations::counted) CHECK(allocations::count() == before);
      CHECK(just_so.train(batch) == loss);
      CHECK(just_so.contents() == large.contents());
    }
  }
}

TEST_CASE("step: samples in an order are those samples side by side") {
  const Eigen::MatrixXd x = samples(64), t = -x;
  std::vector<ec::Index> order;
  for (ec::Index j = 0; j < 40; ++j) order.push_back(j * 27 % 64);
  const Eigen::MatrixXd picked =
      Eigen::MatrixXd::NullaryExpr(6, 40, [&](ec::Index i, ec::Index j) { return x(i, order[static_cast<std::size_t>(j)]); });
  const Eigen::MatrixXd targets = -picked;
  Pair by_order, by_hand;
  CHECK(by_order.train({x, t, order.data(), 40}) == by_hand.train({picked, targets, nullptr, 40}));
  CHECK(by_order.contents() == by_hand.contents());
}

TEST_CASE("step: evaluations are without noise and leave everything as it was, the next draws too") {
  const Eigen::MatrixXd x = samples(64);
  Pair pair, twin;
  CHECK(pair.train(all_of(x)) == twin.train(all_of(x)));
  const Eigen::VectorXd before = pair.contents();
  const double loss = pair.stepper.evaluate(pair.model, objective, all_of(x))[0];
  const double expected = (pair.model.predict(x) - x).squaredNorm() / static_cast<double>(x.size());
  CHECK(loss == Approx(expected).epsilon(1e-12));
  CHECK(pair.stepper.evaluate(pair.model, objective, all_of(x), 3)[0] == loss);
  CHECK(pair.contents() == before);
  CHECK((pair.stepper.step() == 1 && pair.stepper.updater().updates() == 1));
  CHECK(pair.train(all_of(x)) == twin.train(all_of(x)));
  CHECK(pair.contents() == twin.contents());
  CHECK((pair.stepper.step() == 2 && pair.stepper.updater().updates() == 2));
}

TEST_CASE("step: one that is not finite is not taken and changes nothing, nor the steps after it") {
  const Eigen::MatrixXd x = samples(64);
  Eigen::MatrixXd spoilt = x;
  spoilt(2, 41) = std::numeric_limits<double>::quiet_NaN();
  for (const std::size_t threads : {1U, 3U}) {
    Pair pair(threads), twin(threads);
    pair.train(all_of(x));
    twin.train(all_of(x));
    const Eigen::VectorXd before = pair.contents();
    pair.train(all_of(spoilt));
    CHECK(!pair.stepper.taken());
    CHECK(pair.contents() == before);
    CHECK((pair.stepper.step() == 1 && pair.stepper.updater().updates() == 1));
    CHECK(pair.train(all_of(x)) == twin.train(all_of(x)));
    CHECK(pair.stepper.taken());
    CHECK(pair.contents() == twin.contents());
  }
}

TEST_CASE("step: a gradient whose square overflows at a finite loss is not taken, and its parameter is named") {
  Linear model{ec::Seed{1}};
  ec::Stepper<Linear, Objective, Rule> stepper(2, ec::Seed{5}, 0);
  stepper.reserve_training(20);
  Eigen::MatrixXd x = samples(20);
  x.row(3) *= 1e200;  // which nothing is made of yet
  model.parameter("layer.0.weight").col(3).setZero();
  const Eigen::VectorXd before = model.parameters();
  CHECK(std::isfinite(stepper.train(model, objective, rule, {x, samples(20).topRows(2), nullptr, 20})[0]));
  CHECK(!stepper.taken());
  CHECK((stepper.updater().steepest() == 2 * 3 || stepper.updater().steepest() == 2 * 3 + 1));  // the weight's columns have two values each
  CHECK(model.parameters() == before);
  CHECK((stepper.step() == 0 && stepper.updater().updates() == 0));
}
