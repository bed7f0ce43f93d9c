// SPDX-License-Identifier: MIT
#include "eigencoder/data/time_series.hpp"

#include <cstdlib>
#include <string>
#include <vector>

#include "memory_file.hpp"

namespace ec = eigencoder;

// Any error of the library is right, anything else is a find: read_ts, or read_ucr with classes or without, as the first byte
// says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const MemoryFile file(data + 1, size - 1);
  try {
    const std::vector<std::string> classes = data[0] % 3 == 1 ? std::vector<std::string>{"1", "2"} : std::vector<std::string>{};
    const auto set = data[0] % 3 == 0 ? ec::read_ts(file.path()) : ec::read_ucr(file.path(), classes);
    if (set.size() == 0 || set.samples.rows() != set.shape().size() || !set.samples.allFinite()) std::abort();
    if (std::ssize(set.lengths) != set.size()) std::abort();
    for (ec::Index j = 0; j < set.size(); ++j) {
      const ec::Index length = set.lengths[static_cast<std::size_t>(j)];
      if (length < 1 || length > set.steps) std::abort();
      if (!set.samples.col(j).tail((set.steps - length) * set.channels).isZero(0)) std::abort();
    }
    if (set.labels.size() != (set.classes.empty() ? 0 : set.size())) std::abort();
    if (set.labels.size() > 0 && (set.labels.minCoeff() < 0 || set.labels.maxCoeff() >= std::ssize(set.classes))) std::abort();
  } catch (const ec::Error&) {
  }
  return 0;
}
