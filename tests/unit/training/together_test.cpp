// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>
#include <map>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include <eigencoder/eigencoder.hpp>

// Networks of many weights, whose gradient the threads make together from the whole batch.
namespace ec = eigencoder;

namespace {

using Loss = ec::Objective<ec::MeanSquaredError>;
const Loss loss = ec::as_objective(ec::MeanSquaredError{});

template <class... Layers>
using Net = ec::Network<ec::Sequential<ec::features(6), Layers...>, double>;
using Heavy = Net<ec::Dense<257>, ec::ReLU, ec::Dense<301, ec::Bias::none>, ec::Tanh, ec::Dense<5>>;
/// With a layer that adds to each thread's own gradient.
using Mixed = Net<ec::Dense<257>, ec::LayerNorm, ec::ReLU, ec::Dense<301>, ec::Tanh, ec::Dense<6>>;

template <class Model, class O = Loss>
using Plan = ec::Program<typename Model::Chain, O>;
static_assert(Plan<Heavy>::together && Plan<Heavy>::overwrites == std::array{true, false, true, false, true});
static_assert(Plan<Mixed>::together && Plan<Mixed>::overwrites == std::array{true, false, false, true, false, true});
using Light = Net<ec::Dense<20>, ec::ReLU, ec::Dense<6>>;
static_assert(!Plan<Light>::together && Plan<Light>::overwrites[0]);
using Regularised = std::decay_t<decltype(ec::MeanSquaredError{} + 1e-3 * ec::L2Weights{})>;
static_assert(!Plan<Mixed, Regularised>::overwrites[0] && !Plan<Mixed, Regularised>::together);
using Coupled = Net<ec::Dense<257>, ec::BatchNorm, ec::ReLU, ec::Dense<301>>;
static_assert(!Plan<Coupled>::together && Plan<Coupled>::overwrites[0]);
using Part = Net<ec::Dense<257>, ec::ReLU, ec::Frozen<ec::Dense<301>>, ec::Tanh, ec::Dense<400>>;
static_assert(!Plan<Part>::overwrites[2] && Plan<Part>::overwrites[4]);
using TiedEncoder = ec::Encoder<ec::features(300), ec::Dense<280>>;
using TiedModel = ec::Autoencoder<TiedEncoder, ec::Tied<TiedEncoder>, double>;
static_assert(!Plan<TiedModel>::overwrites[0]);
using SparseModel = ec::Autoencoder<ec::Encoder<ec::features(300), ec::Dense<280>>, ec::Decoder<ec::features(280), ec::Dense<300>>, double>;
using Sparse = std::decay_t<decltype(ec::MeanSquaredError{} + 1e-3 * ec::L1Activity{})>;
static_assert(!Plan<SparseModel, Sparse>::overwrites[0] && Plan<SparseModel, Sparse>::overwrites[1]);

template <class P, ec::Index Parts>
constexpr bool cuts_between_columns() {
  using C = typename P::Chain;
  for (ec::Index part = 0; part < Parts; ++part) {
    const ec::Index begin = P::part_begin(part, Parts);
    if (begin > P::part_begin(part + 1, Parts)) return false;
    for (std::size_t i = 0; i < C::size; ++i) {
      if (!P::overwrites[i] || begin <= C::theta_at[i] || begin >= C::theta_at[i + 1]) continue;
      const ec::Index rows = C::shapes[i + 1].size(), columns = C::shapes[i].size(), at = begin - C::theta_at[i];
      if (at % rows != 0 || at / rows >= columns) return false;
    }
  }
  return P::part_begin(0, Parts) == 0 && P::part_begin(Parts, Parts) == C::parameter_count;
}
static_assert(cuts_between_columns<Plan<Heavy>, 1>() && cuts_between_columns<Plan<Heavy>, 2>() &&
              cuts_between_columns<Plan<Heavy>, 7>() && cuts_between_columns<Plan<Mixed>, 3>() &&
              cuts_between_columns<Plan<Mixed>, 97>());

Eigen::MatrixXd samples(ec::Index rows, ec::Index count) {
  const ec::Random random(ec::Seed{11}, 0, 0);
  return Eigen::MatrixXd::NullaryExpr(rows, count, [&](ec::Index i, ec::Index j) { return 2 * random.uniform(j, i) - 1; });
}

template <class Model, class O = Loss, class Rule = ec::Adam>
struct Pair {
  Model model{ec::Seed{1}};
  ec::Stepper<Model, O, Rule> stepper;
  O objective;
  Rule rule{};

  explicit Pair(std::size_t threads, O objective_ = loss) : stepper(threads, ec::Seed{5}, 0), objective(objective_) {
    stepper.updater().set_weight_average({.decay = 0.7});
    stepper.reserve_training(600);
  }
  Eigen::VectorXd gradient(const Eigen::MatrixXd& x, const Eigen::MatrixXd& target) {
    Eigen::VectorXd found(Model::parameter_count);
    stepper.differentiate(model, objective, {x, target, nullptr, x.cols()}, 1, found.data());
    return found;
  }
  void train(const Eigen::MatrixXd& x) { stepper.train(model, objective, rule, {x, x, nullptr, x.cols()}); }
};

double distance(const Eigen::VectorXd& a, const Eigen::VectorXd& b) { return (a - b).cwiseAbs().maxCoeff(); }

/// The gradient of Heavy's mean squared error, by hand.
Eigen::VectorXd by_hand(Heavy& model, const Eigen::MatrixXd& x, const Eigen::MatrixXd& target) {
  const auto W0 = model.parameter("layer.0.weight"), b0 = model.parameter("layer.0.bias"), W2 = model.parameter("layer.2.weight"),
             W4 = model.parameter("layer.4.weight"), b4 = model.parameter("layer.4.bias");
  const Eigen::MatrixXd h = ((W0 * x).colwise() + b0.col(0)).cwiseMax(0), z = (W2 * h).array().tanh(),
                        y = (W4 * z).colwise() + b4.col(0);
  const Eigen::MatrixXd dy = (y - target) * (2.0 / static_cast<double>(y.size()));
  const Eigen::MatrixXd dz = ((W4.transpose() * dy).array() * (1 - z.array().square())).matrix();
  const Eigen::MatrixXd dh = ((W2.transpose() * dz).array() * (h.array() > 0).cast<double>()).matrix();
  Eigen::VectorXd all(Heavy::parameter_count);
  all << (dh * x.transpose()).reshaped(), dh.rowwise().sum(), (dz * h.transpose()).reshaped(), (dy * z.transpose()).reshaped(),
      dy.rowwise().sum();
  return all;
}

/// Some steps of batches of several sizes. The last is more than a shard for each of two threads.
template <class Model, class Prepare>
Eigen::VectorXd trained(std::size_t threads, Prepare prepare) {
  Pair<Model> pair(threads);
  prepare(pair.stepper.updater());
  const Eigen::MatrixXd x = samples(6, 600);
  for (const ec::Index size : {64, 37, 1, 2, 600, 64}) pair.train(x.leftCols(size));
  Eigen::VectorXd all(2 * Model::parameter_count + 1);
  const Eigen::Map<const Eigen::VectorXd> average(pair.stepper.updater().average(), Model::parameter_count);
  all << pair.model.parameters(), average, pair.stepper.updater().norm();
  return all;
}

}  // namespace

TEST_CASE("together: the gradient worked by hand, with any number of threads, and the same bits again") {
  const Eigen::MatrixXd x = samples(6, 600), target = samples(5, 600);
  std::map<ec::Index, Eigen::VectorXd> expected;  // all begin with the same parameters
  Heavy model{ec::Seed{1}};
  for (const ec::Index size : {64, 37, 5, 1, 600}) expected[size] = by_hand(model, x.leftCols(size), target.leftCols(size));
  for (const std::size_t threads : {1U, 2U, 3U, 8U}) {
    Pair<Heavy> pair(threads), twin(threads);
    for (const ec::Index size : {64, 37, 5, 1, 600}) {
      CAPTURE(threads, size);
      const Eigen::VectorXd found = pair.gradient(x.leftCols(size), target.leftCols(size));
      CHECK(distance(found, expected[size]) < 1e-14);
      CHECK(found == twin.gradient(x.leftCols(size), target.leftCols(size)));
      CHECK(found == pair.gradient(x.leftCols(size), target.leftCols(size)));
    }
  }
}

TEST_CASE("together: samples that are copied, in any order, each lane's behind those of the one before") {
  const Eigen::MatrixXd x = samples(6, 300), target = samples(5, 300);
  std::vector<ec::Index> order(300);
  for (std::size_t j = 0; j < order.size(); ++j) order[j] = static_cast<ec::Index>(j * 7 % 300);
  Heavy model{ec::Seed{1}};
  for (const std::size_t threads : {2U, 3U, 5U}) {
    Pair<Heavy> pair(threads);
    for (const ec::Index size : {7, 50, 101}) {
      CAPTURE(threads, size);
      const auto taken = [&](const Eigen::MatrixXd& all) {
        Eigen::MatrixXd columns(all.rows(), size);
        for (ec::Index j = 0; j < size; ++j) columns.col(j) = all.col(order[static_cast<std::size_t>(j)]);
        return columns;
      };
      Eigen::VectorXd found(Heavy::parameter_count);
      pair.stepper.differentiate(pair.model, loss, {x, target, order.data(), size}, 1, found.data());
      CHECK(distance(found, by_hand(model, taken(x), taken(target))) < 1e-14);
    }
  }
}

TEST_CASE("together: training with two and three threads is training with one, by every way of an update") {
  const auto agree = [](const char* name, auto prepare) {
    INFO(name);
    const Eigen::VectorXd one = trained<Mixed>(1, prepare);
    for (const std::size_t threads : {2U, 3U}) {
      CAPTURE(threads);
      const Eigen::VectorXd several = trained<Mixed>(threads, prepare);
      CHECK(distance(several, one) < 1e-9);
      CHECK(several == trained<Mixed>(threads, prepare));
    }
    return one;
  };
  const Eigen::VectorXd plain = agree("plain", [](auto&) {});
  CHECK(agree("clipped", [](auto& updater) { updater.set_clip({.global_norm = 0.01}); }) != plain);
  CHECK(agree("clipped block by block", [](auto& updater) { updater.set_clip({.norm = 0.01}); }) != plain);
  CHECK(agree("clipped by value", [](auto& updater) { updater.set_clip({.value = 1e-5}); }) != plain);
  CHECK(agree("a part frozen", [](auto& updater) { updater.set_rate("layer.3", 0); }) != plain);
  CHECK(agree("the first layers frozen", [](auto& updater) {
          updater.set_rate("layer.0", 0);
          updater.set_rate("layer.1", 0);
        }) != plain);
  CHECK(agree("an exchange", [](auto& updater) {
          updater.set_exchange([](ec::Exchange<double>& found) {
            for (double& g : found.gradient) g *= g > 0 ? 2 : 1;
          });
        }) != plain);
}

TEST_CASE("together: what is frozen has no gradient and does not move") {
  const Eigen::MatrixXd x = samples(6, 64);
  for (const std::size_t threads : {1U, 2U, 3U}) {
    Pair<Mixed> pair(threads);
    pair.train(x);  // leaves a gradient behind
    pair.stepper.updater().set_rate("layer.0", 0);
    pair.stepper.updater().set_rate("layer.3.bias", 0);
    const Eigen::MatrixXd weight = pair.model.parameter("layer.0.weight"), bias = pair.model.parameter("layer.3.bias");
    const ec::Index first = Mixed::Chain::theta_at[1], second = Mixed::Chain::theta_at[4];
    const Eigen::VectorXd gradient = pair.gradient(x, x);
    CHECK(gradient.head(first).isZero(0));
    CHECK(gradient.segment(second - 301, 301).isZero(0));
    CHECK(gradient.norm() > 0);
    pair.train(x);
    CHECK(pair.model.parameter("layer.0.weight") == weight);
    CHECK(pair.model.parameter("layer.3.bias") == bias);
    CHECK(pair.stepper.updater().norm() == Approx(gradient.norm()).epsilon(1e-12));
  }
}

TEST_CASE("together: a step that is not finite is not taken and leaves nothing behind") {
  const Eigen::MatrixXd x = samples(6, 64);
  Eigen::MatrixXd spoilt = x;
  spoilt(2, 41) = std::numeric_limits<double>::quiet_NaN();
  for (const std::size_t threads : {1U, 2U, 3U}) {
    Pair<Mixed> pair(threads), twin(threads);
    pair.train(x);
    twin.train(x);
    pair.train(spoilt);
    CHECK(!pair.stepper.taken());
    pair.stepper.updater().set_exchange([](ec::Exchange<double>&) { throw ec::Error("the other process is gone"); });
    CHECK_THROWS_AS(pair.train(x), ec::Error);
    pair.stepper.updater().set_exchange({});
    CHECK(pair.model.parameters() == twin.model.parameters());
    pair.train(x);
    twin.train(x);
    CHECK(pair.stepper.taken());
    CHECK(pair.model.parameters() == twin.model.parameters());
  }
}

TEST_CASE("together: a penalty that adds to one layer's gradient is added by all threads") {
  const Eigen::MatrixXd x = samples(300, 48);
  const auto objective = ec::MeanSquaredError{} + 1e-3 * ec::L1Activity{};
  Pair<SparseModel, Sparse> one(1, objective);
  const Eigen::VectorXd expected = one.gradient(x, x);
  for (const std::size_t threads : {2U, 3U}) {
    CHECK(distance(Pair<SparseModel, Sparse>(threads, objective).gradient(x, x), expected) < 1e-14);
  }
}

TEST_CASE("together: a step takes nothing from the heap") {
  const Eigen::MatrixXd x = samples(6, 64);
  Pair<Mixed> pair(3);
  pair.train(x);
  const long before = allocations::count();
  pair.train(x);
  if (allocations::counted) CHECK(allocations::count() == before);
}
