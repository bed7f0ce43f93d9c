// SPDX-License-Identifier: MIT
#include <memory>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/example_networks.hpp"
#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;

// What is never read the compiler leaves out.
extern const void* volatile seen;
const void* volatile seen = nullptr;

namespace {

using Model = networks::Simple<float>;

long during(const auto& work) {
  const long before = allocations::count();
  work();
  return allocations::count() - before;
}

}  // namespace

TEST_CASE("allocations: the counter counts") {
  if (!allocations::counted) return;
  CHECK(during([] {
          const auto number = std::make_unique<int>(3);
          seen = number.get();
        }) == 1);
  CHECK(during([] {
          const Eigen::VectorXf vector = Eigen::VectorXf::Zero(100);
          seen = vector.data();
        }) == 1);
}

namespace {

/// Batches, the largest first.
template <class Model, class Objective = ec::BinaryCrossEntropy>
void check_training(std::initializer_list<ec::Index> batches, const Objective& objective = {}) {
  Model model{ec::Seed{1}};
  const Eigen::MatrixXf x = (Eigen::MatrixXf::Random(784, *batches.begin()).array() + 1) / 2;
  for (const std::size_t threads : {1U, 2U}) {
    ec::Trainer trainer{model, objective, ec::Adam{}, {.threads = threads}};
    trainer.train_on_batch(x);
    trainer.evaluate(x);
    for (const ec::Index batch : batches) {
      INFO(threads << " threads, batch " << batch);
      CHECK(during([&] { trainer.train_on_batch(x.leftCols(batch)); }) == 0);
      CHECK(during([&] { trainer.evaluate(x.leftCols(batch)); }) <= 1);  // the terms that it returns
    }
  }
}

template <class Model>
void check_predictions(ec::Index samples, std::initializer_list<ec::Index> workspaces) {
  const Model model{ec::Seed{1}};
  const Eigen::MatrixXf x = (Eigen::MatrixXf::Random(784, samples).array() + 1) / 2;
  Eigen::MatrixXf y(784, samples), codes(Model::code.size(), samples);
  for (const ec::Index columns : workspaces) {
    typename Model::Workspace workspace = model.workspace(columns);
    INFO("workspace of " << columns);
    CHECK(during([&] { model.reconstruct(x, y, workspace); }) == 0);
    CHECK(during([&] { model.encode(x, codes, workspace); }) == 0);
    CHECK(during([&] { model.decode(codes, y, workspace); }) == 0);
    CHECK(during([&] { model.reconstruct(x.col(3), y.col(3), workspace); }) == 0);
  }
}

}  // namespace

// 64 and 128 columns are sizes at which Eigen's own product takes memory.
TEST_CASE("allocations: none in a steady training step") {
  check_training<Model>({256, 128, 64, 16, 1});
  check_training<networks::Denoiser<float>>({12, 5, 1});
}

TEST_CASE("allocations: none in a step of a variational autoencoder, with totals over the batch and several draws too") {
  using Variational = networks::Variational<float>;
  check_training<Variational>({128, 64, 1}, ec::Elbo{ec::Bernoulli{}});
  check_training<Variational>({16, 1}, ec::CalibratedGaussian{} + 1.0 * ec::FreeBits{});
  check_training<Variational>({8, 1}, ec::ImportanceWeighted<3>{});
}

TEST_CASE("allocations: none in a step whose penalty sends tangents through an encoder, up or down") {
  check_training<networks::Transposing<float>>({12, 5, 1}, ec::BinaryCrossEntropy{} + 1e-3 * ec::StochasticContractive<>{});

  using Encoder = ec::Encoder<ec::image(28, 28), ec::Dense<64>, ec::Tanh, ec::Dense<5>, ec::Sigmoid>;
  using Deep = ec::Autoencoder<Encoder, ec::Decoder<Encoder::output, ec::Dense<784>, ec::Sigmoid>>;
  check_training<Deep>({128, 64, 1}, ec::MeanSquaredError{} + 1e-3 * ec::DeepContractive{});
}

TEST_CASE("allocations: none between the batches of a fit, shuffled and with a partial last batch") {
  Model model{ec::Seed{1}};
  const Eigen::MatrixXf x = (Eigen::MatrixXf::Random(784, 300).array() + 1) / 2;
  std::vector<long> counts;
  counts.reserve(100);
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}, {.threads = 2}};
  trainer.fit(x, {.epochs = 2,
                  .batch_size = 64,
                  .callbacks = {{.after_batch = [&](const ec::BatchReport&) { counts.push_back(allocations::count()); }}},
                  .progress = ec::Progress::quiet});
  REQUIRE(counts.size() == 10);
  CHECK(counts[4] == counts[0]);
  CHECK(counts[9] == counts[5]);
}

TEST_CASE("allocations: none in a prediction with a workspace") {
  check_predictions<Model>(300, {1, 16, 64, 128, 300});
  check_predictions<networks::Denoiser<float>>(20, {1, 7, 20});
  check_predictions<networks::Variational<float>>(70, {1, 64, 70});
}
