// SPDX-License-Identifier: MIT
// mpi_training MODE THREADS: trains a small network under mpiexec, and rank 0 prints what training.py compares.
//   whole               four epochs; "alone" in place of THREADS: without a communicator
//   first, second       two epochs with a checkpoint each, two more from there
//   exit, throw, shape  as first, but the last rank ends within the third epoch, by its own exit or by an exception of a
//   callback;
//                       or its samples are not the network's
//   gradient            the gradient of one batch in double, by unequal parts
#include <cstdio>
#include <string>
#include <string_view>
#include <unistd.h>

#include <eigencoder/data/part.hpp>
#include <eigencoder/files/safetensors.hpp>
#include <eigencoder/layers/activation.hpp>
#include <eigencoder/layers/batch_norm.hpp>
#include <eigencoder/layers/dense.hpp>
#include <eigencoder/layers/dropout.hpp>
#include <eigencoder/layers/noise.hpp>
#include <eigencoder/losses/kl_sparsity.hpp>
#include <eigencoder/losses/mean_squared_error.hpp>
#include <eigencoder/models/autoencoder.hpp>
#include <eigencoder/mpi/mpi.hpp>
#include <eigencoder/optimizers/adam.hpp>
#include <eigencoder/optimizers/sgd.hpp>
#include <eigencoder/training/model_checkpoint.hpp>
#include <eigencoder/training/trainer.hpp>

namespace ec = eigencoder;
using ec::Index;

namespace {

constexpr Index inputs = 12, train_size = 150, validation_size = 45;
constexpr std::size_t parts = 8;
const char* const checkpoint = "checkpoint.safetensors";

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

/// All samples of all ranks: three directions mixed.
template <class T>
Matrix<T> samples(Index count, std::uint64_t seed) {
  const ec::Random random(ec::Seed{seed}, 0, 0), mixing(ec::Seed{99}, 0, 0);
  const Matrix<T> codes =
      Matrix<T>::NullaryExpr(3, count, [&](Index i, Index j) { return static_cast<T>(random.uniform(j, i)); });
  const Matrix<T> directions =
      Matrix<T>::NullaryExpr(inputs, 3, [&](Index i, Index j) { return static_cast<T>(mixing.uniform(j, i)); });
  return directions * codes;
}

/// FNV-1a of all that training has changed.
std::uint64_t digest(const ec::Snapshot<float>& snapshot) {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&](std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes) hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3;
  };
  for (const auto* values : {&snapshot.parameters, &snapshot.state, &snapshot.slots}) add(std::as_bytes(std::span(*values)));
  const std::array counters{snapshot.updates, snapshot.step, snapshot.shuffles, snapshot.epochs};
  add(std::as_bytes(std::span(counters)));
  return hash;
}

void train(const std::string& mode, const std::string& threads) {
  const ec::AnyCommunicator ranks = threads == "alone" ? ec::AnyCommunicator() : ec::Mpi{};
  const bool last = ranks.rank() == ranks.size() - 1;
  const auto encoder = ec::encoder<ec::features(inputs)>(ec::GaussianNoise{0.1}, ec::Dense<16>{}, ec::BatchNorm{}, ec::ReLU{},
                                                         ec::Dropout{0.2}, ec::Dense<4>{}, ec::Sigmoid{});
  const auto decoder = ec::decoder<ec::features(4)>(ec::Dense<inputs>{});
  ec::Autoencoder model{encoder, decoder, ec::Seed{static_cast<std::uint64_t>(mode == "second" ? 2 : ranks.rank() + 1)}};

  ec::Trainer trainer{model,
                      ec::MeanSquaredError{} + 0.01 * ec::KLSparsity{.target = 0.2},
                      ec::Adam{.learning_rate = 1e-2},
                      {.threads = threads == "2" ? 2U : 1U,
                       .seed = ec::Seed{3},
                       .clip = {.global_norm = 0.5},
                       .communicator = ranks,
                       .reproducible = true,
                       .parts = parts}};
  const auto part = [&](const Eigen::MatrixXf& all) -> Eigen::MatrixXf {
    return ec::part_of(all, ranks.rank(), ranks.size(), parts);
  };
  Eigen::MatrixXf mine = part(samples<float>(train_size, 5));
  if (mode == "shape" && last) mine = mine.topRows(inputs - 1).eval();

  ec::FitOptions<float> options{.epochs = mode == "whole" ? 4 : 2, .batch_size = 32, .progress = ec::Progress::quiet};
  options.validation = part(samples<float>(validation_size, 6));
  if (mode != "whole") options.callbacks = {ec::ModelCheckpoint{.path = checkpoint}};
  if (mode == "exit" || mode == "throw") {
    options.epochs = 4;
    options.callbacks.push_back({.after_batch = [&](const ec::BatchReport& report) {
      if (!last || report.epoch < 3 || report.samples < 64) return;
      if (mode == "exit") _exit(3);
      throw ec::Error("the disk is gone");
    }});
  }
  if (mode == "second") trainer.resume(checkpoint);
  const ec::History history = trainer.fit(mine, options);
  if (ranks.rank() != 0) return;
  std::printf("bits %016llx\n", static_cast<unsigned long long>(digest(trainer.snapshot())));
  for (const ec::EpochReport& epoch : history.epochs)
    std::printf("epoch %a %a %a %a\n", epoch.train.loss, epoch.train.terms[1], epoch.validation.loss, epoch.gradient_norm);
}

/// One step of gradient descent on one batch of all samples.
void print_gradient() {
  const ec::Mpi ranks;
  const auto encoder =
      ec::encoder<ec::features(inputs)>(ec::Dense<8>{}, ec::BatchNorm{}, ec::Tanh{}, ec::Dense<4>{}, ec::Sigmoid{});
  const auto decoder = ec::decoder<ec::features(4)>(ec::Dense<inputs>{});
  ec::Autoencoder<std::remove_cv_t<decltype(encoder)>, std::remove_cv_t<decltype(decoder)>, double> model{encoder, decoder,
                                                                                                          ec::Seed{1}};
  const Eigen::VectorXd before = model.parameters();
  ec::Trainer trainer{model,
                      ec::MeanSquaredError{} + 0.1 * ec::KLSparsity{.target = 0.2},
                      ec::SGD{.learning_rate = 1},
                      {.threads = 1, .seed = ec::Seed{3}, .communicator = ranks}};
  const Eigen::MatrixXd all = samples<double>(61, 5);
  const auto begin = [&](Index rank) { return all.cols() * rank * (rank + 1) / (ranks.size() * (ranks.size() + 1)); };
  const Eigen::MatrixXd mine = all.middleCols(begin(ranks.rank()), begin(ranks.rank() + 1) - begin(ranks.rank()));
  trainer.fit(mine, {.epochs = 1, .batch_size = 64, .shuffle = false, .progress = ec::Progress::quiet});
  if (ranks.rank() != 0) return;
  for (Index i = 0; i < before.size(); ++i) std::printf("%.17g\n", before[i] - model.parameters()[i]);
}

}  // namespace

int main(int count, char** arguments) {
  const std::string mode = count > 1 ? arguments[1] : "", threads = count > 2 ? arguments[2] : "1";
  try {
    mode == "gradient" ? print_gradient() : train(mode, threads);
  } catch (const std::exception& error) {
    ec::Mpi{}.abandon(ec::message("main: ", error.what()));
    return 1;
  }
}
