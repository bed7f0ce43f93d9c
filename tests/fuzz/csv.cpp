// SPDX-License-Identifier: MIT
#include "eigencoder/data/csv.hpp"

#include <cstdlib>

#include "memory_file.hpp"

namespace ec = eigencoder;

// Any error of the library is right, anything else is a find: load_csv, whose options are in the first byte.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned bits = data[0];
  ec::CsvOptions options;
  if (bits & 1) options.delimiter = ';';
  if (bits & 2) options.decimal = ',';
  if (bits & 4) options.label = -1;
  if (bits & 8) options.columns = {"a", 1};
  if (bits & 16) options.missing = ec::CsvMissing::nan;
  options.header = static_cast<ec::CsvHeader>((bits >> 5) % 3);
  const MemoryFile file(data + 1, size - 1);
  try {
    const auto set = ec::load_csv(file.path(), options);
    if (set.size() == 0 || set.samples.rows() != set.shape.size()) std::abort();
    if (options.label && set.labels.size() != set.size()) std::abort();
  } catch (const ec::Error&) {
  }
  return 0;
}
