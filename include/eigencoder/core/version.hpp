// SPDX-License-Identifier: MIT
#pragma once

#define EIGENCODER_VERSION_MAJOR 0
#define EIGENCODER_VERSION_MINOR 1
#define EIGENCODER_VERSION_PATCH 0

namespace eigencoder {

struct Version {
  int major, minor, patch;
};

/// The version of these headers; the CMake package takes its own from the same three numbers.
inline constexpr Version version{EIGENCODER_VERSION_MAJOR, EIGENCODER_VERSION_MINOR, EIGENCODER_VERSION_PATCH};

}  // namespace eigencoder
