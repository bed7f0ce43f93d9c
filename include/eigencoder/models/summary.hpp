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

/// A layer as a summary shows it.
struct SummaryRow {
  std::string position, layer, shape, parameters;
};

/// The rows between their rules; `encoder` of them, the input besides, are the encoder.
inline std::string summary_table(const std::vector<SummaryRow>& rows, std::size_t encoder) {
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

/// What follows the table: scalars in all, bytes, and the instructions of the kernels.
inline std::string summary_totals(Index parameters, Index state, Index scalar, Index one_sample, Index many_samples) {
  const auto count = [&](Index scalars) { return message(with_commas(scalars), " (", readable_bytes(scalars * scalar), ')'); };
  return message(" Parameters: ", count(parameters), state > 0 ? ", state: " + count(state) : "", "\n To predict one sample: ",
                 readable_bytes(one_sample), " more; 256 at once: ", readable_bytes(many_samples), "\n Kernels: ", name(simd()), '\n');
}

}  // namespace detail

/// A table of the model: each layer with its output shape and number of parameters, then totals, bytes, and the instructions that
/// its kernels use.
template <class C>
std::string summary(const Model<C>& model) {
  std::vector<detail::SummaryRow> rows{{"input", "", to_string(C::input), ""}};
  C::for_each_layer([&]<std::size_t I>() {
    const Index count = C::theta_at[I + 1] - C::theta_at[I] + C::state_at[I + 1] - C::state_at[I];
    std::string layer = type_name<typename C::template layer<I>>();
    if (C::joins[I])
      layer += C::links[I] < 0 ? " of the input" : " of " + model.position(static_cast<std::size_t>(C::links[I]));
    rows.push_back({model.position(I), layer, to_string(C::shapes[I + 1]), detail::with_commas(count)});
  });
  using Workspace = typename Model<C>::Workspace;
  return detail::summary_table(rows, C::code) + detail::summary_totals(C::parameter_count, C::state_count,
                                                                       sizeof(typename C::Scalar), Workspace::bytes(1),
                                                                       Workspace::bytes(256));
}

}  // namespace eigencoder
