// SPDX-License-Identifier: MIT
#include "support/out_of_memory.hpp"

#include <optional>

#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;

// Each allocation is refused in turn, and whatever is left behind must be as good as new: what is done next gives the bits that
// it gives where memory never ended.
namespace {

constexpr auto quiet = ec::Progress::quiet;

using Plain = ec::Autoencoder<ec::Encoder<ec::features(6), ec::Dense<40>, ec::Tanh, ec::Dense<3>>,
                              ec::Decoder<ec::features(3), ec::Dense<6>, ec::Sigmoid>>;
/// Samples of a batch depend on one another: one lane a shard.
using Coupled = ec::Autoencoder<ec::Encoder<ec::features(6), ec::Dense<40>, ec::BatchNorm, ec::ReLU, ec::Dense<3>>,
                                ec::Decoder<ec::features(3), ec::Dense<6>>>;

Eigen::MatrixXf samples(ec::Index count) {
  const ec::Random random(ec::Seed{11}, 0, 0);
  return Eigen::MatrixXf::NullaryExpr(6, count, [&](ec::Index i, ec::Index j) { return float(random.uniform(j, i)); });
}

template <class Model>
struct Pair {
  using Trainer = ec::Trainer<Model, ec::MeanSquaredError, ec::Adam>;
  Model model{ec::Seed{1}};
  std::optional<Trainer> trainer;

  void make() {
    trainer.emplace(model, ec::MeanSquaredError{}, ec::Adam{}, ec::TrainerOptions{.threads = 2, .seed = ec::Seed{3}});
  }
  ec::History fit(ec::Index epochs, ec::Index batch_size = 8) {
    return trainer->fit(samples(40),
                        {.epochs = epochs, .batch_size = batch_size, .validation = samples(10), .progress = quiet});
  }
};

template <class Model>
auto prepared() {
  auto pair = std::make_unique<Pair<Model>>();
  pair->make();
  return pair;
}

/// Parameters and running state.
template <class Model>
Eigen::VectorXf contents(const Model& model) {
  Eigen::VectorXf all(model.parameters().size() + model.state().size());
  all << model.parameters(), model.state();
  return all;
}

}  // namespace

TEMPLATE_TEST_CASE("out of memory: a trainer is made, or it is not", "", Plain, Coupled) {
  const auto twin = prepared<TestType>();
  twin->fit(2);
  refuse_each_allocation([] { return std::make_unique<Pair<TestType>>(); }, [](auto& pair) { pair.make(); },
                         [&](auto& pair, bool threw) {
                           CHECK(threw == !pair.trainer);
                           if (threw) pair.make();
                           pair.fit(2);
                           CHECK(contents(pair.model) == contents(twin->model));
                         });
}

TEMPLATE_TEST_CASE("out of memory: a fit ends between two epochs, and the next one goes on from there", "", Plain, Coupled) {
  const ec::Index batches = 5, epochs = 3;
  const auto twin = prepared<TestType>();
  std::vector<Eigen::VectorXf> after{contents(twin->model)};
  for (ec::Index epoch = 1; epoch <= epochs + 1; ++epoch) {
    twin->fit(1);
    after.push_back(contents(twin->model));
  }
  const long refused = refuse_each_allocation(
      prepared<TestType>, [&](auto& pair) { pair.fit(epochs); },
      [&](auto& pair, bool threw) {
        const auto done = pair.trainer->updates() / batches;
        CHECK(pair.trainer->updates() == done * batches);
        CHECK((threw || done == epochs));
        CHECK(contents(pair.model) == after[done]);
        pair.fit(1);
        CHECK(contents(pair.model) == after[done + 1]);
      });
  CHECK(refused > 10);
}

TEMPLATE_TEST_CASE("out of memory: a step and an evaluation that need more of it change nothing", "", Plain, Coupled) {
  const Eigen::MatrixXf large = samples(600), small = samples(8);
  const auto twin = prepared<TestType>();
  twin->trainer->train_on_batch(small);
  const Eigen::VectorXf before = contents(twin->model);
  const double evaluated = twin->trainer->evaluate(large, 600).loss, trained = twin->trainer->train_on_batch(large);
  const Eigen::VectorXf after = contents(twin->model);
  const auto stepped = [&] {
    auto pair = prepared<TestType>();
    pair->trainer->train_on_batch(small);
    return pair;
  };
  refuse_each_allocation(
      stepped, [&](auto& pair) { pair.trainer->train_on_batch(large); },
      [&](auto& pair, bool threw) {
        CHECK(contents(pair.model) == (threw ? before : after));
        if (threw) CHECK(pair.trainer->train_on_batch(large) == trained);
        CHECK(contents(pair.model) == after);
      });
  refuse_each_allocation(
      stepped, [&](auto& pair) { pair.trainer->evaluate(large, 600); },
      [&](auto& pair, bool) {
        CHECK(contents(pair.model) == before);
        CHECK(pair.trainer->evaluate(large, 600).loss == evaluated);
        CHECK(pair.trainer->train_on_batch(large) == trained);
        CHECK(contents(pair.model) == after);
      });
}

TEMPLATE_TEST_CASE("out of memory: a snapshot is restored, or nothing is", "", Plain, Coupled) {
  const auto twin = prepared<TestType>();
  twin->fit(2);
  const ec::Snapshot<float> snapshot = twin->trainer->snapshot();
  const auto begun = std::make_unique<Pair<TestType>>();
  refuse_each_allocation(
      prepared<TestType>, [&](auto& pair) { pair.trainer->restore(snapshot); },
      [&](auto& pair, bool threw) {
        CHECK(contents(pair.model) == contents(threw ? begun->model : twin->model));
        CHECK(pair.trainer->updates() == (threw ? 0 : 10));
      });
  refuse_each_allocation(
      prepared<TestType>, [&](auto& pair) { pair.trainer->snapshot(); }, [](auto&, bool) {});
}

TEMPLATE_TEST_CASE("out of memory: a prediction is made, or it is not", "", Plain, Coupled) {
  using Model = TestType;
  const Eigen::MatrixXf x = samples(100);
  const auto whole = std::make_unique<Model>(ec::Seed{1});
  const Eigen::MatrixXf codes = whole->encode(x), restored = whole->reconstruct(x);
  const auto make = [] { return std::make_unique<Model>(ec::Seed{1}); };
  const auto check = [&](const Model& model, bool) { CHECK(model.reconstruct(x) == restored); };
  CHECK(refuse_each_allocation(
            make, [&](const Model& model) { model.encode(x); }, check) > 0);
  CHECK(refuse_each_allocation(
            make, [&](const Model& model) { model.decode(codes); }, check) > 0);
  CHECK(refuse_each_allocation(
            make, [&](const Model& model) { model.reconstruct(x); }, check) > 0);
}

TEST_CASE("out of memory: a workspace that cannot grow serves as before") {
  const Plain model{ec::Seed{1}};
  const Eigen::MatrixXf x = samples(100), expected = model.reconstruct(x);
  const auto used = [&] {
    auto workspace = std::make_unique<Plain::Workspace>(2);
    Eigen::MatrixXf y(6, 1);
    model.reconstruct(x.col(0), y, *workspace);
    return workspace;
  };
  const Plain::Workspace wide(64);
  const auto check = [&](Plain::Workspace& workspace, bool threw) {
    CHECK(workspace.columns() == (threw ? 2 : 64));
    Eigen::MatrixXf y(6, 100);
    model.reconstruct(x, y, workspace);
    CHECK(y == expected);
  };
  CHECK(refuse_each_allocation(
            used, [](Plain::Workspace& workspace) { workspace = Plain::Workspace(64); }, check) == 1);
  CHECK(refuse_each_allocation(
            used, [&](Plain::Workspace& workspace) { workspace = wide; }, check) == 1);
}
