// SPDX-License-Identifier: MIT
// kernels_portable: trains a small network on two threads and prints at which level kernels ran, and the last loss. Ends with
// status 3 and the message where the environment asks for a level that does not exist.
#include <cstdio>

#include "eigencoder/layers/activation.hpp"
#include "eigencoder/layers/dense.hpp"
#include "eigencoder/losses/mean_squared_error.hpp"
#include "eigencoder/models/autoencoder.hpp"
#include "eigencoder/models/summary.hpp"
#include "eigencoder/optimizers/adam.hpp"
#include "eigencoder/training/trainer.hpp"

namespace ec = eigencoder;

namespace {

using Encoder = ec::Encoder<ec::features(300), ec::Dense<100>, ec::Tanh>;
using Model = ec::Autoencoder<Encoder, ec::Decoder<Encoder::output, ec::Dense<300>>>;

double train() {
  Model model{ec::Seed{1}};
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}, {.threads = 2}};
  const Eigen::MatrixXf x = Eigen::MatrixXf::Constant(300, 256, 0.5F);
  double loss = 0;
  for (int i = 0; i < 3; ++i) loss = trainer.train_on_batch(x);
  const std::string text = ec::summary(model);
  std::fputs(text.substr(text.rfind("Kernels: ")).c_str(), stdout);
  return loss;
}

}  // namespace

int main() {
  try {
    std::printf("loss %g\n", train());
  } catch (const ec::OptionError& error) {
    std::puts(error.what());
    return 3;
  }
  return 0;
}
