// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/data/npy_header.hpp"

namespace eigencoder {

namespace detail {

/// Reads the dictionary of a header, a literal of Python: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class NpyDictionary {
 public:
  NpyDictionary(std::string_view text, Index begin, std::string_view name) : text_(text), begin_(begin), name_(name) {}

  NpyHeader read() {
    bool has_type = false, has_order = false, has_shape = false;
    const auto once = [&](bool& has, std::string_view key) {
      if (has) fail(message("'", key, "' once"));
      has = true;
    };
    NpyHeader header;
    expect('{');
    while (!accept('}')) {
      const std::string_view key = string("a key, 'descr', 'fortran_order' or 'shape'");
      expect(':');
      if (key == "descr") {
        once(has_type, key);
        header.type = type();
      } else if (key == "fortran_order") {
        once(has_order, key);
        header.fortran_order = boolean();
      } else if (key == "shape") {
        once(has_shape, key);
        header.dimensions = shape();
      } else {
        fail(message("the keys 'descr', 'fortran_order' and 'shape' before this place, not '", key, "'"));
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (!has_type || !has_order || !has_shape) fail("the keys 'descr', 'fortran_order' and 'shape' before this place");
    skip_space();
    if (at_ != text_.size()) fail("nothing but spaces after the dictionary");
    return header;
  }

 private:
  NpyType type() {
    skip_space();
    constexpr std::string_view advice = "; write array.astype('<f4') or another plain little-endian type with numpy.save";
    if (peek() == '[')
      fail("one type for all values, found a structured type", "; save each field by itself: numpy.save(file, array['name'])");
    const std::string_view found = string("a type in quotes");
    const auto refuse = [&](std::string_view what, std::string_view ending) {
      throw FileError(
          message(name_, ": expected little-endian numbers, found ", what, " ('", found.substr(0, 40), "')", ending));
    };
    if (found.size() == 3) {
      const Index bytes = found[2] - '0';
      for (const NpyTypeFacts& facts : npy_types)
        if (facts.kind == found[1] && facts.bytes == bytes) {
          if (found[0] == '>' && bytes > 1) refuse("big-endian ones", advice);
          if (found[0] == '<' || found[0] == '|' || bytes == 1) return facts.type;
        }
    }
    const char kind = found.size() > 1 ? found[1] : '?';
    if (kind == 'O') refuse("Python objects", "; write numpy.array(list, dtype='<f4'), of rows that are equally long");
    if (kind == 'U' || kind == 'S')
      refuse("texts", "; write numbers, such as numpy.unique(array, return_inverse=True)[1] for labels");
    if (kind == 'c') refuse("complex numbers", "; write array.real and array.imag");
    refuse("another type", advice);
    return {};
  }

  bool boolean() {
    skip_space();
    for (const bool value : {false, true})
      if (const std::string_view word = value ? "True" : "False"; text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return value;
      }
    fail("True or False");
  }

  std::vector<Index> shape() {
    std::vector<Index> dimensions;
    expect('(');
    while (!accept(')')) {
      Index extent = 0;
      const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), extent);
      if (error == std::errc::result_out_of_range) fail("a size that a file can have");
      if (error != std::errc{} || extent < 0) fail("a size from 0 on");
      at_ = static_cast<std::size_t>(end - text_.data());
      accept('L');  // as Python 2 wrote long integers
      dimensions.push_back(extent);
      if (!accept(',')) {
        expect(')');
        if (dimensions.size() == 1) fail("a comma after the only size of a tuple");
        break;
      }
      skip_space();
    }
    return dimensions;
  }

  /// One without escapes, which no key and no type has.
  std::string_view string(std::string_view what) {
    skip_space();
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail(what);
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail("the closing quote of a text");
    const std::string_view found = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return found;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
  }
  bool accept(char character) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != character) return false;
    ++at_;
    skip_space();
    return true;
  }
  void expect(char character) {
    if (!accept(character)) fail(message("'", character, "'"));
  }
  [[noreturn]] void fail(std::string_view expected, std::string_view advice = "; not an NPY file, or damaged") const {
    throw FileError(message(name_, ": expected ", expected, " at byte ", begin_ + static_cast<Index>(at_), advice));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Index begin_;
  std::string_view name_;
};

EIGENCODER_INLINE NpyHeader parse_npy_header(std::span<const std::byte> bytes, std::string_view name) {
  const auto byte = [&](std::size_t i) { return std::to_integer<unsigned char>(bytes[i]); };
  constexpr std::string_view magic = "\x93NUMPY";
  const auto cut_short = [&](std::size_t header) {
    if (bytes.size() < header)
      throw FileError(message(name, ": expected a header of at least ", header, " bytes, found ", bytes.size(),
                              " bytes in all; not an NPY file, or cut short"));
  };
  cut_short(8);
  for (std::size_t i = 0; i < magic.size(); ++i)
    if (byte(i) != static_cast<unsigned char>(magic[i]))
      throw FileError(
          message(name, ": expected an NPY file, which begins with 93 4e 55 4d 50 59, found another byte at ", i,
                  byte(0) == 'P' && byte(1) == 'K' ? "; it is an NPZ file: use read_npz" : "; write it with numpy.save"));
  if (byte(6) < 1 || byte(6) > 3 || byte(7) != 0)
    throw FileError(
        message(name, ": expected version 1.0, 2.0 or 3.0 of the NPY format at byte 6, found ", byte(6), ".", byte(7)));

  const std::size_t begin = byte(6) == 1 ? 10 : 12;
  cut_short(begin);
  std::size_t length = 0;
  for (std::size_t i = begin; i-- > 8;) length = length << 8 | byte(i);
  cut_short(begin + length);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + begin, length);
  NpyHeader header = NpyDictionary(text, static_cast<Index>(begin), name).read();
  header.size = static_cast<Index>(begin + length);
  return header;
}

EIGENCODER_INLINE std::vector<std::byte> make_npy_header(NpyType type, std::span<const Index> dimensions) {
  const NpyTypeFacts& facts = *find_npy_type(type);
  std::string text =
      message("{'descr': '", facts.bytes == 1 ? '|' : '<', facts.kind, facts.bytes, "', 'fortran_order': False, 'shape': (");
  for (std::size_t i = 0; i < dimensions.size(); ++i)
    text += message(dimensions[i], i + 1 < dimensions.size() ? ", " : dimensions.size() == 1 ? "," : "");
  text += "), }";
  text.append(63 - (10 + text.size()) % 64, ' ');
  text += '\n';
  std::string head = "\x93NUMPY";
  head += {'\1', '\0', static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  head += text;
  const auto bytes = std::as_bytes(std::span(head));
  return {bytes.begin(), bytes.end()};
}

}  // namespace detail

}  // namespace eigencoder
