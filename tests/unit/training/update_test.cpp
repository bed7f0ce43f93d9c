// SPDX-License-Identifier: MIT
#include "training_golden.hpp"

#include <barrier>
#include <thread>

#include "support/allocations.hpp"

using namespace training;

namespace {

constexpr auto quiet = ec::Progress::quiet;
using Stepper = ec::Stepper<Model, ec::Objective<ec::MeanSquaredError>, ec::Adam>;

/// Some steps with every batch shared by so many threads, however small: the parameters, and ‖g‖ of the last step.
std::pair<Eigen::VectorXd, double> run(std::size_t threads, const ec::GradientClip& clip) {
  Model model;
  start(model);
  Stepper stepper(threads, {}, 0);
  stepper.updater().set_clip(clip);
  const Eigen::MatrixXd x = filled(1, 6, 53);
  stepper.reserve_training(53);
  for (int i = 0; i < 4; ++i) {
    stepper.train(model, ec::as_objective(ec::MeanSquaredError{}), ec::Adam{.learning_rate = 0.05}, {x, x, nullptr, 53});
  }
  return {model.parameters(), stepper.updater().norm()};
}

auto make(Model& model, const ec::GradientClip& clip = {}) {
  return ec::Trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = 0.05}, {.threads = 1, .clip = clip}};
}

}  // namespace

TEST_CASE("clip: PyTorch's steps by value, by each block's norm and by the global norm") {
  const double value = file()["clip"]["value"], norm = file()["clip"]["norm"], global = file()["clip"]["global_norm"];
  const Eigen::MatrixXd x = inputs(), target = targets();
  for_each_optimizer([&](const char* name, auto optimizer) {
    const auto check = [&](const char* kind, const ec::GradientClip& clip, double tolerance) {
      INFO(name << " clipped by " << kind);
      Model model;
      start(model);
      ec::Trainer trainer{model, ec::MeanSquaredError{}, optimizer, {.threads = 1, .clip = clip}};
      check_steps(file()["clipped"][kind][name], model, trainer, tolerance, [&] { return trainer.train_on_batch(x, target); });
    };
    check("none", {}, 1e-12);
    check("value", {.value = value}, 1e-12);
    check("norm", {.norm = norm}, 1e-12);
    check("global_norm", {.global_norm = global}, 1e-12);
    // PyTorch divides by the norm + 1e-6: its gradient is shorter by a factor of 1e-6 / 0.4.
    check("global_norm_of_pytorch", {.global_norm = global}, 1e-6);
  });
}

TEST_CASE("rates: PyTorch's steps with parts at a factor of the learning rate, and with a frozen encoder") {
  const Eigen::MatrixXd x = inputs(), target = targets();
  const auto factors = file()["factors"].get<std::vector<double>>();
  for_each_optimizer([&](const char* name, auto optimizer) {
    INFO(name);
    const auto check = [&](const char* kind, auto prepare) {
      Model model;
      start(model);
      ec::Trainer trainer{model, ec::MeanSquaredError{}, optimizer, {.threads = 1}};
      prepare(trainer);
      check_steps(file()[kind][name], model, trainer, 1e-12, [&] { return trainer.train_on_batch(x, target); });
    };
    check("by_part", [&](auto& trainer) {
      trainer.set_rate("encoder", factors[0]);
      trainer.set_rate("encoder.0.bias", factors[1]);
      trainer.freeze("decoder.0.weight");
      CHECK(trainer.rates() == std::vector<std::pair<std::string, double>>{{"encoder.0.weight", factors[0]},
                                                                           {"encoder.0.bias", factors[1]},
                                                                           {"decoder.0.weight", 0},
                                                                           {"decoder.0.bias", 1}});
    });
    check("frozen_encoder", [](auto& trainer) { trainer.freeze("encoder"); });
    check("frozen_encoder", [](auto& trainer) { trainer.freeze("encoder.0"); });
  });
}

TEST_CASE("clip: bounds that nothing reaches change nothing, and threads none but by rounding") {
  const auto [plain, plain_norm] = run(1, {});
  for (const ec::GradientClip& loose : {ec::GradientClip{.value = 1e9}, {.global_norm = 1e9}, {.norm = 1e9}}) {
    const auto found = run(1, loose).first;
    // Block by block: other values are the last of a stretch, which is computed without vectors.
    CHECK(distance(found, plain) <= (loose.norm < ec::GradientClip::none ? 1e-14 : 0));
    CHECK(run(1, loose).second == Approx(plain_norm).epsilon(1e-13));
  }
  for (const ec::GradientClip& clip : {ec::GradientClip{}, {.value = 0.02}, {.norm = 0.1}, {.global_norm = 0.2}}) {
    const auto [one, norm] = run(1, clip);
    for (const std::size_t threads : {2U, 3U}) {
      const auto [other, other_norm] = run(threads, clip);
      CHECK(distance(one, other) < 1e-12);
      CHECK(other_norm == Approx(norm).epsilon(1e-12));
      CHECK(run(threads, clip).first == other);
    }
  }
}

TEST_CASE("clip: what makes no sense is refused") {
  Model model;
  auto trainer = make(model, {.norm = 3});
  for (const double bad : {0.0, -1.0, std::nan("")}) {
    expect_error<ec::OptionError>([&] { trainer.set_clip({.value = bad}); }, {"GradientClip: value must be positive, found"});
    expect_error<ec::OptionError>([&] { make(model, {.norm = bad}); }, {"norm must be positive"});
    expect_error<ec::OptionError>([&] { trainer.set_clip({.global_norm = bad}); }, {"global_norm must be positive"});
  }
  expect_error<ec::OptionError>([&] { trainer.set_clip({.value = 1, .global_norm = 2}); },
                                {"exclude each other", "found 1, inf and 2"});
  CHECK(trainer.clip().norm == 3);
}

TEST_CASE("clip: a gradient that is not finite is not clipped but refused, and leaves nothing behind") {
  Model model, twin;
  start(model);
  start(twin);
  auto trainer = make(model, {.global_norm = 0.2}), fresh = make(twin, {.global_norm = 0.2});
  Eigen::MatrixXd spoilt = inputs();
  spoilt.col(3).setConstant(1e200);  // its loss is not finite
  const Eigen::VectorXd before = model.parameters();
  CHECK_THROWS_AS(trainer.train_on_batch(spoilt), ec::NonFiniteError);
  model.parameter("decoder.0.weight").setConstant(1e160);  // the loss of 0 is finite, but not the gradient's square
  model.parameter("decoder.0.bias").setConstant(1e60);
  model.parameter("encoder.0.bias").setZero();
  expect_error<ec::NonFiniteError>([&] { trainer.train_on_batch(Eigen::MatrixXd::Zero(6, 3)); },
                                   {"the gradient overflowed", "encoder.0.bias"});
  CHECK(trainer.updates() == 0);
  model.set_parameters(before);
  CHECK(trainer.train_on_batch(inputs()) == fresh.train_on_batch(inputs()));
  CHECK(model.parameters() == twin.parameters());
}

TEST_CASE("clip: a step allocates nothing, and neither does one with an exchange") {
  const Eigen::MatrixXd x = inputs();
  for (const ec::GradientClip& clip : {ec::GradientClip{.value = 0.02}, {.norm = 0.1}, {.global_norm = 0.2}}) {
    Model model;
    auto trainer = make(model, clip);
    trainer.set_exchange([](ec::Exchange<double>& found) { found.gradient[0] = 0; });
    trainer.train_on_batch(x);
    const long before = allocations::count();
    trainer.train_on_batch(x);
    CHECK(allocations::count() == before);
  }
}

TEST_CASE("reports: the gradient's norm is that of each batch, and in the mean of the epoch") {
  Model model;
  start(model);
  auto trainer = make(model);
  std::vector<double> norms;
  const ec::Callback look{.after_batch = [&](const ec::BatchReport& report) {
    norms.push_back(report.gradient_norm);
    CHECK(report.gradient_norm == trainer.gradient_norm());
  }};
  const auto history = trainer.fit(inputs(), {.batch_size = 4, .callbacks = {look}, .progress = quiet});
  REQUIRE(norms.size() == 3);
  CHECK(norms[0] > 0);
  CHECK(history.last().gradient_norm == Approx((norms[0] + norms[1] + norms[2]) / 3));
}

TEST_CASE("exchange: sees a step's gradient, values and samples before the update, and what it leaves is taken") {
  Model model, twin;
  start(model);
  start(twin);
  auto trainer = make(model, {.global_norm = 0.2}), plain = make(twin, {.global_norm = 0.2});
  const Eigen::MatrixXd x = inputs();
  Eigen::VectorXd gradient(Model::parameter_count);
  Stepper stepper(1, {});
  stepper.reserve_training(x.cols());
  stepper.differentiate(model, ec::as_objective(ec::MeanSquaredError{}), {x, x, nullptr, x.cols()}, 1, gradient.data());

  ec::Index calls = 0;
  trainer.set_exchange([&](ec::Exchange<double>& found) {
    ++calls;
    CHECK(distance(Eigen::Map<const Eigen::VectorXd>(found.gradient.data(), std::ssize(found.gradient)), gradient) < 1e-15);
    CHECK(found.values.size() == 1);
    CHECK(found.samples == x.cols());
    CHECK(found.finite);
  });
  CHECK(trainer.train_on_batch(x) == plain.train_on_batch(x));
  CHECK(model.parameters() == twin.parameters());

  trainer.set_exchange([&](ec::Exchange<double>& found) {
    std::fill(found.gradient.begin(), found.gradient.end(), 0.5);
    found.values[0] = 7;
  });
  CHECK(trainer.train_on_batch(x) == 7);
  CHECK(trainer.gradient_norm() == Approx(0.5 * std::sqrt(Model::parameter_count)).epsilon(1e-13));

  const Eigen::VectorXd before = model.parameters();
  const auto snapshot = trainer.snapshot();
  trainer.set_exchange([](ec::Exchange<double>& found) { found.finite = false; });
  expect_error<ec::NonFiniteError>([&] { trainer.train_on_batch(x); }, {"the exchange left values that are not finite in step 3"});
  trainer.set_exchange([](ec::Exchange<double>& found) { found.gradient[2] = std::nan(""); });
  expect_error<ec::NonFiniteError>([&] { trainer.train_on_batch(x); }, {"the exchange left values that are not finite in step 3"});
  trainer.set_exchange([](ec::Exchange<double>&) { throw ec::Error("the other process is gone"); });
  expect_error<ec::Error>([&] { trainer.train_on_batch(x); }, {"the other process is gone"});
  CHECK(model.parameters() == before);
  CHECK(trainer.snapshot().step == snapshot.step);
  trainer.set_exchange({});
  trainer.train_on_batch(x);
  CHECK(trainer.updates() == 3);
  CHECK(calls == 1);
}

TEST_CASE("exchange: two trainers that average their gradients train as one does on both batches") {
  const Eigen::MatrixXd x = filled(1, 6, 16);
  Model whole, halves[2];
  start(whole);
  auto trainer = make(whole, {.global_norm = 0.2});
  std::barrier meeting(2);
  std::array<std::vector<double>, 2> sent;
  const auto train_half = [&](std::size_t rank) {
    start(halves[rank]);
    auto half = make(halves[rank], {.global_norm = 0.2});
    half.set_exchange([&](ec::Exchange<double>& found) {
      sent[rank].assign(found.gradient.begin(), found.gradient.end());
      meeting.arrive_and_wait();
      for (std::size_t i = 0; i < found.gradient.size(); ++i) found.gradient[i] = (sent[0][i] + sent[1][i]) / 2;
      meeting.arrive_and_wait();
    });
    for (int step = 0; step < 3; ++step) half.train_on_batch(x.middleCols(static_cast<ec::Index>(8 * rank), 8));
  };
  std::thread other(train_half, 1);
  train_half(0);
  other.join();
  for (int step = 0; step < 3; ++step) trainer.train_on_batch(x);
  CHECK(halves[0].parameters() == halves[1].parameters());
  CHECK(distance(whole.parameters(), halves[0].parameters()) < 1e-13);
}

TEST_CASE("snapshot: what a fit has found best can be taken from the trainer, in the fit and afterwards") {
  const Eigen::MatrixXd x = inputs(), held_out = targets();
  Model model, twin;
  auto trainer = make(model);
  double best = std::numeric_limits<double>::infinity();
  ec::Index best_epoch = 0;
  const ec::Callback patience{.after_epoch = [&](const ec::EpochReport& report) {
    if (report.validation.loss < best) {
      best = report.validation.loss;
      best_epoch = report.epoch;
    }
    CHECK(trainer.best().loss == best);
    CHECK(trainer.best().epoch == best_epoch);
    return report.epoch - trainer.best().epoch >= 3 ? ec::Training::stop : ec::Training::go_on;
  }};
  trainer.fit(x, {.epochs = 200, .batch_size = 3, .validation = held_out, .callbacks = {patience}, .progress = quiet});
  trainer.restore(trainer.best().snapshot);
  CHECK(trainer.evaluate(held_out).loss == Approx(best).epsilon(1e-12));
  CHECK(trainer.seed().value == 0);
  CHECK(std::get<0>(trainer.objective().terms).weight == 1);
}
