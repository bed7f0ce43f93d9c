// SPDX-License-Identifier: MIT
// Any bytes as a checkpoint: refused by an error that leaves the trainer as it was, or taken, and then it trains and saves.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "eigencoder/files/safetensors.hpp"
#include "eigencoder/layers/dense.hpp"
#include "eigencoder/losses/mean_squared_error.hpp"
#include "eigencoder/models/model.hpp"
#include "eigencoder/optimizers/sgd.hpp"
#include "eigencoder/training/trainer.hpp"

namespace ec = eigencoder;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// A file in memory, with a name.
class MemoryFile {
 public:
  MemoryFile() : file_(memfd_create("checkpoint", 0)), path_("/proc/self/fd/" + std::to_string(file_)) { require(file_ >= 0); }
  void write(const unsigned char* data, std::size_t size) {
    require(ftruncate(file_, 0) == 0 && pwrite(file_, data, size, 0) == static_cast<ssize_t>(size));
  }
  const std::string& path() const { return path_; }

 private:
  int file_;
  std::string path_;
};

using Model = ec::Network<ec::Sequential<ec::features(1), ec::Dense<1, ec::Bias::none>>>;
using Trainer = ec::Trainer<Model, ec::MeanSquaredError, ec::SGD>;

bool equal(const ec::Snapshot<float>& a, const ec::Snapshot<float>& b) {
  const auto same = [](const auto& x, const auto& y) {
    const auto one = std::as_bytes(std::span(x)), other = std::as_bytes(std::span(y));
    return std::equal(one.begin(), one.end(), other.begin(), other.end());
  };
  return same(a.parameters, b.parameters) && same(a.state, b.state) && same(a.slots, b.slots) && a.updates == b.updates &&
         a.step == b.step && a.shuffles == b.shuffles && a.epochs == b.epochs;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static MemoryFile given;
  static const std::filesystem::path written =
      std::filesystem::temp_directory_path() / ("eigencoder-fuzz-" + std::to_string(getpid()) + ".safetensors");
  given.write(data, size);
  Model model{ec::Seed{1}};
  Trainer trainer{model, ec::MeanSquaredError{}, ec::SGD{.momentum = 0.5}, {.threads = 1}};
  Eigen::MatrixXf x(1, 2);
  x << 1, 2;
  const ec::Snapshot<float> before = trainer.snapshot();
  try {
    trainer.resume(given.path());
  } catch (const ec::FileError&) {
    require(equal(trainer.snapshot(), before) && trainer.learning_rate() == 1e-2);
    require(trainer.rates().front().second == 1 && !trainer.clip().by_norm());
    return 0;
  }
  try {
    trainer.train_on_batch(x);
  } catch (const ec::NonFiniteError&) {
  }
  trainer.save(written);
  Trainer other{model, ec::MeanSquaredError{}, ec::SGD{.momentum = 0.5}, {.threads = 1}};
  const ec::Snapshot<float> now = trainer.snapshot();
  other.resume(written);
  std::filesystem::remove(written);
  require(equal(other.snapshot(), now));
  return 0;
}
