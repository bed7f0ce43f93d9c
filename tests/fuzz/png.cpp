// SPDX-License-Identifier: MIT
#include "eigencoder/files/png.hpp"

#include <cstdlib>

namespace ec = eigencoder;

// Any error of the library is right, anything else is a find: decode_png, within a million pixels.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const ec::Image image = ec::decode_png(std::as_bytes(std::span(data, size)), {.max_pixels = 1'000'000});
    if (std::ssize(image.pixels) != image.height * image.width * image.channels) std::abort();
  } catch (const ec::Error&) {
  }
  return 0;
}
