// SPDX-License-Identifier: MIT
#include "eigencoder/data/npz.hpp"

#include "memory_file.hpp"

namespace ec = eigencoder;

// Any error of the library is right, anything else is a find: read_npz of a whole archive.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const MemoryFile file(data, size);
  try {
    ec::read_npz(file.path());
  } catch (const ec::Error&) {
  }
  return 0;
}
