// SPDX-License-Identifier: MIT
// long_full_disk FILE: saves two checkpoints of a trainer, the second after a further step, into FILE, or only the second, if
// FILE is there. Says "saved" or "refused: …" for the second. full_disk.py takes the room away.
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>

#include "eigencoder/files/safetensors.hpp"
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
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files is to be an error, not the end
  try {
    using Model = ec::Autoencoder<ec::Encoder<ec::features(256), ec::Dense<128>, ec::ReLU>,
                                  ec::Decoder<ec::features(128), ec::Dense<256>>>;
    Model model{ec::Seed{1}};
    ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}, {.threads = 1}};
    const Eigen::MatrixXf x = Eigen::MatrixXf::Constant(256, 4, 0.5F);
    trainer.train_on_batch(x);
    if (!std::filesystem::exists(arguments[1])) trainer.save(arguments[1]);
    trainer.train_on_batch(x);
    try {
      trainer.save(arguments[1]);
      std::printf("saved\n");
    } catch (const ec::FileError& error) {
      std::printf("refused: %s\n", error.what());
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
