// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/files/safetensors.hpp"
#include "eigencoder/io/architecture.hpp"
#include "eigencoder/io/describe.hpp"
#include "eigencoder/io/values.hpp"
#include "eigencoder/models/summary.hpp"

namespace eigencoder {

namespace detail {

/// Rows of texts, each column as wide as its widest, of those up to 60, without spaces at the end of lines.
inline std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  constexpr std::size_t most = 60;
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], std::min(row[i].size(), most));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += "  " + row[i] + std::string(widths[i] - std::min(widths[i], row[i].size()), ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
  return text;
}

/// A text of a file as it can be shown: without control characters, which a terminal would obey.
inline std::string shown_text(std::string_view text, std::string_view newline = "?") {
  std::string shown;
  for (const char character : text) {
    if (character == '\n') {
      shown += newline;
    } else {
      shown += static_cast<unsigned char>(character) < 0x20 || character == 0x7f ? '?' : character;
    }
  }
  return shown.substr(0, shown.find_last_not_of(" \n") + 1);
}

inline std::string describe(const SafetensorsFile& file, const std::string& name) {
  std::vector<const TensorView*> tensors;
  for (const TensorView& tensor : file.tensors()) tensors.push_back(&tensor);
  std::sort(tensors.begin(), tensors.end(), [](auto* a, auto* b) { return in_natural_order(a->name, b->name); });
  Index model = 0, along = 0, bytes = 0;
  std::vector<std::vector<std::string>> rows;
  for (const TensorView* const tensor : tensors) {
    const auto count = static_cast<Index>(tensor->bytes.size() * 8 / bits(tensor->dtype));
    (tensor->name.starts_with(values_prefix) ? along : model) += count;
    bytes += static_cast<Index>(tensor->bytes.size());
    std::vector<std::string> row{shown_text(tensor->name), std::string(to_string(tensor->dtype)), shape_text(tensor->shape)};
    if (count == 1 && is_real(tensor->dtype)) row.push_back(message(real_values<double>(*tensor).front()));
    rows.push_back(std::move(row));
  }
  std::string text = message(name, ": ", file.tensors().size(), " tensors, ", with_commas(model), " values");
  if (along > 0) text += message(", ", with_commas(along), " that came along");
  text += message(", ", readable_bytes(bytes), '\n');
  for (const auto& [title, told] : file.metadata()) {
    const bool lines = told.find('\n') != std::string::npos;
    text += message("  ", shown_text(title), lines ? ":\n    " : ": ", shown_text(told, "\n    "), '\n');
  }
  return text + aligned(rows);
}

}  // namespace detail

EIGENCODER_INLINE std::string describe(const std::filesystem::path& path) {
  return detail::describe(read_safetensors(path), path.string());
}

}  // namespace eigencoder
