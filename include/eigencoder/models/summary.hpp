// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/core/simd.hpp"
#include "eigencoder/models/model.hpp"

namespace eigencoder {

namespace detail {

/// 1149520 → "1,149,520"
std::string with_commas(Index number);

/// 203968 → "199.19 KiB"
std::string readable_bytes(Index bytes);

/// A layer as a summary shows it.
struct SummaryRow {
  std::string position, layer, shape, parameters;
};

/// The rows between their rules; `encoder` of them, the input besides, are the encoder.
std::string summary_table(const std::vector<SummaryRow>& rows, std::size_t encoder);

/// What follows the table: scalars in all, bytes, and the instructions of the kernels.
std::string summary_totals(Index parameters, Index state, Index scalar, Index one_sample, Index many_samples);

}  // namespace detail

/// A table of the model: each layer with its output shape and number of parameters, then totals, bytes, and the instructions that
/// its kernels use.
template <class C>
std::string summary(const Model<C>& model) {
  std::vector<detail::SummaryRow> rows{{"input", "", to_string(C::input), ""}};
  const auto names = std::apply([]<class... L>(const L&...) { return std::array{type_name<L>()...}; }, model.layers());
  for (std::size_t i = 0; i < C::size; ++i) {
    const Index count = C::theta_at[i + 1] - C::theta_at[i] + C::state_at[i + 1] - C::state_at[i];
    std::string layer = names[i];
    if (C::joins[i]) layer += C::links[i] < 0 ? " of the input" : " of " + model.position(static_cast<std::size_t>(C::links[i]));
    rows.push_back({model.position(i), layer, to_string(C::shapes[i + 1]), detail::with_commas(count)});
  }
  using Workspace = typename Model<C>::Workspace;
  return detail::summary_table(rows, C::code) + detail::summary_totals(C::parameter_count, C::state_count,
                                                                       sizeof(typename C::Scalar), Workspace::bytes(1),
                                                                       Workspace::bytes(256));
}

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/models/summary_impl.hpp"
#endif
