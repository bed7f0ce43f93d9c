// SPDX-License-Identifier: MIT
#pragma once

#include <iterator>
#include <utility>

#include <nlohmann/json.hpp>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/files/read_file.hpp"
#include "eigencoder/files/safetensors.hpp"

namespace eigencoder {

namespace detail {

/// Walks over a header and counts, so that an error can say where the parser is.
struct CountingIterator {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* at = nullptr;
  std::uint64_t* count = nullptr;

  reference operator*() const { return *at; }
  CountingIterator& operator++() {
    ++at;
    ++*count;
    return *this;
  }
  CountingIterator operator++(int) {
    const CountingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) { return a.at == b.at; }
};

/// Takes a header in event by event. The library's own parser would keep the last of two equal names in silence.
class SafetensorsHeader {
 public:
  struct Entry {
    std::optional<Dtype> dtype;
    std::optional<std::vector<std::uint64_t>> shape;
    std::vector<std::uint64_t> offsets;
    bool placed = false;  ///< it has offsets
  };
  using Entries = std::map<std::string, Entry>;

  /// `file` is what errors call the file. The header begins at its byte 8.
  SafetensorsHeader(std::string_view header, const std::string& file) : file_(file) {
    nlohmann::json::sax_parse(CountingIterator{header.data(), &read_}, CountingIterator{header.data() + header.size(), &read_},
                              this);
  }

  Metadata metadata;
  Entries entries;

  // What the parser calls.
  bool null() {
    if (at_ == At::metadata) return go(At::names);
    return other("null");
  }
  bool boolean(bool value) { return other(value ? "true" : "false"); }
  bool number_integer(std::int64_t value) { return other(value < 0 ? "a negative number" : "-0"); }
  bool number_unsigned(std::uint64_t value) {
    if (at_ == At::sizes) {
      entry_->second.shape->push_back(value);
      return true;
    }
    if (at_ == At::two_offsets) {
      if (entry_->second.offsets.size() == 2) fail("expected two offsets, found more");
      entry_->second.offsets.push_back(value);
      return true;
    }
    return other("a number");
  }
  bool number_float(double, const std::string& text) { return other(text.size() < 40 ? text : "a number with many digits"); }
  bool string(std::string& text) {
    if (at_ == At::texts) {
      metadata[key_] = std::move(text);
      return true;
    }
    if (at_ == At::dtype) {
      entry_->second.dtype = find_dtype(text);
      if (!entry_->second.dtype) fail(message("expected a dtype that the format has, found ", shown_name(text)));
      return go(At::fields);
    }
    return other("a string");
  }
  bool binary(nlohmann::json::binary_t&) { return other("binary data"); }

  bool key(std::string& name) {
    if (at_ == At::names) {
      if (name == metadata_name) {
        if (std::exchange(has_metadata_, true)) fail(message("expected ", metadata_name, " once, found it again"));
        return go(At::metadata);
      }
      if (name.empty()) fail("expected the name of a tensor, found an empty one");
      const auto [entry, fresh] = entries.try_emplace(name);
      entry_ = entry;
      tensor_ = entry->first;
      if (!fresh) fail("expected one tensor of this name, found another");
      return go(At::tensor);
    }
    if (at_ == At::texts) {
      if (metadata.contains(name)) fail(message("expected one text ", shown_name(name), ", found another"));
      key_ = std::move(name);
      return true;
    }
    if (at_ == At::fields) {
      key_ = std::move(name);
      const auto once = [&](bool there, At next) {
        if (there) fail("expected this field once, found it again");
        return go(next);
      };
      if (key_ == "dtype") return once(entry_->second.dtype.has_value(), At::dtype);
      if (key_ == "shape") return once(entry_->second.shape.has_value(), At::shape);
      if (key_ == "data_offsets") return once(entry_->second.placed, At::offsets);
      return go(At::ignored);
    }
    return true;  // within an unknown field
  }
  bool start_object(std::size_t) {
    deeper();
    switch (at_) {
      case At::start:
        return go(At::names);
      case At::metadata:
        return go(At::texts);
      case At::tensor:
        return go(At::fields);
      case At::ignored:
        return true;
      default:
        return other("an object");
    }
  }
  bool end_object() {
    --depth_;
    switch (at_) {
      case At::texts:
        return go(At::names);
      case At::fields:
        key_.clear();
        for (const auto& [there, field] :
             {std::pair(entry_->second.dtype.has_value(), "dtype"), std::pair(entry_->second.shape.has_value(), "shape"),
              std::pair(entry_->second.placed, "data_offsets")}) {
          if (!there) fail(message("expected the field \"", field, "\", found an entry without it"));
        }
        tensor_ = {};
        return go(At::names);
      default:
        return after_unknown();
    }
  }
  bool start_array(std::size_t) {
    deeper();
    switch (at_) {
      case At::shape:
        entry_->second.shape.emplace();
        return go(At::sizes);
      case At::offsets:
        entry_->second.placed = true;
        return go(At::two_offsets);
      case At::ignored:
        return true;
      default:
        return other("a list");
    }
  }
  bool end_array() {
    --depth_;
    switch (at_) {
      case At::two_offsets:
        if (entry_->second.offsets.size() != 2) fail(message("expected two offsets, found ", entry_->second.offsets.size()));
        return go(At::fields);
      case At::sizes:
        return go(At::fields);
      default:
        return after_unknown();
    }
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) {
    std::string text = error.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error …"
    for (const char* end : {"] ", ": "}) {
      if (const auto at = text.find(end); at != std::string::npos) text.erase(0, at + 2);
    }
    text.resize(std::min(text.size(), find_no_utf8(text)));  // what it has read last may be half a character
    fail(message("expected JSON, found a ", shortened(text, 160)));
  }

 private:
  /// What may come next.
  enum class At { start, names, metadata, texts, tensor, fields, dtype, shape, sizes, offsets, two_offsets, ignored };
  /// Levels of objects and lists; the format's own library ends there too.
  static constexpr int deepest = 127;

  bool go(At next) {
    at_ = next;
    return true;
  }
  void deeper() {
    if (++depth_ > deepest) fail(message("expected at most ", deepest, " levels of objects and lists, found more"));
  }
  bool after_unknown() {
    if (at_ == At::ignored && depth_ == 2) at_ = At::fields;
    return true;
  }
  /// A value that has no place but in an unknown field.
  bool other(std::string_view found) {
    if (at_ == At::ignored) return after_unknown();
    fail(message(at_ == At::texts ? "text " + shown_name(key_) + ": " : "", "expected ", expected(), ", found ", found));
  }
  const char* expected() const {
    switch (at_) {
      case At::metadata:
        return "an object of texts or null";
      case At::tensor:
        return "an object with dtype, shape and data_offsets";
      case At::texts:
      case At::dtype:
        return "a string";
      case At::shape:
      case At::offsets:
        return "a list";
      default:
        return "whole numbers from 0 to 2^64 - 1";
    }
  }
  [[noreturn]] void fail(const std::string& what) const {
    std::string place = message("header, at byte ", 8 + read_);
    if (at_ == At::metadata || at_ == At::texts) place += message(", ", metadata_name);
    if (!tensor_.empty()) place += message(", tensor ", shown_name(tensor_));
    if (at_ >= At::fields && !key_.empty()) place += message(", field ", shown_name(key_));
    throw FileError(message(file_, ": ", place, ": ", what));
  }

  const std::string& file_;
  std::uint64_t read_ = 0;
  At at_ = At::start;
  int depth_ = 0;
  bool has_metadata_ = false;
  Entries::iterator entry_{};
  std::string_view tensor_{};  ///< its name, or none between two
  std::string key_{};
};

}  // namespace detail

EIGENCODER_INLINE SafetensorsFile parse_safetensors(std::vector<std::byte> bytes, const std::string& name) {
  const auto fail = [&name](const auto&... parts) { throw FileError(message(name, ": ", parts...)); };
  if (bytes.size() < 8) fail("expected the header's length in the first 8 bytes, found ", bytes.size(), " bytes");
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < 8; ++i) length |= std::to_integer<std::uint64_t>(bytes[i]) << 8 * i;
  if (length > detail::longest_header) {
    fail("expected a header of at most ", detail::longest_header, " bytes, found a length of ", length);
  }
  if (length > bytes.size() - 8) fail("expected a header of ", length, " bytes, found ", bytes.size() - 8);

  const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + 8, static_cast<std::size_t>(length));
  if (!header.starts_with('{'))
    fail("header, at byte 8: expected {, found ", header.empty() ? "an empty header" : "another byte");
  if (const std::size_t at = detail::find_no_utf8(header); at != std::string_view::npos) {
    fail("header, at byte ", 8 + at, ": expected UTF-8, found another byte");
  }
  // The parser would take a NUL for the end.
  if (const std::size_t at = header.find('\0'); at != std::string_view::npos) {
    fail("header, at byte ", 8 + at, ": expected JSON, found a NUL byte");
  }
  detail::SafetensorsHeader read(header, name);

  const std::span<const std::byte> data = std::span(bytes).subspan(8 + header.size());
  std::vector<TensorView> tensors;
  std::vector<const detail::SafetensorsHeader::Entries::value_type*> placed;
  for (const auto& entry : read.entries) placed.push_back(&entry);
  std::sort(placed.begin(), placed.end(), [](const auto* a, const auto* b) { return a->second.offsets < b->second.offsets; });
  std::uint64_t end = 0;
  for (const auto* entry : placed) {
    const Dtype dtype = *entry->second.dtype;
    const std::vector<std::uint64_t>&shape = *entry->second.shape, &offsets = entry->second.offsets;
    const auto fail_tensor = [&](const auto&... parts) { fail("tensor ", detail::shown_name(entry->first), ": ", parts...); };
    const auto where = [&] { return message("data_offsets [", offsets[0], ", ", offsets[1], "]"); };
    if (offsets[1] < offsets[0]) fail_tensor("expected data_offsets in order, found ", where());
    if (offsets[0] != end) {
      fail_tensor("expected its bytes to begin at ", end, ", where those of the previous tensor end, found ", where(),
                  offsets[0] < end ? ": the tensors overlap" : ": there is a hole");
    }
    if (offsets[1] > data.size())
      fail_tensor("expected data up to byte ", offsets[1], ", found ", data.size(), " bytes of data");
    const auto count = detail::byte_count(dtype, shape);
    if (!count) {
      fail_tensor("expected a shape of a whole number of bytes below 2^64, found ", to_string(dtype), ' ',
                  detail::shape_text(shape));
    }
    if (*count != offsets[1] - offsets[0]) {
      fail_tensor("expected ", *count, " bytes for ", to_string(dtype), ' ', detail::shape_text(shape), ", found ", where());
    }
    end = offsets[1];
  }
  if (end != data.size()) {
    fail("expected ", end, " bytes of data, up to the end of the last tensor, found ", data.size(), ": bytes follow");
  }
  for (auto& [tensor, entry] : read.entries) {
    tensors.push_back({tensor, *entry.dtype, std::move(*entry.shape),
                       data.subspan(static_cast<std::size_t>(entry.offsets[0]),
                                    static_cast<std::size_t>(entry.offsets[1] - entry.offsets[0]))});
  }
  return {std::move(bytes), std::move(read.metadata), std::move(tensors)};
}

EIGENCODER_INLINE SafetensorsFile read_safetensors(const std::filesystem::path& path) {
  return parse_safetensors(read_file(path), path.string());
}

}  // namespace eigencoder
