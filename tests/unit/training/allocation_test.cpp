// SPDX-License-Identifier: MIT
#include <eigencoder/eigencoder.hpp>
#include <memory>

#include "support/allocations.hpp"
#include "support/catch.hpp"

namespace ec = eigencoder;

// What nobody looks at the compiler leaves out.
extern const void* volatile seen;
const void* volatile seen = nullptr;

namespace {

using Encoder = ec::Encoder<ec::image(28, 28), ec::Dense<32>, ec::ReLU>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<784>, ec::Sigmoid>;
using Model = ec::Autoencoder<Encoder, Decoder>;

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

// 64 and 128 columns are sizes at which Eigen's own product takes memory.
TEST_CASE("allocations: none in a steady training step") {
  Model model{ec::Seed{1}};
  const Eigen::MatrixXf x = (Eigen::MatrixXf::Random(784, 256).array() + 1) / 2;
  for (const std::size_t threads : {1U, 2U}) {
    ec::Trainer trainer{model, ec::BinaryCrossEntropy{}, ec::Adam{}, {.threads = threads}};
    trainer.train_on_batch(x);
    for (const ec::Index batch : {256, 128, 64, 16, 1}) {
      INFO(threads << " threads, batch " << batch);
      CHECK(during([&] { trainer.train_on_batch(x.leftCols(batch)); }) == 0);
    }
  }
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
  const Model model{ec::Seed{1}};
  const Eigen::MatrixXf x = (Eigen::MatrixXf::Random(784, 300).array() + 1) / 2;
  Eigen::MatrixXf y(784, 300), codes(32, 300);
  for (const ec::Index columns : {1, 16, 64, 128, 300}) {
    Model::Workspace workspace = model.workspace(columns);
    INFO("workspace of " << columns);
    CHECK(during([&] { model.reconstruct(x, y, workspace); }) == 0);
    CHECK(during([&] { model.encode(x, codes, workspace); }) == 0);
    CHECK(during([&] { model.decode(codes, y, workspace); }) == 0);
    CHECK(during([&] { model.reconstruct(x.col(3), y.col(3), workspace); }) == 0);
  }
}
