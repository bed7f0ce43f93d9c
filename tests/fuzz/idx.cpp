// SPDX-License-Identifier: MIT
#include "eigencoder/data/idx.hpp"

#include <cstdlib>

#include "memory_file.hpp"

namespace ec = eigencoder;

// Any error of the library is right, anything else is a find: read_idx and the matrix of what it has read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const MemoryFile file(data, size);
  try {
    const ec::Idx idx = ec::read_idx(file.path());
    if (idx.matrix<double>().cols() != idx.dimensions.front()) std::abort();
  } catch (const ec::Error&) {
  }
  return 0;
}
