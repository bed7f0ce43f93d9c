// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/files/safetensors_writer.hpp"

namespace eigencoder {

namespace detail {

EIGENCODER_INLINE std::optional<std::uint64_t> byte_count(Dtype dtype, std::span<const std::uint64_t> shape) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t count = 1;
  for (const std::uint64_t size : shape) {
    if (size != 0 && count > most / size) return {};
    count *= size;
  }
  if (count > most / bits(dtype) || count * bits(dtype) % 8 != 0) return {};
  return count * bits(dtype) / 8;
}

EIGENCODER_INLINE std::string shortened(std::string_view text, std::size_t most) {
  std::size_t end = std::min(text.size(), most);
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)) + (end < text.size() ? "…" : "");
}

EIGENCODER_INLINE std::string shown_name(std::string_view name) { return json_string(shortened(name, 60)); }

EIGENCODER_INLINE std::string shape_text(std::span<const std::uint64_t> shape) {
  constexpr std::size_t most = 8;  // of a file's error, in which a shape may have as many sizes as it likes
  std::string text = "[";
  for (std::size_t i = 0; i < std::min(shape.size(), most); ++i) text += message(i > 0 ? ", " : "", shape[i]);
  return text + (shape.size() > most ? ", …]" : "]");
}

}  // namespace detail

EIGENCODER_INLINE std::vector<std::byte> encode_safetensors(std::span<const TensorView> tensors, const Metadata& metadata) {
  std::vector<const TensorView*> sorted;
  for (const TensorView& tensor : tensors) sorted.push_back(&tensor);
  std::sort(sorted.begin(), sorted.end(), [](const TensorView* a, const TensorView* b) {
    return a->dtype != b->dtype ? a->dtype > b->dtype : a->name < b->name;
  });
  std::map<std::string_view, bool> names;

  std::string header = "{";
  const auto separate = [&] {
    if (header.size() > 1) header += ',';
  };
  if (!metadata.empty()) {
    header += message('"', detail::metadata_name, "\":{");
    bool first = true;
    for (const auto& [name, text] : metadata) {
      if (!first) header += ',';
      first = false;
      header += detail::json_string(name, "the name of a text") + ':';
      header += detail::json_string(text, "the text " + name);
    }
    header += '}';
  }
  std::uint64_t end = 0;
  for (const TensorView* tensor : sorted) {
    const std::string name = detail::json_string(tensor->name, "the name of a tensor");
    if (tensor->name.empty()) throw Error("a tensor without a name: a file cannot hold it");
    if (tensor->name == detail::metadata_name)
      throw Error(message("no tensor can be called ", name, ": the format has this name"));
    if (!names.emplace(tensor->name, true).second) throw Error(message("two tensors are called ", name));
    const auto count = detail::byte_count(tensor->dtype, tensor->shape);
    if (count != tensor->bytes.size()) {
      throw ShapeError(message("tensor ", name, ": expected ", count ? message(*count, " bytes") : "a whole number of bytes",
                               " for ", to_string(tensor->dtype), ' ', detail::shape_text(tensor->shape), ", found ",
                               tensor->bytes.size()));
    }
    separate();
    header += message(name, ":{\"dtype\":\"", to_string(tensor->dtype), "\",\"shape\":[");
    for (std::size_t i = 0; i < tensor->shape.size(); ++i) header += message(i > 0 ? "," : "", tensor->shape[i]);
    header += message("],\"data_offsets\":[", end, ',', end + *count, "]}");
    end += *count;
  }
  header += '}';
  header.resize((header.size() + 7) / 8 * 8, ' ');
  if (header.size() > detail::longest_header) {
    throw Error(
        message("the header of a safetensors file has at most ", detail::longest_header, " bytes, found ", header.size()));
  }

  std::vector<std::byte> bytes(8);
  bytes.reserve(8 + header.size() + end);
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(header.size() >> 8 * i & 0xff);
  const auto text = std::as_bytes(std::span(header));
  bytes.insert(bytes.end(), text.begin(), text.end());
  for (const TensorView* tensor : sorted) bytes.insert(bytes.end(), tensor->bytes.begin(), tensor->bytes.end());
  return bytes;
}

EIGENCODER_INLINE void write_safetensors(const std::filesystem::path& path, std::span<const TensorView> tensors,
                                         const Metadata& metadata) {
  write_file(path, encode_safetensors(tensors, metadata));
}

}  // namespace eigencoder
