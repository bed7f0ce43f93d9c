// SPDX-License-Identifier: MIT
#include "support/allocations.hpp"
#include "training_golden.hpp"

using namespace training;

namespace {

constexpr auto quiet = ec::Progress::quiet;

template <class AnyModel>
auto make(AnyModel& model, double decay, std::size_t threads = 1) {
  return ec::Trainer{
      model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = 0.05}, {.threads = threads, .average = {.decay = decay}}};
}

/// With running state.
using Normalised = ec::Network<ec::Sequential<ec::features(6), ec::Dense<5>, ec::BatchNorm, ec::Tanh, ec::Dense<6>>, double>;

}  // namespace

TEST_CASE("weight average: PyTorch's after each step, of every optimizer and with a part frozen") {
  const Eigen::MatrixXd x = inputs(), target = targets();
  const double decay = file()["decay"];
  const auto check = [&](const nlohmann::json& expected, auto optimizer, auto prepare) {
    Model model;
    start(model);
    ec::Trainer trainer{model, ec::MeanSquaredError{}, optimizer, {.threads = 1, .average = {.decay = decay}}};
    prepare(trainer);
    CHECK(trainer.averaged().parameters() == model.parameters());  // nothing to be averaged yet
    CHECK(trainer.snapshot().average.empty());
    REQUIRE(expected.size() == 5);
    for (const auto& average : expected) {
      trainer.train_on_batch(x, target);
      CHECK(distance(trainer.averaged().parameters(), vector(average)) < 1e-12);
    }
    CHECK(distance(trainer.averaged().parameters(), model.parameters()) > 1e-3);
  };
  for_each_optimizer([&](const char* name, auto optimizer) {
    INFO(name);
    check(file()["averaged"][name], optimizer, [](auto&) {});
  });
  check(file()["averaged_with_a_frozen_part"], ec::Adam{.learning_rate = file()["learning_rate"]}, [](auto& trainer) {
    trainer.freeze("decoder.0.weight");
    trainer.set_rate("decoder.0.bias", 0.25);
  });
}

TEST_CASE("weight average: training does not look at it, and threads change it but by rounding") {
  const Eigen::MatrixXd x = filled(1, 6, 53);
  Model plain_model;
  start(plain_model);
  make(plain_model, 0).fit(x, {.epochs = 3, .batch_size = 8, .progress = quiet});
  const auto train = [&](std::size_t threads) {
    Model model;
    start(model);
    using Stepper = ec::Stepper<Model, ec::Objective<ec::MeanSquaredError>, ec::Adam>;
    Stepper stepper(threads, {}, 0);  // every batch shared, however small
    stepper.updater().set_weight_average({.decay = 0.7});
    stepper.updater().set_rate("encoder.0.bias", 0);
    stepper.reserve_training(53);
    for (int i = 0; i < 4; ++i) stepper.train(model, ec::as_objective(ec::MeanSquaredError{}), ec::Adam{}, {x, x, nullptr, 53});
    return Eigen::VectorXd(Eigen::Map<const Eigen::VectorXd>(stepper.updater().average(), Model::parameter_count));
  };
  const Eigen::VectorXd one = train(1);
  CHECK(distance(train(2), one) < 1e-12);
  CHECK(distance(train(3), one) < 1e-12);

  Model model;
  start(model);
  auto trainer = make(model, 0.99);
  trainer.fit(x, {.epochs = 3, .batch_size = 8, .progress = quiet});
  CHECK(model.parameters() == plain_model.parameters());
  // 21 updates: θ̄ = Σ weights · θ, which sum to 1; a constant stays what it is.
  CHECK(trainer.averaged().parameters() != model.parameters());
}

TEST_CASE("weight average: validation is of the average, evaluation if it is asked to be, and running state is the model's") {
  const Eigen::MatrixXd x = filled(1, 6, 40), held_out = filled(2, 6, 11);
  Normalised model{ec::Seed{3}};
  ec::Trainer trainer{model,
                      ec::MeanSquaredError{} + 1e-2 * ec::L2Weights{},
                      ec::Adam{.learning_rate = 0.02},
                      {.threads = 2, .average = {.decay = 0.8}}};
  const auto history = trainer.fit(x, {.epochs = 4, .batch_size = 7, .validation = held_out, .progress = quiet});

  Normalised by_hand = trainer.averaged();
  CHECK(by_hand.state() == model.state());
  const double squares = (by_hand.predict(held_out) - held_out).squaredNorm() / (6 * 11);
  CHECK(history.last().validation.terms[0] == Approx(squares).epsilon(1e-12));
  ec::Trainer other{by_hand, ec::MeanSquaredError{} + 1e-2 * ec::L2Weights{}, ec::Adam{}, {.threads = 2}};
  CHECK(history.last().validation.loss == Approx(other.evaluate(held_out).loss).epsilon(1e-12));  // the penalty's weights too
  CHECK(trainer.evaluate(held_out, {.averaged = true}).loss == Approx(history.last().validation.loss).epsilon(1e-12));
  CHECK(trainer.evaluate(held_out).loss != Approx(history.last().validation.loss).epsilon(1e-6));
  CHECK(other.evaluate(held_out, {.averaged = true}).loss == other.evaluate(held_out).loss);
}

TEST_CASE("weight average: a snapshot and the best hold it, and training goes on with it to the same bits") {
  const Eigen::MatrixXd x = filled(1, 6, 40), held_out = filled(2, 6, 11);
  const ec::FitOptions<double> options{.epochs = 3, .batch_size = 7, .validation = held_out, .progress = quiet};
  Model straight, halved;
  start(straight);
  start(halved);
  auto trainer = make(straight, 0.9), first = make(halved, 0.9);
  trainer.fit(x, options);
  trainer.fit(x, options);
  first.fit(x, options);
  const ec::Snapshot<double> half = first.snapshot();
  CHECK(half.average.size() == static_cast<std::size_t>(Model::parameter_count));
  Model resumed;
  auto second = make(resumed, 0.9);
  second.restore(half);
  CHECK(second.averaged().parameters() == first.averaged().parameters());
  second.fit(x, options);
  CHECK(resumed.parameters() == straight.parameters());
  CHECK(second.averaged().parameters() == trainer.averaged().parameters());

  trainer.restore(trainer.best().snapshot);
  CHECK(trainer.evaluate(held_out, {.averaged = true}).loss == Approx(trainer.best().loss).epsilon(1e-12));

  // A trainer without an average leaves that of a snapshot, and one with an average begins it anew after a snapshot without.
  Model bare_model;
  auto bare = make(bare_model, 0);
  bare.restore(half);
  CHECK(bare.snapshot().average.empty());
  ec::Snapshot<double> without = half;
  without.average.clear();
  second.restore(without);
  CHECK(second.averaged().parameters() == resumed.parameters());
  second.train_on_batch(x);
  CHECK(second.averaged().parameters() == resumed.parameters());

  ec::Snapshot<double> other = half;
  other.average.resize(7);
  expect_error<ec::ShapeError>([&] { second.restore(other); }, {"averaged parameters", "found 7"});
}

TEST_CASE("weight average: a step that is not taken leaves it, and a step allocates nothing") {
  Model model;
  start(model);
  auto trainer = make(model, 0.9, 2);
  const Eigen::MatrixXd x = inputs();
  trainer.train_on_batch(x);
  trainer.train_on_batch(x);
  const Eigen::VectorXd before = trainer.averaged().parameters();
  Eigen::MatrixXd spoilt = x;
  spoilt.col(3).setConstant(1e200);
  CHECK_THROWS_AS(trainer.train_on_batch(spoilt), ec::NonFiniteError);
  CHECK(trainer.averaged().parameters() == before);

  const long count = allocations::count();
  trainer.train_on_batch(x);
  CHECK(allocations::count() == count);
  CHECK(trainer.averaged().parameters() != before);
  CHECK(trainer.weight_average().decay == 0.9);
}

TEST_CASE("weight average: a decay that makes no sense is refused") {
  Model model;
  for (const double bad : {-0.1, 1.0, std::nan("")}) {
    expect_error<ec::OptionError>([&] { make(model, bad); }, {"WeightAverage: decay must be in [0, 1), found"});
  }
}
