// SPDX-License-Identifier: MIT
// Any bytes as a safetensors file: refused by an error, or taken, and then what it holds can be written and is read again.
#include "eigencoder/files/safetensors.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>

namespace ec = eigencoder;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const ec::SafetensorsFile& file, std::size_t size) {
  std::size_t sum = 0;
  std::size_t touched = 0;
  for (const ec::TensorView& tensor : file.tensors()) {
    require(!tensor.name.empty() && file.find(tensor.name) == &tensor);
    sum += tensor.bytes.size();
    for (const std::byte byte : tensor.bytes) touched += std::to_integer<std::size_t>(byte);  // all of it is there
  }
  require(sum <= size && touched <= 255 * size);

  const ec::SafetensorsFile again = ec::parse_safetensors(ec::encode_safetensors(file.tensors(), file.metadata()));
  require(again.metadata() == file.metadata());
  require(std::equal(file.tensors().begin(), file.tensors().end(), again.tensors().begin(), again.tensors().end(),
                     [](const ec::TensorView& a, const ec::TensorView& b) {
                       return a.name == b.name && a.dtype == b.dtype && a.shape == b.shape &&
                              std::equal(a.bytes.begin(), a.bytes.end(), b.bytes.begin(), b.bytes.end());
                     }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    check(ec::parse_safetensors({bytes.begin(), bytes.end()}, "fuzz"), size);
  } catch (const ec::FileError&) {
  }
  return 0;
}
