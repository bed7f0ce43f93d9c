// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/models/summary.hpp"

namespace eigencoder {

namespace detail {

EIGENCODER_INLINE std::string with_commas(Index number) {
  std::string digits = std::to_string(number);
  for (auto at = std::ssize(digits) - 3; at > (number < 0 ? 1 : 0); at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  return digits;
}

EIGENCODER_INLINE std::string readable_bytes(Index bytes) {
  const char* const units[] = {"B", "KiB", "MiB", "GiB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; amount >= 1024 && unit < 3; ++unit) amount /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.2f %s", amount, units[unit]);
  return text;
}

EIGENCODER_INLINE std::string summary_table(const std::vector<SummaryRow>& rows, std::size_t encoder) {
  std::size_t position_width = 0, layer_width = 0, shape_width = 12;
  for (const SummaryRow& row : rows) {
    position_width = std::max(position_width, row.position.size());
    layer_width = std::max(layer_width, row.layer.size());
    shape_width = std::max(shape_width, row.shape.size());
  }
  constexpr std::size_t number_width = 12;
  const auto line = [&](const SummaryRow& row) {
    const auto pad = [](std::size_t width, const std::string& text) {
      return std::string(width - std::min(width, text.size()), ' ');
    };
    return message(' ', row.position, pad(position_width, row.position), "  ", row.layer, pad(layer_width, row.layer), "   ",
                   row.shape, pad(shape_width, row.shape), pad(number_width, row.parameters), row.parameters, '\n');
  };
  const auto rule = [&](char character) {
    return std::string(position_width + layer_width + shape_width + number_width + 7, character) + '\n';
  };

  std::string text = line({"Layer", "", "Output shape", "Parameters"}) + rule('=');
  for (std::size_t i = 0; i < rows.size(); ++i) {
    text += line(rows[i]);
    if (i == encoder && i + 1 < rows.size()) text += rule('-');
  }
  return text + rule('=');
}

EIGENCODER_INLINE std::string summary_totals(Index parameters, Index state, Index scalar, Index one_sample,
                                             Index many_samples) {
  const auto count = [&](Index scalars) { return message(with_commas(scalars), " (", readable_bytes(scalars * scalar), ')'); };
  return message(" Parameters: ", count(parameters), state > 0 ? ", state: " + count(state) : "",
                 "\n To predict one sample: ", readable_bytes(one_sample), " more; 256 at once: ", readable_bytes(many_samples),
                 "\n Kernels: ", name(simd()), '\n');
}

}  // namespace detail

}  // namespace eigencoder
