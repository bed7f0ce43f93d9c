// SPDX-License-Identifier: MIT
// long_kill FOLDER train: goes on from FOLDER/checkpoint.safetensors if it is there, and saves one after every 50 steps, for
// ever. Says "saving N DIGEST" before and "saved N" after a save; N counts updates, DIGEST is of all that training has changed.
// long_kill FOLDER check: the same two numbers of the file that is there. long_kill FOLDER straight N: of N steps at a stretch.
// kill.py kills it.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>

#include "eigencoder/files/safetensors.hpp"
#include "eigencoder/layers/activation.hpp"
#include "eigencoder/layers/dense.hpp"
#include "eigencoder/losses/mean_squared_error.hpp"
#include "eigencoder/models/autoencoder.hpp"
#include "eigencoder/optimizers/adam.hpp"
#include "eigencoder/training/trainer.hpp"

namespace ec = eigencoder;

namespace {

using Model =
    ec::Autoencoder<ec::Encoder<ec::features(256), ec::Dense<128>, ec::ReLU>, ec::Decoder<ec::features(128), ec::Dense<256>>>;

struct Training {
  Model model{ec::Seed{1}};
  ec::Trainer<Model, ec::MeanSquaredError, ec::Adam> trainer{model, ec::MeanSquaredError{}, ec::Adam{}, {.threads = 1}};

  void step() {
    const ec::Random random(ec::Seed{5}, trainer.updates(), 0);
    const Eigen::MatrixXf x = Eigen::MatrixXf::NullaryExpr(
        256, 2, [&](ec::Index i, ec::Index j) { return static_cast<float>(random.uniform(j, i)); });
    trainer.train_on_batch(x);
  }
  void say(const char* what) const {
    const ec::Snapshot<float> now = trainer.snapshot();
    std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    for (const auto* values : {&now.parameters, &now.slots}) {
      for (const std::byte byte : std::as_bytes(std::span(*values))) {
        hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3;
      }
    }
    std::printf("%s%llu %016llx\n", what, static_cast<unsigned long long>(now.updates), static_cast<unsigned long long>(hash));
    std::fflush(stdout);
  }
};

void run(const std::filesystem::path& path, std::string_view what, const char* number) {
  Training training;
  if (what == "straight") {
    for (long i = std::strtol(number, nullptr, 10); i > 0; --i) training.step();
    training.say("");
    return;
  }
  if (what == "check" || std::filesystem::exists(path)) training.trainer.resume(path);
  if (what == "check") {
    training.say("");
    return;
  }
  for (;;) {
    for (int i = 0; i < 50; ++i) training.step();
    training.say("saving ");
    training.trainer.save(path);
    std::printf("saved %llu\n", static_cast<unsigned long long>(training.trainer.updates()));
    std::fflush(stdout);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr, "usage: %s FOLDER train|check|straight [N]\n", arguments[0]);
    return 2;
  }
  try {
    run(std::filesystem::path(arguments[1]) / "checkpoint.safetensors", arguments[2], count > 3 ? arguments[3] : "0");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
