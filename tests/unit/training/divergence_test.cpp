// SPDX-License-Identifier: MIT
#include "support/throws.hpp"
#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;

namespace {

/// With running state, which has to come back together with the parameters.
using Model = ec::Network<ec::Sequential<ec::features(6), ec::Dense<4>, ec::BatchNorm, ec::Tanh, ec::Dense<6>>>;
using Linear = ec::Network<ec::Sequential<ec::features(6), ec::Dense<4>, ec::Dense<6>>>;

Eigen::MatrixXf samples(ec::Index count) {
  const ec::Random random(ec::Seed{11}, 0, 0);
  return Eigen::MatrixXf::NullaryExpr(6, count, [&](ec::Index i, ec::Index j) { return float(random.uniform(j, i)); });
}

template <class M>
auto make(M& model) {
  return ec::Trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = 1e-2}, {.threads = 1, .seed = ec::Seed{3}}};
}

constexpr auto quiet = ec::Progress::quiet;

/// A fit whose third epoch has a learning rate far too large.
template <class Trainer>
void diverge_in_third_epoch(Trainer& trainer, const Eigen::MatrixXf& x, const ec::Samples<float>& validation,
                            std::initializer_list<std::string_view> says) {
  const ec::Callback explode{.after_epoch = [&](const ec::EpochReport& report) {
    if (report.epoch == 2) trainer.set_optimizer({.learning_rate = 1e25});
    return ec::Training::go_on;
  }};
  expect_error<ec::NonFiniteError>(
      [&] {
        trainer.fit(x, {.epochs = 9, .batch_size = 8, .validation = validation, .callbacks = {explode}, .progress = quiet});
      },
      says);
}

}  // namespace

TEST_CASE("divergence: with a smaller rate, as the message advises, training goes on as if nothing had been") {
  const Eigen::MatrixXf x = samples(64), held_out = samples(90).rightCols(26);
  for (const bool validated : {true, false}) {
    INFO((validated ? "with" : "without") << " validation");
    const ec::Samples<float> validation = validated ? ec::Samples<float>(held_out) : ec::Samples<float>{};
    // The training loss of the second epoch speaks for what the first one left: the smallest that is known of.
    const ec::Index best = validated ? 2 : 1;
    Model left{ec::Seed{1}}, right{ec::Seed{1}};
    auto diverged = make(left), twin = make(right);
    diverge_in_third_epoch(diverged, x, validation,
                           {"epoch 3, batch", "the loss became", "learning_rate (now 1e+25)",
                            ec::message("are what they were after epoch ", best, ", the best so far")});
    twin.fit(x, {.epochs = best, .batch_size = 8, .progress = quiet});
    CHECK(left.parameters() == right.parameters());
    CHECK(left.state() == right.state());
    CHECK(diverged.updates() == twin.updates());

    diverged.set_optimizer(twin.optimizer());
    const ec::History after = diverged.fit(x, {.epochs = 3, .batch_size = 8, .progress = quiet});
    twin.fit(x, {.epochs = 3, .batch_size = 8, .progress = quiet});
    CHECK(after.last().train.loss < after.epochs[0].train.loss);
    CHECK(left.parameters() == right.parameters());
    CHECK(left.state() == right.state());
  }
}

TEST_CASE("divergence: what a step exploded into is not the best, though the loss before it was") {
  const Eigen::MatrixXf x = samples(32);
  Linear model{ec::Seed{1}};
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::SGD{.learning_rate = 1e3}, {.threads = 1}};
  const double before = trainer.evaluate(x).loss;
  double exploded = 0;
  const ec::Callback look{.after_epoch = [&](const ec::EpochReport& report) {
    if (report.epoch == 1) exploded = trainer.evaluate(x).loss;
    return ec::Training::go_on;
  }};
  expect_error<ec::NonFiniteError>(
      [&] { trainer.fit(x, {.epochs = 9, .batch_size = 32, .callbacks = {look}, .progress = quiet}); },
      {"before the first epoch"});
  CHECK(exploded > 1e6);
  CHECK(trainer.evaluate(x).loss == before);
}

TEST_CASE("divergence: a step whose gradient overflows at a finite loss is not taken") {
  Linear model{ec::Seed{1}}, twin_model{ec::Seed{1}};
  const Eigen::MatrixXf x = samples(32);
  auto trainer = make(model), twin = make(twin_model);
  trainer.train_on_batch(x);
  twin.train_on_batch(x);
  const auto fresh = trainer.snapshot();
  // Every output is 0. What the first layer's weights are to do about it is 1e30 · 1e10.
  model.set_parameters(Eigen::VectorXf::Zero(model.parameter_count));
  model.parameter("layer.1.weight").setConstant(1e30F);
  const Eigen::VectorXf before = model.parameters();
  const Eigen::MatrixXf large = 1e10F * x;
  expect_error<ec::NonFiniteError>([&] { trainer.train_on_batch(large); },
                                   {"the gradient overflowed in step 2", "that of layer.0.weight", "at a loss of",
                                    "learning_rate", "The parameters are as before this step."});
  CHECK(model.parameters() == before);
  CHECK(trainer.updates() == 1);
  expect_error<ec::NonFiniteError>([&] { trainer.fit(large, {.batch_size = 32, .progress = quiet}); },
                                   {"epoch 1, batch 1: the gradient overflowed", "before the first epoch"});
  CHECK(model.parameters() == before);

  trainer.restore(fresh);  // nothing of the gradient is left over
  CHECK(trainer.train_on_batch(x) == twin.train_on_batch(x));
  CHECK(model.parameters() == twin_model.parameters());

  // Finite, but its square is not, which is what Adam keeps.
  const Eigen::MatrixXf steep = 1e9F * x;
  model.set_parameters(Eigen::VectorXf::Zero(model.parameter_count));
  model.parameter("layer.1.weight").setConstant(1e12F);
  expect_error<ec::NonFiniteError>([&] { trainer.train_on_batch(steep); }, {"the gradient overflowed", "layer.0.weight"});
}

TEST_CASE("divergence: a fit does not return parameters that its last step has made infinite") {
  const Eigen::MatrixXf x = 100 * samples(32);
  Linear model{ec::Seed{1}};
  const Eigen::VectorXf before = model.parameters();
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::SGD{.learning_rate = 1e38}, {.threads = 1}};
  expect_error<ec::NonFiniteError>([&] { trainer.fit(x, {.batch_size = 32, .progress = quiet}); },
                                   {"epoch 1, after its last step", "in parameter layer.0.weight", "before the first epoch"});
  CHECK(model.parameters() == before);
}

TEST_CASE("divergence: a sample that is not finite is named by its number in the set") {
  Eigen::MatrixXf x = samples(40);
  x(2, 29) = std::numeric_limits<float>::quiet_NaN();
  for (const bool shuffle : {false, true}) {
    Model model{ec::Seed{1}};
    auto trainer = make(model);
    expect_error<ec::NonFiniteError>(
        [&] { trainer.fit(x, {.batch_size = 8, .shuffle = shuffle, .progress = quiet, .check_data = false}); },
        {"in the inputs, sample 29."});
  }
}

TEST_CASE("snapshot: training that goes on from one gives the same bits, and another network's is refused") {
  const Eigen::MatrixXf x = samples(40);
  Model model{ec::Seed{1}}, other{ec::Seed{2}};
  auto trainer = make(model), elsewhere = make(other);
  const ec::Snapshot<float> begin = trainer.snapshot();
  const Eigen::VectorXf before = model.parameters();
  const auto fit = [&](auto& any) { any.fit(x, {.epochs = 2, .batch_size = 8, .progress = quiet}); };
  fit(trainer);
  const ec::Snapshot<float> middle = trainer.snapshot();
  fit(trainer);
  const Eigen::VectorXf after = model.parameters(), state = model.state();

  for (auto* any : {&trainer, &elsewhere}) {
    any->restore(middle);
    CHECK(any->updates() == 10);
    fit(*any);
  }
  CHECK(model.parameters() == after);
  CHECK(other.parameters() == after);
  CHECK(other.state() == state);
  trainer.restore(begin);
  CHECK(model.parameters() == before);
  fit(trainer);
  fit(trainer);
  CHECK(model.parameters() == after);

  Linear smaller{ec::Seed{1}};
  expect_error<ec::ShapeError>([&] { make(smaller).restore(middle); },
                               {"restore: expected a snapshot of 58 parameters", "found 66"});
}
