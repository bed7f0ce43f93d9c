// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"
#include "eigencoder/files/gzip.hpp"

namespace eigencoder::detail {

/// Reads a CSV file (RFC 4180), plain or gzip, field by field. Memory is that of the longest field.
class CsvScanner {
 public:
  CsvScanner(const std::filesystem::path& path, char delimiter) : file_(path), delimiter_(delimiter), buffer_(piece, '\0') {
    refill();
    const std::string_view start(buffer_.data(), end_);
    if (start.starts_with("\xff\xfe") || start.starts_with("\xfe\xff"))
      file_.fail("expected UTF-8, found UTF-16; save it as UTF-8");
    if (start.starts_with("\xef\xbb\xbf")) at_ = 3;
  }

  /// Goes to the next field, of this record or of the next one. False at the end of the file.
  bool next() {
    if (record_ended_) {
      if (at_ == end_ && !refill()) return false;
      line_ = next_line_;
      column_ = 0;
      record_ended_ = false;
    }
    ++column_;
    begin_ = at_;
    quoted_ = at_ < end_ || refill() ? buffer_[at_] == '"' : false;
    quoted_ ? scan_quoted() : scan_plain();
    return true;
  }

  /// The field, without its quotes. Good until next().
  std::string_view field() const { return field_; }
  bool quoted() const { return quoted_; }
  /// It is the only one of its record, and there is nothing in it.
  bool blank_line() const { return record_ended_ && column_ == 1 && field_.empty() && !quoted_; }
  /// It is the last of its record.
  bool record_ended() const { return record_ended_; }
  Index column() const { return column_; }  ///< of this field in its record, from 1 on
  Index line() const { return line_; }      ///< where this record begins, from 1 on

  /// Throws FileError in the name of the file.
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    file_.fail(parts...);
  }

 private:
  static constexpr std::size_t piece = std::size_t{1} << 18, longest_field = std::size_t{1} << 20;

  /// Reads more behind end_, and moves what is before begin_ out of the way. False at the end of the file.
  bool refill() {
    if (begin_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      at_ -= begin_;
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ > longest_field)
      fail("line ", line_, ", column ", column_,
           ": expected a field of at most 1 MiB, found more; not a CSV file, or a quote that is never closed");
    if (buffer_.size() - end_ < piece / 2) buffer_.resize(buffer_.size() + piece);
    const std::size_t count = file_.read({reinterpret_cast<std::uint8_t*>(buffer_.data() + end_), buffer_.size() - end_});
    end_ += count;
    return count > 0;
  }

  void scan_plain() {
    for (;;) {
      const char* from = buffer_.data() + at_;
      const char* const end = buffer_.data() + end_;
      while (from != end && *from != delimiter_ && *from != '\n' && *from != '"') ++from;
      at_ = static_cast<std::size_t>(from - buffer_.data());
      if (at_ < end_ || !refill()) break;
    }
    if (at_ < end_ && buffer_[at_] == '"')
      fail("line ", line_, ", column ", column_,
           ": expected a field without quotes, or in quotes as a whole, found one within it");
    field_ = {buffer_.data() + begin_, at_ - begin_};
    end_field();
  }

  void scan_quoted() {
    std::size_t out = ++at_;  // the field is put together in place: "" becomes "
    for (;;) {
      if (at_ == end_) {
        const std::size_t moved = begin_;
        const bool more = refill();
        out -= moved - begin_;
        if (!more)
          fail("line ", line_, ", column ", column_, ": expected the closing quote of a field, found the end of the file");
      }
      const char character = buffer_[at_++];
      if (character == '"') {
        const std::size_t moved = begin_;
        const bool more = at_ < end_ || refill();
        out -= moved - begin_;
        if (!more || buffer_[at_] != '"') break;
        ++at_;
      }
      if (character == '\n') ++next_line_;
      buffer_[out++] = character;
    }
    field_ = {buffer_.data() + begin_ + 1, out - begin_ - 1};
    if (at_ < end_ && buffer_[at_] == '\r') {
      ++at_;
      if (at_ == end_) refill_within_field();
      if (at_ < end_ && buffer_[at_] != '\n') after_quote();
    }
    if (at_ < end_ && buffer_[at_] != delimiter_ && buffer_[at_] != '\n') after_quote();
    end_field();
  }

  /// Keeps field_ where the buffer is moved.
  void refill_within_field() {
    const std::size_t size = field_.size();
    refill();
    field_ = {buffer_.data() + begin_ + 1, size};
  }

  [[noreturn]] void after_quote() const {
    fail("line ", line_, ", column ", column_,
         ": expected the field to end after its closing quote, found more; a quote within a field is written twice");
  }

  /// at_ is at what ends the field: a delimiter, the end of the line or of the file.
  void end_field() {
    record_ended_ = at_ == end_ || buffer_[at_] == '\n';
    if (at_ < end_) ++at_;
    if (record_ended_) {
      ++next_line_;
      if (!quoted_ && field_.ends_with('\r')) field_.remove_suffix(1);
    }
  }

  GzipReader file_;
  char delimiter_;
  std::string buffer_;
  std::size_t begin_ = 0, at_ = 0, end_ = 0;  ///< in the buffer: this field, the next character, what has been read
  std::string_view field_;
  bool quoted_ = false, record_ended_ = true;
  Index line_ = 1, next_line_ = 1, column_ = 0;
};

/// "\"abc\"", for errors: short, and with nothing that a terminal takes for an order.
inline std::string excerpt(std::string_view text) {
  std::string out = "\"";
  for (const char character : text.substr(0, 40))
    out += static_cast<unsigned char>(character) < 32 || character == 127 ? '?' : character;
  return out + (text.size() > 40 ? "…\"" : "\"");
}

inline std::string_view without_spaces(std::string_view text) {
  const auto is_space = [](char character) { return character == ' ' || character == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// The number that is all of `text`, in the notation of C, whatever the locale; none for infinity, NaN, and what T cannot hold.
template <class T>
std::optional<T> parse_number(std::string_view text) {
  if (!text.empty() && text.size() < 8) {  // most tables of pixels and counts have nothing else, and a float holds seven digits
    int integer = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits)
      integer = 10 * integer + (text[digits] - '0');
    if (digits == text.size()) {
      if constexpr (std::integral<T>)
        if (!std::in_range<T>(integer)) return {};
      return static_cast<T>(integer);
    }
  }
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const char* const end = text.data() + text.size();
  T value{};
  if constexpr (std::floating_point<T>) {
    auto result = std::from_chars(text.data(), end, value);
    if (result.ec == std::errc::result_out_of_range) {  // too small is 0, or nearly
      long double wide = 0;
      result = std::from_chars(text.data(), end, wide);
      value = std::abs(wide) < 1 ? static_cast<T>(wide) : std::numeric_limits<T>::infinity();
    }
    if (result.ec != std::errc{} || result.ptr != end || !std::isfinite(value)) return {};
  } else {
    const std::optional<double> number = parse_number<double>(text);
    if (!number || *number != std::floor(*number) || *number < static_cast<double>(std::numeric_limits<T>::min()) ||
        *number > static_cast<double>(std::numeric_limits<T>::max()))
      return {};
    value = static_cast<T>(*number);
  }
  return value;
}

}  // namespace eigencoder::detail
