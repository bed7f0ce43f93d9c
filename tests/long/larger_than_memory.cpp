// SPDX-License-Identifier: MIT
// long_larger_than_memory FILE: trains on a file of 784 × n bytes without a header for an epoch, and validates on the same file.
// Prints the losses. larger_than_memory.py limits the memory.
#include <cstdio>
#include <cstdlib>

#include "eigencoder/data/samples_on_disk.hpp"
#include "eigencoder/layers/activation.hpp"
#include "eigencoder/layers/dense.hpp"
#include "eigencoder/losses/mean_squared_error.hpp"
#include "eigencoder/models/autoencoder.hpp"
#include "eigencoder/optimizers/adam.hpp"
#include "eigencoder/training/trainer.hpp"

namespace ec = eigencoder;

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: %s FILE\n", arguments[0]);
    return 2;
  }
  try {
    using Encoder = ec::Encoder<ec::features(784), ec::Dense<4>>;
    ec::Autoencoder<Encoder, ec::Decoder<Encoder::output, ec::Dense<784>, ec::Sigmoid>> model{ec::Seed{1}};
    ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = 0.002}, {.threads = 1}};
    const ec::Samples<float> samples = ec::samples_on_disk(arguments[1], {.rows = 784, .type = ec::NpyType::uint8});
    const auto history = trainer.fit(samples, {.batch_size = 1024,
                                               .validation = samples.columns(samples.cols() / 2, samples.cols() / 100),
                                               .progress = ec::Progress::quiet});
    std::printf("samples %td\ntrain_loss %.6g\nvalidation_loss %.6g\n", samples.cols(),
                history.last().train.loss, history.last().validation.loss);
    return 0;
  } catch (const std::exception& error) {
    std::printf("error: %s\n", error.what());
    return 1;
  }
}
