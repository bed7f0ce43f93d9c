// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/contract_layers.hpp"

namespace ec = eigencoder;
using ec::Mode;

namespace {

/// y = x + a number that tells the mode of the pass. A layer that does not draw is never asked for an evaluation.
template <bool Samples>
struct TellsMode : contract::NoParameters {
  static constexpr ec::Needs needs(ec::Shape) { return {.samples = Samples}; }

  static constexpr double number(Mode mode) {
    const double told = mode == Mode::predict ? 1 : mode == Mode::evaluate ? 2 : 4;
    return Samples ? 10 * told : told;
  }
  template <class S, Mode M>
  void forward(ec::Forward<S, M> pass) const {
    static_assert(Samples || M != Mode::evaluate);
    pass.y = pass.x.array() + number(M);
  }
  template <class S, bool InputGradient>
  void backward(ec::Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) pass.dx = pass.dy;
  }
};

/// Adds 100 in training; predictions and evaluations are to pass its input through.
struct TrainingOnly : contract::NoParameters {
  static constexpr ec::Needs needs(ec::Shape) { return {.training_only = true}; }
  template <class S, Mode M>
  void forward(ec::Forward<S, M> pass) const {
    static_assert(M != Mode::evaluate);
    pass.y = pass.x.array() + (M == Mode::train ? 100 : 1000);
  }
  template <class S, bool InputGradient>
  void backward(ec::Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) pass.dx = pass.dy;
  }
};

}  // namespace

TEST_CASE("mode: evaluations are evaluations to layers that draw, and predictions to all others") {
  ec::Network<ec::Sequential<ec::features(3), ec::Dense<1>, TellsMode<false>, TellsMode<true>, TrainingOnly>, double> model;
  model.set_parameters(0 * model.parameters());
  const Eigen::MatrixXd x = Eigen::MatrixXd::Ones(3, 5), zero = Eigen::MatrixXd::Zero(1, 5);
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::SGD{}, {.threads = 1}};
  CHECK((model.predict(x).array() == 1 + 10).all());
  auto workspace = model.workspace(2);
  Eigen::MatrixXd y(1, 5);
  model.predict(x, y, workspace);
  CHECK((y.array() == 1 + 10).all());
  CHECK(trainer.evaluate(x, zero).loss == (1 + 20) * (1 + 20));
  CHECK(trainer.train_on_batch(x, zero) == (4 + 40 + 100) * (4 + 40 + 100));
}

TEST_CASE("mode: a layer that draws does so in training and in evaluations, the same in each evaluation, not in predictions") {
  ec::Network<ec::Sequential<ec::features(2), ec::Dense<2>, contract::Draw>, double> model;
  model.set_parameters(0 * model.parameters());
  model.parameter("layer.0.bias") << 3, 0;  // mean 3, variance 1
  const Eigen::MatrixXd x = Eigen::MatrixXd::Zero(2, 50), zero = Eigen::MatrixXd::Zero(1, 50);
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::SGD{.learning_rate = 1e-30}, {.threads = 1}};
  CHECK((model.predict(x).array() == 3).all());
  const double evaluated = trainer.evaluate(x, zero).loss, trained = trainer.train_on_batch(x, zero);
  CHECK(std::abs(evaluated - 10) < 5);  // (3 + ε)², whose deviation is √38, averaged over 50
  CHECK(std::abs(trained - 10) < 5);
  CHECK(evaluated != trained);
  CHECK(trainer.evaluate(x, zero).loss == evaluated);
  CHECK(trainer.train_on_batch(x, zero) != trained);
}

TEST_CASE("mode: which of the library's layers draw in evaluations") {
  constexpr ec::Shape in = ec::features(6);
  static_assert(ec::GaussianSample::needs(in).samples);
  // Noise is for training. A quantiser is no distribution, and only training counts what it chooses.
  static_assert(!ec::Dropout::needs(in).samples && !ec::GaussianNoise::needs(in).samples);
  using Quantizer = ec::VectorQuantizer<4>;
  static_assert(Quantizer::needs(in).quantises && !Quantizer::needs(in).samples && Quantizer::needs(in).tallies > 0);
  using Tallies = decltype(ec::Forward<ec::Stage<Quantizer, in, float>, Mode::predict>::tallies);
  static_assert(std::is_same_v<Tallies, ec::Absent<ec::asked_for::tallies>>);
}
