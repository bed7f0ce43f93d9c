// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "eigencoder/core/error.hpp"

namespace eigencoder {

/// A file that grows by whole pieces, such as lines or records, for a log that others read while it is written. A piece is one
/// write at the file's end, and is there when append returns. A full disk leaves whole pieces: what had room of the last is cut
/// off again. A process that is killed does too, unless it is within that write: then the last may be unfinished, and those
/// before are whole. Throws FileError with the system's reason.
class AppendFile {
 public:
  /// Opens the file, which is made if there is none.
  explicit AppendFile(std::filesystem::path path);

  void append(std::string_view piece);

  const std::filesystem::path& path() const { return path_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  [[noreturn]] void fail(const char* what) const;

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/files/append_file_impl.hpp"
#endif
