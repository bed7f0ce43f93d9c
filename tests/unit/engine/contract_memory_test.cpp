// SPDX-License-Identifier: MIT
#include "contract.hpp"

namespace ec = eigencoder;
using namespace contract;

TEST_CASE("contract: a recurrence that reads its own output, before and after layers that would like to write in place") {
  // Before a final sigmoid it leaves the loss on logits.
  using E = ec::Encoder<ec::sequence(4, 2), Recurrence, ec::Sigmoid, ec::Dense<8>, Recurrence>;
  using D = ec::Decoder<ec::features(8), ec::Sigmoid, ec::Dense<8>, Recurrence, ec::Sigmoid>;
  check_types<E, D>(ec::BinaryCrossEntropy{});
}

TEST_CASE("contract: penalties on the code, coupled and through the weights") {
  using E = ec::Encoder<ec::image(3, 3), ec::Dense<4>, ec::Sigmoid>;
  using D = ec::Decoder<E::output, ec::Dense<9>, ec::Sigmoid>;
  check_types<E, D>(ec::BinaryCrossEntropy{} + 0.3 * MeanActivation{} + 0.5 * Jacobian{});
  using Linear = ec::Encoder<ec::image(3, 3), ec::Dense<4>>;
  check_types<Linear, D>(ec::BinaryCrossEntropy{} + 0.5 * Jacobian{});
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
