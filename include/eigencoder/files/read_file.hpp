// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "eigencoder/core/error.hpp"

namespace eigencoder {

/// All bytes of a file; of a pipe or a device those up to its end. Memory is taken for what has been read, never for what a
/// size promises. Throws FileError with the system's reason, for a folder, and for more than `most` bytes.
inline std::vector<std::byte> read_file(const std::filesystem::path& path,
                                        std::uintmax_t most = std::numeric_limits<std::uintmax_t>::max()) {
  const auto fail = [&](const std::string& reason) {
    throw FileError(message(path.string(), ": cannot be read (", reason, ")"));
  };
  std::error_code reason;
  if (std::filesystem::is_directory(path, reason)) fail("it is a folder");
  errno = 0;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.string().c_str(), "rb"), &std::fclose);
  if (!file) fail(std::generic_category().message(errno));

  constexpr std::size_t piece = std::size_t{1} << 16;
  std::vector<std::byte> bytes;
  if (const std::uintmax_t size = std::filesystem::file_size(path, reason); !reason && size <= most) {
    bytes.reserve(static_cast<std::size_t>(size) + piece);  // of a regular file, which has that size
  }
  for (std::size_t read = piece; read == piece;) {
    const std::size_t end = bytes.size();
    bytes.resize(end + piece);
    read = std::fread(bytes.data() + end, 1, piece, file.get());
    bytes.resize(end + read);
    if (bytes.size() > most) {
      throw FileError(message(path.string(), ": expected at most ", most, " bytes, found more"));
    }
  }
  if (std::ferror(file.get())) fail(std::generic_category().message(errno));
  return bytes;
}

}  // namespace eigencoder
