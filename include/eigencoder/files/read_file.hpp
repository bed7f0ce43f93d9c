// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <vector>

#include "eigencoder/core/error.hpp"

namespace eigencoder {

/// All bytes of a file; of a pipe or a device those up to its end. Memory is taken for what has been read, never for what a
/// size promises. Throws FileError with the system's reason, for a folder, and for more than `most` bytes.
std::vector<std::byte> read_file(const std::filesystem::path& path,
                                        std::uintmax_t most = std::numeric_limits<std::uintmax_t>::max());

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/files/read_file_impl.hpp"
#endif
