// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/files/append_file.hpp"

namespace eigencoder {

EIGENCODER_INLINE AppendFile::AppendFile(std::filesystem::path path) : path_(std::move(path)) {
  errno = 0;
  file_.reset(std::fopen(path_.string().c_str(), "ab"));
  if (!file_) fail("cannot be opened");
  std::setvbuf(file_.get(), nullptr, _IONBF, 0);  // one call of fwrite is one of the system's
}

EIGENCODER_INLINE void AppendFile::append(std::string_view piece) {
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

EIGENCODER_INLINE void AppendFile::fail(const char* what) const {
  throw FileError(message(path_.string(), ": ", what, " (", std::generic_category().message(errno), ")"));
}

}  // namespace eigencoder
