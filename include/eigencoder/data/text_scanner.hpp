// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include "eigencoder/core/shape.hpp"
#include "eigencoder/files/gzip.hpp"

namespace eigencoder::detail {

/// Reads a text file, plain or gzip, from one of some characters to the next. Memory is that of the longest piece.
class TextScanner {
 public:
  explicit TextScanner(const std::filesystem::path& path) : file_(path), buffer_(piece, '\0') {
    refill();
    if (std::string_view(buffer_.data(), end_).starts_with("\xef\xbb\xbf")) begin_ = at_ = 3;  // the mark of UTF-8
  }

  static constexpr int end_of_file = -1;
  /// The next character, which stays there.
  int peek() { return at_ < end_ || refill() ? static_cast<unsigned char>(buffer_[at_]) : end_of_file; }

  /// Goes past the next character if it is this one.
  bool take(char character) {
    if (peek() != static_cast<unsigned char>(character)) return false;
    line_ += character == '\n';
    begin_ = ++at_;
    return true;
  }

  /// What there is up to the next of these characters, which stays, or to the end of the file. Good until the next call
  /// of take or until. A '\n' must be one of them.
  std::string_view until(std::string_view stops) {
    begin_ = at_;
    while ((at_ < end_ || refill()) && stops.find(buffer_[at_]) == std::string_view::npos) ++at_;
    return {buffer_.data() + begin_, at_ - begin_};
  }

  Index line() const { return line_; }  ///< of the next character, from 1 on

  /// Throws FileError in the name of the file.
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    file_.fail(parts...);
  }

 private:
  static constexpr std::size_t piece = std::size_t{1} << 16, longest = std::size_t{1} << 20;

  /// Reads more behind end_, and moves what is before begin_ out of the way. False at the end of the file.
  bool refill() {
    if (ended_) return false;  // a piece that ends there stays where it is
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    at_ -= begin_;
    end_ -= begin_;
    begin_ = 0;
    if (end_ > longest)
      fail("line ", line_, ": expected at most 1 MiB from one separator to the next, found more; not a text of this kind");
    if (buffer_.size() - end_ < piece / 2) buffer_.resize(buffer_.size() + piece);
    const std::size_t count = file_.read({reinterpret_cast<std::uint8_t*>(buffer_.data() + end_), buffer_.size() - end_});
    end_ += count;
    ended_ = count == 0;
    return !ended_;
  }

  GzipReader file_;
  std::string buffer_;
  std::size_t begin_ = 0, at_ = 0, end_ = 0;  ///< in the buffer: this piece, the next character, what has been read
  bool ended_ = false;
  Index line_ = 1;
};

}  // namespace eigencoder::detail
