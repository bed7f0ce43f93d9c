// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "eigencoder/core/error.hpp"

namespace eigencoder {

namespace detail {

using Bytes = std::span<const std::byte>;

}  // namespace detail

/// Writes `bytes` to the file `path`, new or in place of the old one, whose permissions it keeps. Whatever happens, and however
/// many write it at a time, a reader finds either the old contents or all of the new: they go to a file of another name in the
/// same folder, reach the disk, and then take the name. Of a symbolic link, what it points to is written. What is neither file
/// nor folder, such as a pipe or /dev/stdout, stays what it is, and the bytes go into it. Throws FileError with the system's
/// reason if that fails; the old file is untouched then, and nothing else is left. (Only where the folder does not reach the
/// disk, which comes last, the new file is there, and may be gone after a power cut.)
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);

/// The same for text, written as it is.
void write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/files/atomic_file_impl.hpp"
#endif
