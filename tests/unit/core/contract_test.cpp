// SPDX-License-Identifier: MIT
#include "support/contract_layers.hpp"

#include <eigencoder/testing/gradient_check.hpp>

#include "support/catch.hpp"

// Every clause of the layer contract inside whole models: gradients against finite differences, and the result of a step whatever
// the number of threads and shards.
namespace ec = eigencoder;
using namespace contract;

namespace {

template <class Model, class Part>
void check(Model model, Part part) {
  const ec::Random random(ec::Seed{5}, 0, 0);
  constexpr ec::Index batch = 37;  // prime, and several shards of any cut
  const Eigen::MatrixXd x = Eigen::MatrixXd::NullaryExpr(Model::input.size(), batch, [&](ec::Index i, ec::Index j) { return random.uniform(j, i); });
  const Eigen::MatrixXd target =
      Eigen::MatrixXd::NullaryExpr(Model::output.size(), batch, [&](ec::Index i, ec::Index j) { return random.uniform(j + batch, i); });
  model.parameters() += 0.1 * Eigen::VectorXd::NullaryExpr(Model::parameter_count, [&](ec::Index i) { return random.normal(-1, i); });

  const ec::GradientReport report = ec::check_model_gradient(model, part, x.leftCols(7), target.leftCols(7), {.seed = ec::Seed{9}});
  INFO(report.text());
  CHECK(report.checked >= Model::parameter_count);
  CHECK(report.error < 1e-6);

  const auto objective = ec::as_objective(part);
  using Stepper = ec::Stepper<Model, std::decay_t<decltype(objective)>, ec::Adam>;
  Eigen::VectorXd one(Model::parameter_count), other(Model::parameter_count);
  std::vector<double> values;
  for (const std::size_t threads : {1, 2, 3}) {
    Stepper stepper(threads, ec::Seed{9});
    stepper.reserve_training(batch);
    const auto terms = stepper.differentiate(model, objective, {x, target, nullptr, batch}, 1, other.data());
    if (threads == 1) {
      one = other;
      values.assign(terms.begin(), terms.end());
    }
    INFO(threads << " threads");
    CHECK((one - other).cwiseAbs().maxCoeff() < 1e-12 * (1 + one.cwiseAbs().maxCoeff()));
    for (std::size_t k = 0; k < values.size(); ++k) CHECK(terms[k] == Approx(values[k]).epsilon(1e-12));
  }
}

template <class E, class D, class Part>
void check_types(Part part) {
  check(ec::Autoencoder<E, D, double>{ec::Seed{3}}, part);
}

}  // namespace

TEST_CASE("contract: dense layers with an epilogue, loss on logits") {
  using E = ec::Encoder<ec::image(3, 3), ec::Dense<4>, ec::Tanh>;
  using D = ec::Decoder<E::output, ec::Dense<9>, ec::Sigmoid>;
  check_types<E, D>(ec::BinaryCrossEntropy{});
  check_types<E, D>(0.5 * ec::MeanSquaredError{} + 2.0 * ec::BinaryCrossEntropy{});
}

TEST_CASE("contract: sums over the batch, forward and backward, and state") {
  using E = ec::Encoder<ec::image(3, 3), ec::Dense<5>, Standardise, ec::Tanh>;
  using D = ec::Decoder<E::output, ec::Dense<6>, Standardise, ec::Dense<9>>;
  check_types<E, D>(ec::MeanSquaredError{});
}

TEST_CASE("contract: a coupled layer first, where nothing before it is trained") {
  using E = ec::Encoder<ec::features(4), Standardise, ec::Dense<2>>;
  using D = ec::Decoder<E::output, ec::Dense<4>>;
  check_types<E, D>(ec::MeanSquaredError{});
}

TEST_CASE("contract: a layer that borrows a cache") {
  using E = ec::Encoder<ec::features(6), ec::Dense<8>, PairMax>;
  using D = ec::Decoder<E::output, ec::Dense<4>, ec::Tanh, PairUnmax<1>, ec::Dense<6>>;
  check_types<E, D>(ec::MeanSquaredError{});
}

TEST_CASE("contract: layers that borrow parameters") {
  using E = ec::Encoder<ec::image(3, 3), ec::Dense<5>, ec::Sigmoid, ec::Dense<3>, ec::Sigmoid>;
  using D = ec::Decoder<E::output, TiedDense<5, 2>, ec::Sigmoid, TiedDense<9, 0>, ec::Sigmoid>;
  static_assert(ec::Autoencoder<E, D>::parameter_count == 9 * 5 + 5 + 5 * 3 + 3 + 5 + 9);
  check_types<E, D>(ec::BinaryCrossEntropy{});
}

TEST_CASE("contract: random layers, first and in the middle") {
  auto e = ec::encoder<ec::image(3, 3)>(Flicker{{}, 0.5}, ec::Dense<5>{}, ec::Sigmoid{}, Flicker{});
  auto d = ec::decoder<ec::features(5)>(ec::Dense<9>{});
  static_assert(std::is_same_v<decltype(e), ec::Encoder<ec::image(3, 3), Flicker, ec::Dense<5>, ec::Sigmoid, Flicker>>);
  check(ec::Autoencoder<decltype(e), decltype(d), double>{e, d, ec::Seed{3}}, ec::MeanSquaredError{});
}

TEST_CASE("contract: packed parameters and scratch") {
  using E = ec::Encoder<ec::features(5), PackedScale, ec::Dense<3>, PackedScale, ec::Tanh>;
  using D = ec::Decoder<E::output, ec::Dense<5>, PackedScale>;
  check_types<E, D>(ec::MeanSquaredError{});
}

TEST_CASE("contract: a recurrence that reads its own output, before and after layers that would like to write in place") {
  using E = ec::Encoder<ec::sequence(4, 2), Recurrence, ec::Sigmoid, ec::Dense<8>, Recurrence>;
  using D = ec::Decoder<ec::features(8), ec::Sigmoid, ec::Dense<8>>;
  check_types<E, D>(ec::MeanSquaredError{});
}

TEST_CASE("contract: a recurrence before a final sigmoid keeps the loss on logits") {
  using E = ec::Encoder<ec::features(6), ec::Dense<3>>;
  using D = ec::Decoder<E::output, ec::Dense<6>, Recurrence, ec::Sigmoid>;
  check_types<E, D>(ec::BinaryCrossEntropy{});
}

TEST_CASE("contract: penalties on the code, coupled and through the weights") {
  using E = ec::Encoder<ec::image(3, 3), ec::Dense<4>, ec::Sigmoid>;
  using D = ec::Decoder<E::output, ec::Dense<9>, ec::Sigmoid>;
  check_types<E, D>(ec::BinaryCrossEntropy{} + 0.3 * MeanActivation{} + 0.5 * Jacobian{});
  using Linear = ec::Encoder<ec::image(3, 3), ec::Dense<4>>;
  check_types<Linear, D>(ec::BinaryCrossEntropy{} + 0.5 * Jacobian{});
  using Normal = ec::Encoder<ec::image(3, 3), ec::Dense<4>, Standardise, ec::Sigmoid>;
  check_types<Normal, D>(ec::BinaryCrossEntropy{} + 0.3 * MeanActivation{0.1});
}

TEST_CASE("contract: a latent penalty on the input of a sampler") {
  using E = ec::Encoder<ec::image(3, 3), ec::Dense<6>, ec::SiLU, ec::Dense<4>, Draw>;
  using D = ec::Decoder<E::output, ec::Dense<6>, ec::GELU, ec::Dense<9>, ec::Sigmoid>;
  check_types<E, D>(ec::BinaryCrossEntropy{ec::Reduction::sum} + 0.7 * LatentKL{});
}

TEST_CASE("contract: a penalty with nothing trainable before it is reported") {
  using E = ec::Encoder<ec::features(4), ec::Sigmoid>;
  using D = ec::Decoder<E::output, ec::Dense<4>>;
  ec::Autoencoder<E, D, double> model;
  const Eigen::MatrixXd x = Eigen::MatrixXd::Constant(4, 3, 0.0);
  ec::Trainer trainer{model, ec::MeanSquaredError{} + 0.25 * MeanActivation{.target = 0.2}, ec::SGD{}, {.threads = 1}};
  trainer.train_on_batch(x);
  CHECK(trainer.evaluate(x).terms[1] == Approx(4 * 0.3 * 0.3));  // the code is ½ everywhere
}
