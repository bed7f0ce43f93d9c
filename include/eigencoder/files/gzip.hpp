// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include <zlib.h>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"

namespace eigencoder::detail {

/// "1f 8b"
inline std::string hexadecimal(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    char digits[4];
    std::snprintf(digits, sizeof digits, " %02x", byte);
    text += text.empty() ? digits + 1 : digits;
  }
  return text;
}

/// Reads a file from front to back, unpacking gzip. Offsets count unpacked bytes.
class GzipReader {
 public:
  explicit GzipReader(std::filesystem::path path) : path_(std::move(path)) {
    if (std::error_code unused; std::filesystem::is_directory(path_, unused))
      fail("expected a file, found a folder; name a file inside it");
    file_.reset(gzopen(path_.string().c_str(), "rb"));
    if (!file_ && errno == ENOMEM) throw std::bad_alloc();
    if (!file_) fail("cannot be opened (", std::generic_category().message(errno), "); check the path");

    // zlib treats all that is not gzip as plain data, such as a web page saved under the name of the file.
    if (path_.extension() == ".gz" && gzdirect(file_.get())) {
      std::array<std::uint8_t, 2> found;
      const std::size_t count = read(found);
      fail("expected gzip data, which begin with 1f 8b at byte 0, found ",
           count == 0 ? "an empty file" : hexadecimal(std::span(found).first(count)),
           "; download it again, or take .gz off its name if it is not packed");
    }
  }

  /// Fills `out` and returns how much of it could be filled: less than all only at the end of a sound file.
  std::size_t read(std::span<std::uint8_t> out) {
    const int count = gzread(file_.get(), out.data(), static_cast<unsigned>(out.size()));
    const int system_error = errno;
    offset_ += std::max(count, 0);
    if (count < std::ssize(out)) {
      int code = Z_OK;
      gzerror(file_.get(), &code);
      if (code == Z_MEM_ERROR) throw std::bad_alloc();
      if (code == Z_ERRNO)
        fail("cannot be read after byte ", offset_, " (", std::generic_category().message(system_error), ")");
      if (code != Z_OK)
        fail("expected sound gzip data, found ", code == Z_BUF_ERROR ? "that they stop" : "damage", " after byte ", offset_,
             " of what they unpack to; download it again");
    }
    return static_cast<std::size_t>(count);
  }

  Index offset() const { return offset_; }

  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    throw FileError(message(path_.string(), ": ", parts...));
  }

 private:
  struct Close {
    void operator()(gzFile file) const { gzclose(file); }
  };

  std::filesystem::path path_;
  std::unique_ptr<gzFile_s, Close> file_;
  Index offset_ = 0;
};

}  // namespace eigencoder::detail
