// SPDX-License-Identifier: MIT
#include "eigencoder/data/npy.hpp"

#include <cstdlib>
#include <vector>

#include "eigencoder/data/samples_on_disk.hpp"
#include "memory_file.hpp"

namespace ec = eigencoder;

// Any error of the library is right, anything else is a find: read_npy, matrices of what it has read, the set, and samples that
// are read in place.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const MemoryFile file(data, size);
  const auto attempt = [](const auto& work) {
    try {
      work();
    } catch (const ec::Error&) {
    }
  };
  attempt([&] {
    const ec::NpyArray array = ec::read_npy(file.path());
    attempt([&] {
      if (array.matrix<double>().cols() != array.dimensions.front()) std::abort();
    });
    attempt([&] { array.matrix<int>(); });
  });
  attempt([&] {
    const auto set = ec::load_npy(file.path(), {.channels_first = size % 2 == 0});
    if (set.samples.rows() != set.shape.size() || set.size() == 0) std::abort();
  });
  attempt([&] {
    const auto samples = ec::samples_on_disk(file.path());
    std::vector<float> values(static_cast<std::size_t>(samples->rows() * samples->cols()));
    if (values.empty() || samples->block() < 1) std::abort();
    samples->read_columns(0, samples->cols(), values.data());
    samples->read(samples->cols() - 1, samples->rows() - 1, 1, values.data());
  });
  return 0;
}
