// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>
#include <unistd.h>

#include "eigencoder/core/error.hpp"

namespace eigencoder {

/// Writes `bytes` to the file `path`, new or in place of the old one. Whatever happens, a reader finds either the old contents
/// or all of the new: they go to `path`.part first, reach the disk, and then take the name.
/// Throws FileError with the system's reason if that fails; the old file is untouched then, and the part is gone.
inline void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  std::filesystem::path part = path;
  part += ".part";
  const auto failure = [&](int reason) {
    return FileError(message(path.string(), ": cannot be written (", std::generic_category().message(reason),
                             "); check that its folder exists, may be written to and has room for ", bytes.size(), " bytes"));
  };

  std::FILE* file = std::fopen(part.c_str(), "wb");
  if (!file) throw failure(errno);

  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size() && std::fflush(file) == 0 &&
                       ::fsync(::fileno(file)) == 0;
  int reason = written ? 0 : errno;
  if (std::fclose(file) != 0 && reason == 0) reason = errno;
  if (reason == 0 && std::rename(part.c_str(), path.c_str()) != 0) reason = errno;
  if (reason != 0) {
    std::remove(part.c_str());
    throw failure(reason);
  }
}

/// The same for text, written as it is.
inline void write_file(const std::filesystem::path& path, std::string_view text) {
  write_file(path, std::as_bytes(std::span(text)));
}

}  // namespace eigencoder
