// SPDX-License-Identifier: MIT
#include "eigencoder/files/code_file.hpp"

#include <cstdlib>

namespace ec = eigencoder;

// Any bytes as a file of codes: an error of the library, or codes that can be written and are then read again as they are. Once
// as the bytes are, and once with the length and the checksum that they should have, which no fuzzer guesses.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto given = std::as_bytes(std::span(data, size));
  const auto run = [](std::span<const std::byte> bytes) {
    try {
      const ec::CodeFile codes = ec::decode_code_file(bytes, {.max_values = 100'000});
      if (codes.values.rows() != codes.shape.size()) std::abort();
      if (ec::decode_code_file(ec::encode_code_file(codes)).values != codes.values) std::abort();
    } catch (const ec::Error&) {
    }
  };
  run(given);
  if (size < ec::detail::code_header) return 0;
  std::vector<std::byte> bytes(given.begin(), given.begin() + 48);
  ec::detail::append_value(bytes, static_cast<std::uint64_t>(size - ec::detail::code_header));
  bytes.insert(bytes.end(), given.begin() + ec::detail::code_header, given.end());
  ec::detail::append_value(bytes, ec::checksum(bytes));
  run(bytes);
  return 0;
}
