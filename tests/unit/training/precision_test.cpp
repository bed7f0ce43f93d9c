// SPDX-License-Identifier: MIT
#include <random>

#include "support/catch.hpp"
#include "support/throws.hpp"
#include <eigencoder/layers/activation.hpp>
#include <eigencoder/layers/dense.hpp>
#include <eigencoder/losses/mean_squared_error.hpp>
#include <eigencoder/models/autoencoder.hpp>
#include <eigencoder/optimizers/adam.hpp>
#include <eigencoder/training/trainer.hpp>

// Training with products in bfloat16. Where there are no instructions for them, it must have float32's bits.
namespace ec = eigencoder;

namespace {

using Encoder = ec::Encoder<ec::features(96), ec::Dense<64>, ec::Tanh, ec::Dense<32>>;
template <class T>
using Model = ec::Autoencoder<Encoder, ec::Decoder<ec::features(32), ec::Dense<64>, ec::Tanh, ec::Dense<96>>, T>;
using Trainer = ec::Trainer<Model<float>, ec::MeanSquaredError, ec::Adam>;

/// Mixtures of few directions, so that there is something to learn, and noise, so that some loss stays.
Eigen::MatrixXf samples(ec::Index count, unsigned seed) {
  std::mt19937 draw(7), weights(seed);
  const auto value = [](std::mt19937& from) { return 2 * static_cast<float>(from()) / 4294967296.0F - 1; };
  const Eigen::MatrixXf directions = Eigen::MatrixXf::NullaryExpr(96, 12, [&] { return value(draw); });
  const Eigen::MatrixXf mixture = directions * Eigen::MatrixXf::NullaryExpr(12, count, [&] { return value(weights); });
  return mixture + Eigen::MatrixXf::NullaryExpr(96, count, [&] { return value(weights); });
}

struct Run {
  Model<float> model{ec::Seed{1}};
  Trainer trainer;
  explicit Run(ec::Precision precision, std::size_t threads = 1)
      : trainer(model, {}, {.learning_rate = 2e-3}, {.threads = threads, .seed = ec::Seed{2}, .precision = precision}) {}
  void fit(const Eigen::MatrixXf& x, ec::Index epochs) {
    trainer.fit(x, {.epochs = epochs, .batch_size = 64, .progress = ec::Progress::quiet});
  }
};

}  // namespace

TEST_CASE("training in bfloat16 ends at a loss of validation within 1 % of float32's") {
  const Eigen::MatrixXf x = samples(512, 3), validation = samples(256, 4);
  for (const std::size_t threads : {1U, 2U}) {
    Run exact(ec::Precision::float32, threads), rounded(ec::Precision::bfloat16, threads), again(ec::Precision::bfloat16, threads);
    const double before = exact.trainer.evaluate(validation).loss;
    exact.fit(x, 60);
    rounded.fit(x, 60);
    again.fit(x, 60);
    const double loss = exact.trainer.evaluate(validation).loss;
    CHECK(loss < before / 2);
    CHECK(rounded.trainer.evaluate(validation).loss == Approx(loss).epsilon(0.01));
    CHECK((rounded.model.parameters() == exact.model.parameters()) == !ec::has_bfloat16());
    CHECK(again.model.parameters() == rounded.model.parameters());
  }
}

TEST_CASE("validation and prediction are in float32 whatever the precision of training") {
  const Eigen::MatrixXf x = samples(128, 5);
  Run exact(ec::Precision::float32), rounded(ec::Precision::bfloat16);
  CHECK(rounded.trainer.evaluate(x).loss == exact.trainer.evaluate(x).loss);
  CHECK(rounded.model.reconstruct(x) == exact.model.reconstruct(x));
}

TEST_CASE("what a snapshot of training in bfloat16 goes on to has the same bits") {
  const Eigen::MatrixXf x = samples(256, 6);
  Run whole(ec::Precision::bfloat16), first(ec::Precision::bfloat16), second(ec::Precision::bfloat16);
  whole.fit(x, 2);
  whole.fit(x, 3);
  first.fit(x, 2);
  second.trainer.restore(first.trainer.snapshot());
  second.fit(x, 3);
  CHECK(second.model.parameters() == whole.model.parameters());
}

TEST_CASE("bfloat16 is refused for a network of doubles") {
  Model<double> model{ec::Seed{1}};
  ec::Trainer{model, ec::MeanSquaredError{}, ec::Adam{}, {.precision = ec::Precision::float32}};
  expect_error<ec::OptionError>([&] { ec::Trainer{model, ec::MeanSquaredError{}, ec::Adam{}, {.precision = ec::Precision::bfloat16}}; },
                                {"Precision::bfloat16 is for networks of float", "found one of double"});
}
