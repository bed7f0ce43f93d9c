// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/core/error.hpp"
#include "eigencoder/files/random_access_file.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <unistd.h>
#endif

namespace eigencoder {

namespace detail {

[[noreturn]] inline void cannot_be_read(const std::filesystem::path& path, const std::string& reason) {
  throw FileError(message(path.string(), ": cannot be read (", reason, ")"));
}

/// Of a regular file; anything else, such as a pipe, which has no places to read from, is refused.
inline Index regular_file_size(const std::filesystem::path& path) {
  std::error_code reason;
  const auto found = std::filesystem::status(path, reason);
  if (std::filesystem::is_directory(found)) cannot_be_read(path, "it is a folder");
  if (std::filesystem::exists(found) && !std::filesystem::is_regular_file(found)) cannot_be_read(path, "it is no regular file");
  const auto size = std::filesystem::file_size(path, reason);
  if (reason) cannot_be_read(path, reason.message());
  return static_cast<Index>(size);
}

}  // namespace detail

#if defined(__unix__) || defined(__APPLE__)

EIGENCODER_INLINE RandomAccessFile::RandomAccessFile(std::filesystem::path path)
    : path_(std::move(path)), size_(detail::regular_file_size(path_)), file_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (file_ < 0) detail::cannot_be_read(path_, std::generic_category().message(errno));
}

EIGENCODER_INLINE RandomAccessFile::~RandomAccessFile() { ::close(file_); }

EIGENCODER_INLINE Index RandomAccessFile::read(Index offset, std::span<std::byte> to) const {
  constexpr std::size_t most = std::size_t{1} << 30;  // macOS refuses more than 2 GiB in one call
  Index total = 0;
  while (!to.empty()) {
    const auto count = ::pread(file_, to.data(), std::min(to.size(), most), static_cast<off_t>(offset + total));
    if (count < 0 && errno != EINTR) detail::cannot_be_read(path_, std::generic_category().message(errno));
    if (count == 0) break;
    if (count > 0) {
      total += static_cast<Index>(count);
      to = to.subspan(static_cast<std::size_t>(count));
    }
  }
  return total;
}

EIGENCODER_INLINE void RandomAccessFile::will_need([[maybe_unused]] Index offset, [[maybe_unused]] Index bytes) const noexcept {
#ifdef POSIX_FADV_WILLNEED
  // A refusal is no error: the bytes are then fetched when they are read.
  static_cast<void>(::posix_fadvise(file_, static_cast<off_t>(offset), static_cast<off_t>(bytes), POSIX_FADV_WILLNEED));
#endif
}

#else

EIGENCODER_INLINE RandomAccessFile::RandomAccessFile(std::filesystem::path path)
    : path_(std::move(path)), size_(detail::regular_file_size(path_)) {
  errno = 0;
  file_.open(path_, std::ios::binary);
  if (!file_) detail::cannot_be_read(path_, std::generic_category().message(errno));
}

EIGENCODER_INLINE RandomAccessFile::~RandomAccessFile() = default;

EIGENCODER_INLINE Index RandomAccessFile::read(Index offset, std::span<std::byte> to) const {
  const std::lock_guard lock(reading_);
  errno = 0;
  file_.clear();  // the end of the file, if an earlier read met it
  file_.seekg(static_cast<std::streamoff>(offset));
  file_.read(reinterpret_cast<char*>(to.data()), static_cast<std::streamsize>(to.size()));
  if (file_.bad()) detail::cannot_be_read(path_, std::generic_category().message(errno));
  return static_cast<Index>(file_.gcount());
}

EIGENCODER_INLINE void RandomAccessFile::will_need(Index, Index) const noexcept {}

#endif

}  // namespace eigencoder
