// SPDX-License-Identifier: MIT
#include "scripted_trainer.hpp"
#include "support/allocations.hpp"
#include "support/folder.hpp"
#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;

namespace {

using Encoder = ec::Encoder<ec::features(6), ec::Dense<4>, ec::BatchNorm, ec::Tanh>;
using Model = ec::Autoencoder<Encoder, ec::Decoder<Encoder::output, ec::Dense<6>>>;
constexpr auto quiet = ec::Progress::quiet;

Eigen::MatrixXf samples(ec::Index count, std::uint64_t seed = 11) {
  const ec::Random random(ec::Seed{seed}, 0, 0);
  return Eigen::MatrixXf::NullaryExpr(6, count, [&](ec::Index i, ec::Index j) { return float(random.uniform(j, i)); });
}
auto make(Model& model) {
  return ec::Trainer{model, ec::MeanSquaredError{}, ec::AdamW{.learning_rate = 3e-2}, {.threads = 1, .seed = ec::Seed{3}}};
}

}  // namespace

TEST_CASE("callbacks: EarlyStopping gives the model of the smallest validation loss back, running state included") {
  Model model{ec::Seed{1}};
  auto trainer = make(model);
  const Eigen::MatrixXf x = samples(12), held_out = samples(40, 12);  // few enough to be learnt by heart
  const auto history = trainer.fit(x, {.epochs = 500,
                                       .batch_size = 5,
                                       .validation = held_out,
                                       .callbacks = {ec::EarlyStopping{.patience = 7, .restore_best = true}},
                                       .progress = quiet});
  REQUIRE(history.epochs.size() < 500);
  CHECK(history.stopped.starts_with("EarlyStopping after epoch"));
  double least = history.epochs[0].validation.loss;
  std::uint64_t best = 1;
  for (const ec::EpochReport& report : history.epochs) {
    if (report.validation.loss < least) best = static_cast<std::uint64_t>(report.epoch);
    least = std::min(least, report.validation.loss);
  }
  CHECK(history.last().validation.loss > least);
  CHECK(history.epochs.size() == best + 7);
  CHECK(trainer.evaluate(held_out, held_out, 5).loss == least);
  CHECK(trainer.epochs() == best);
  CHECK(trainer.updates() == best * 3);
}

TEST_CASE("callbacks: a schedule sets the rate of each step, and the history has it") {
  Model model{ec::Seed{1}}, twin{ec::Seed{1}};
  auto trainer = make(model), other = make(twin);
  const Eigen::MatrixXf x = samples(20);
  const ec::ExponentialDecay decay{.learning_rate = 0.1, .factor = 0.9};
  const auto history = trainer.fit(
      x, {.epochs = 2, .batch_size = 10, .shuffle = false, .callbacks = {ec::LearningRate{decay}}, .progress = quiet});
  for (std::uint64_t update = 0; update < 4; ++update) {
    other.set_learning_rate(0.1 * std::pow(0.9, double(update)));
    other.train_on_batch(x.middleCols(update % 2 == 0 ? 0 : 10, 10));
  }
  CHECK(model.parameters() == twin.parameters());
  CHECK(history.epochs[0].learning_rate == Approx(0.1 * 0.9));
  CHECK(history.epochs[1].learning_rate == Approx(0.1 * 0.9 * 0.9 * 0.9));
}

TEST_CASE("callbacks: none of them allocates in a step") {
  if (!allocations::counted) return;
  const Folder folder;
  Model model{ec::Seed{1}};
  auto trainer = make(model);
  const ec::StopOnSignal stop;
  long before = 0, during = 0;
  const ec::Callback count{.after_batch = [&](const ec::BatchReport&) { during += allocations::count() - before; }};
  const ec::Callback mark{.after_batch = [&](const ec::BatchReport&) { before = allocations::count(); }};
  const Eigen::MatrixXf x = samples(50);
  const auto history = trainer.fit(
      x, {.epochs = 3,
          .batch_size = 10,
          .validation = x,
          .callbacks = {mark, ec::EarlyStopping{.patience = 9},
                        ec::ModelCheckpoint{.path = folder.path / "best", .every = 100, .best_only = true},
                        ec::CsvLogger{folder.path / "a.csv"}, ec::JsonLinesLogger{folder.path / "a.jsonl"},
                        ec::TensorBoard{.folder = folder.path}, ec::TerminateOnNonFinite{}, ec::ReduceLROnPlateau{},
                        ec::LearningRate{ec::WarmUp{.steps = 4, .then = ec::CosineDecayRestarts{.steps = 3, .growth = 2}}},
                        ec::LearningRate{ec::OneCycle{.steps = 15}}, stop, count},
          .progress = quiet});
  CHECK(history.epochs.size() == 3);
  CHECK(during == 0);
}
