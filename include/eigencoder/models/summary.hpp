// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/simd.hpp"
#include "eigencoder/models/model.hpp"

namespace eigencoder {

namespace detail {

/// 1149520 → "1,149,520"
inline std::string with_commas(Index number) {
  std::string digits = std::to_string(number);
  for (auto at = std::ssize(digits) - 3; at > (number < 0 ? 1 : 0); at -= 3) digits.insert(static_cast<std::size_t>(at), 1, ',');
  return digits;
}

/// 203968 → "199.19 KiB"
inline std::string readable_bytes(Index bytes) {
  const char* const units[] = {"B", "KiB", "MiB", "GiB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; amount >= 1024 && unit < 3; ++unit) amount /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.2f %s", amount, units[unit]);
  return text;
}

}  // namespace detail

/// A table of the model: each layer with its output shape and number of parameters, then totals, bytes, and the instructions that its kernels use.
template <class C>
std::string summary(const Model<C>& model) {
  struct Row {
    std::string position, layer, shape, parameters;
  };
  std::vector<Row> rows{{"input", "", to_string(C::input), ""}};
  C::for_each_layer([&]<std::size_t I>() {
    const Index count = C::theta_at[I + 1] - C::theta_at[I] + C::state_at[I + 1] - C::state_at[I];
    std::string layer = type_name<typename C::template layer<I>>();
    if (C::joins[I]) layer += C::links[I] < 0 ? " of the input" : " of " + model.position(static_cast<std::size_t>(C::links[I]));
    rows.push_back({model.position(I), layer, to_string(C::shapes[I + 1]), detail::with_commas(count)});
  });

  std::size_t position_width = 0, layer_width = 0, shape_width = 12;
  for (const Row& row : rows) {
    position_width = std::max(position_width, row.position.size());
    layer_width = std::max(layer_width, row.layer.size());
    shape_width = std::max(shape_width, row.shape.size());
  }
  constexpr std::size_t number_width = 12;
  const auto line = [&](const Row& row) {
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
    if (i == C::code && i < C::size) text += rule('-');  // here ends the encoder
  }
  text += rule('=');

  constexpr Index scalar = sizeof(typename C::Scalar);
  using Workspace = typename Model<C>::Workspace;
  text += message(" Parameters: ", detail::with_commas(C::parameter_count), " (",
                  detail::readable_bytes(C::parameter_count * scalar), ")");
  if constexpr (C::state_count > 0) {
    text +=
        message(", state: ", detail::with_commas(C::state_count), " (", detail::readable_bytes(C::state_count * scalar), ")");
  }
  return text + message("\n To predict one sample: ", detail::readable_bytes(Workspace::bytes(1)),
                        " more; 256 at once: ", detail::readable_bytes(Workspace::bytes(256)),
                        "\n Kernels: ", name(simd()), '\n');
}

}  // namespace eigencoder
