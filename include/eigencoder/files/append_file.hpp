// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "eigencoder/core/error.hpp"

namespace eigencoder {

/// A file that grows by whole pieces, such as lines or records, for a log that others read while it is written. A piece is one
/// write at the file's end, and is there when append returns. A full disk leaves whole pieces: what had room of the last is cut
/// off again. A process that is killed does too, unless it is within that write: then the last may be unfinished, and those
/// before are whole. Throws FileError with the system's reason.
class AppendFile {
 public:
  /// Opens the file, which is made if there is none.
  explicit AppendFile(std::filesystem::path path) : path_(std::move(path)) {
    errno = 0;
    file_.reset(std::fopen(path_.string().c_str(), "ab"));
    if (!file_) fail("cannot be opened");
    std::setvbuf(file_.get(), nullptr, _IONBF, 0);  // one call of fwrite is one of the system's
  }

  void append(std::string_view piece) {
    std::error_code unknown, unused;
    const std::uintmax_t size = std::filesystem::file_size(path_, unknown);
    errno = 0;
    if (std::fwrite(piece.data(), 1, piece.size(), file_.get()) == piece.size()) return;
    const int reason = errno;
    std::clearerr(file_.get());
    if (!unknown) std::filesystem::resize_file(path_, size, unused);
    errno = reason;
    fail("cannot be written");
  }

  const std::filesystem::path& path() const { return path_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  [[noreturn]] void fail(const char* what) const {
    throw FileError(message(path_.string(), ": ", what, " (", std::generic_category().message(errno), ")"));
  }

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace eigencoder
