// SPDX-License-Identifier: MIT
#include "../engine/contract.hpp"
#include "support/allocations.hpp"
#include <eigencoder/layers/batch_norm.hpp>
#include <eigencoder/layers/depthwise_conv2d.hpp>
#include <eigencoder/layers/dropout.hpp>
#include <eigencoder/layers/layer_norm.hpp>
#include <eigencoder/layers/noise.hpp>

// Layers that draw, and layers that couple the samples of a batch, inside models: derivatives, threads and shards.
namespace ec = eigencoder;
using ec::Index;

namespace {

template <class E, class D>
auto model(const E& encoder, const D& decoder) {
  return ec::Autoencoder<E, D, double>{encoder, decoder, ec::Seed{3}};
}

Eigen::MatrixXd samples_of(Index rows, Index cols) {
  const ec::Random random(ec::Seed{5}, 0, 0);
  return Eigen::MatrixXd::NullaryExpr(rows, cols, [&](Index i, Index j) { return 5 + 3 * random.uniform(j, i); });
}

/// Parameters and running state after a few steps.
template <class Model>
Eigen::VectorXd train(Model trained, Index batch, std::size_t threads) {
  const auto objective = ec::as_objective(ec::MeanSquaredError{});
  const Eigen::MatrixXd x = samples_of(Model::input.size(), 3 * batch);
  ec::Stepper<Model, std::decay_t<decltype(objective)>, ec::SGD> stepper(threads, ec::Seed{9}, 0);
  stepper.reserve_training(batch);
  for (Index step = 0; step < 3; ++step) {
    const Eigen::MatrixXd samples = x.middleCols(step * batch, batch);
    stepper.train(trained, objective, ec::SGD{.learning_rate = 0.05}, {samples, samples, nullptr, batch});
  }
  Eigen::VectorXd all(Model::parameter_count + Model::state_count);
  all << trained.parameters(), trained.state();
  return all;
}

}  // namespace

TEST_CASE("training: noise, dropout and batch normalisation differentiate, on any number of threads alike") {
  contract::check(
      model(ec::encoder<ec::image(4, 3, 3)>(ec::GaussianNoise{0.2, ec::Clip{0, 1}}, ec::Dense<37>{}, ec::BatchNorm{},
                                            ec::Tanh{}, ec::SpatialDropout2D{0.3}, ec::Dense<17>{}, ec::Sigmoid{}),
            ec::decoder<ec::features(17)>(ec::GaussianNoise{0.1}, ec::BatchNorm{.epsilon = 0.1}, ec::Dropout{0.2},
                                          ec::Dense<36>{}, ec::Tanh{}, ec::BatchNorm{})),
      ec::MeanSquaredError{});
}

namespace {

const auto encoder = ec::encoder<ec::image(6, 5, 3)>(
    ec::GaussianNoise{0.2}, ec::DepthwiseConv2D<3>{}, ec::Tanh{}, ec::LayerNorm{.epsilon = 0.5}, ec::SpatialDropout2D{0.3},
    ec::Sigmoid{}, ec::DepthwiseConv2D<3, 2>{}, ec::Tanh{}, ec::BatchNorm{}, ec::ELU{}, ec::Dropout{0.2}, ec::Dense<7>{});
const auto decoder = ec::decoder<ec::features(7)>(ec::LayerNorm{.epsilon = 0.5}, ec::Tanh{}, ec::Dense<90>{});

}  // namespace

TEST_CASE(
    "training: normalisation and channel-wise convolution between activations differentiate, on any number of threads alike") {
  contract::check(model(encoder, decoder), ec::MeanSquaredError{});
}

TEST_CASE("training: their steps take no memory") {
  if (!allocations::counted) return;
  auto trained = model(encoder, decoder);
  const Eigen::MatrixXd x = samples_of(90, 300);
  for (const std::size_t threads : {1U, 2U}) {
    ec::Trainer trainer{trained, ec::MeanSquaredError{}, ec::Adam{}, {.threads = threads}};
    trainer.train_on_batch(x);
    for (const Index batch : {300, 37, 1}) {
      const long before = allocations::count();
      trainer.train_on_batch(x.leftCols(batch));
      CHECK(allocations::count() == before);
    }
  }
}

TEST_CASE("training: batch normalisation keeps the statistics of whole batches, whatever the threads") {
  const auto normalised = model(ec::encoder<ec::features(20)>(ec::BatchNorm{.momentum = 0.7}, ec::Dense<90>{}, ec::BatchNorm{},
                                                              ec::ReLU{}, ec::Dense<10>{}),
                                ec::decoder<ec::features(10)>(ec::Dense<20>{}));
  for (const Index batch : {1, 37, 300}) {
    CAPTURE(batch);
    const Eigen::VectorXd one = train(normalised, batch, 1);
    CHECK(one.allFinite());
    for (const std::size_t threads : {2U, 3U}) {
      CHECK((one - train(normalised, batch, threads)).cwiseAbs().maxCoeff() < 1e-12 * (1 + one.cwiseAbs().maxCoeff()));
    }
  }
  // The first layer sees the samples themselves.
  const Eigen::VectorXd after = train(normalised, 37, 2);
  const Eigen::MatrixXd x = samples_of(20, 3 * 37);
  Eigen::VectorXd mean = Eigen::VectorXd::Zero(20), variance = Eigen::VectorXd::Ones(20);
  for (Index step = 0; step < 3; ++step) {
    const Eigen::MatrixXd samples = x.middleCols(step * 37, 37);
    const Eigen::VectorXd now = samples.rowwise().mean();
    mean = 0.7 * mean + 0.3 * now;
    variance = 0.7 * variance + 0.3 * (samples.colwise() - now).array().square().rowwise().mean().matrix();
  }
  const auto state = after.tail(normalised.state_count);
  CHECK((state.head(20) - mean).cwiseAbs().maxCoeff() < 1e-12);
  CHECK((state.segment(20, 20) - variance).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("training: batch normalisation far from zero, over shards, as written out in long double") {
  constexpr Index channels = 3, batch = 120;
  const auto fresh = model(ec::encoder<ec::features(channels)>(ec::BatchNorm{.momentum = 0.0}),
                           ec::decoder<ec::features(channels)>(ec::Identity{}));
  const auto objective = ec::as_objective(ec::MeanSquaredError{});
  using Values = Eigen::Array<long double, channels, Eigen::Dynamic>;

  for (const double mean : {1e6, 1e8}) {  // y, and so dy, has no more digits than x
    const Eigen::MatrixXd x = samples_of(channels, batch).array() + mean,
                          target = samples_of(channels, batch).colwise().reverse();
    const Values wide = x.cast<long double>(), centred = wide.colwise() - wide.rowwise().mean();
    const auto variance = centred.square().rowwise().mean().eval();
    const Values normal = centred.colwise() / (variance + 1e-3L).sqrt();
    const Eigen::Array<long double, channels, 1> dgamma =
        ((normal - target.array().cast<long double>()) * normal).rowwise().sum() * (2.0L / (channels * batch));

    for (const std::size_t threads : {1U, 2U, 3U}) {
      CAPTURE(mean, threads);
      auto trained = fresh;
      ec::Stepper<decltype(trained), std::decay_t<decltype(objective)>, ec::SGD> stepper(threads, ec::Seed{9}, 0);
      stepper.reserve_training(batch);
      Eigen::VectorXd gradient(2 * channels);
      stepper.differentiate(trained, objective, {x, target, nullptr, batch}, 1, gradient.data());
      stepper.train(trained, objective, ec::SGD{}, {x, target, nullptr, batch});
      const Eigen::VectorXd state = trained.state();
      for (Index c = 0; c < channels; ++c) {
        CHECK(std::abs(static_cast<double>(state[channels + c] / variance[c] - 1)) < 1e-12);
        CHECK(std::abs(static_cast<double>(gradient[c] / dgamma[c] - 1)) < 1e-15 * mean);
      }
    }
  }
}
