// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "eigencoder/core/shape.hpp"

#if !defined(__unix__) && !defined(__APPLE__)
#include <fstream>
#include <mutex>
#endif

namespace eigencoder {

/// A file of which any piece can be read, by several threads at once.
///
/// It is read by pread and not mapped into memory. A map of a file that becomes shorter ends the process with SIGBUS where it
/// is read past the new end; pread returns how much there is. Mapped addresses count as memory of the process where that is
/// limited (ulimit -v). And both read the same pages of the system's cache: pread adds a system call and a copy of what is in
/// the cache. Systems without pread have a stream and a lock instead: there threads read one after the other.
class RandomAccessFile {
 public:
  /// Throws FileError, with the system's reason, where there is no regular file that can be read.
  explicit RandomAccessFile(std::filesystem::path path);
  RandomAccessFile(const RandomAccessFile&) = delete;
  RandomAccessFile& operator=(const RandomAccessFile&) = delete;
  ~RandomAccessFile();

  const std::filesystem::path& path() const { return path_; }
  /// Bytes, when it was opened.
  Index size() const { return size_; }

  /// Fills `to` with the bytes from `offset` on and returns how many there were: less than all only at the file's end.
  /// Allocates nothing. Throws FileError with the system's reason.
  Index read(Index offset, std::span<std::byte> to) const;

  /// A hint that these bytes will be read soon: the system fetches them meanwhile, where it can (posix_fadvise).
  void will_need(Index offset, Index bytes) const noexcept;

 private:
  std::filesystem::path path_;
  Index size_ = 0;
#if defined(__unix__) || defined(__APPLE__)
  int file_ = -1;
#else
  mutable std::ifstream file_;
  mutable std::mutex reading_;
#endif
};

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/files/random_access_file_impl.hpp"
#endif
