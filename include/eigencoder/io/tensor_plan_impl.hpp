// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/io/tensor_plan.hpp"

namespace eigencoder::detail {

EIGENCODER_INLINE std::vector<std::uint64_t> TensorPlan::shape() const {
  std::vector<std::uint64_t> sizes;
  if (blocks.size() > 1 && !summed) sizes.push_back(blocks.size());
  for (const Axis& axis : axes) sizes.push_back(static_cast<std::uint64_t>(axis.size));
  return sizes;
}

/// Of an axis of pixels with all their channels: the file has the pixels of a channel side by side, memory the channels of a
/// pixel.
inline std::vector<Index> channels_slowest(Index size, Index channels) {
  std::vector<Index> order;
  const Index pixels = size / channels;
  for (Index i = 0; pixels > 1 && i < size; ++i) order.push_back(i % pixels * channels + i / pixels);
  return order;
}

/// Of an axis of gates with all their units: the file has the gates in another order.
inline std::vector<Index> gates_in_order(Index size, Index gates, const std::array<Index, 4>& file_order) {
  std::vector<Index> order;
  const Index units = size / gates;
  for (Index i = 0; i < size; ++i) order.push_back(file_order[static_cast<std::size_t>(i / units)] * units + i % units);
  return order;
}

/// Of a block of gates; of another, null.
inline const TensorName* gate_name(const LayerFacts& layer, std::string_view block) {
  if (!layer.gates) return nullptr;
  if (block.ends_with(reverse_suffix)) block.remove_suffix(reverse_suffix.size());
  return TensorName::find(gate_names, block);
}

EIGENCODER_INLINE std::string tensor_name(Layout layout, const LayerFacts& layer, std::string_view block) {
  if (const TensorName* const name = gate_name(layer, block)) {
    return name->text(layout).append(block.ends_with(reverse_suffix) ? reverse_suffix : "");
  }
  if (layer.embeds && layout == Layout::keras) return "embeddings";
  const TensorName* const name = TensorName::find(tensor_names, block);
  return name ? name->text(layout) : std::string(block);
}

EIGENCODER_INLINE std::vector<BlockAxis::Kind> axis_order(Layout layout, const LayerFacts& layer, const Block& block) {
  using enum BlockAxis::Kind;
  using Kinds = std::vector<BlockAxis::Kind>;
  const auto has = [&](BlockAxis::Kind kind) { return block.stride(kind) != 0; };
  const bool pytorch = layout == Layout::pytorch;
  if (has(kernel_height) || has(kernel_width)) {
    Kinds kinds = pytorch ? Kinds{out, in, kernel_height, kernel_width} : Kinds{kernel_height, kernel_width, in, out};
    const bool turned = layer.transposed || (!pytorch && !has(in));
    if (turned) std::swap(*std::find(kinds.begin(), kinds.end(), out), *std::find(kinds.begin(), kinds.end(), in));
    if (layer.one_dimensional) std::erase(kinds, kernel_height);
    return kinds;
  }
  if (block.cols == 0) return {has(out) ? out : in};
  return pytorch && !layer.embeds ? Kinds{out, in} : Kinds{in, out};
}

EIGENCODER_INLINE std::vector<TensorPlan> tensor_plans(const ModelFacts& model, Layout layout) {
  using enum BlockAxis::Kind;
  const std::vector<Index> channels = pytorch_channels(model);
  std::vector<TensorPlan> plans;
  for (std::size_t b = 0; b < model.blocks.size(); ++b) {
    const auto& [i, block, offset] = model.blocks[b];
    const LayerFacts& layer = model.layers[i];
    const std::string name = tensor_name(layout, layer, block.name);
    const auto known = std::find_if(plans.begin(), plans.end(),
                                    [&, at = i](const TensorPlan& plan) { return plan.layer == at && plan.name == name; });
    const bool gated = gate_name(layer, block.name) != nullptr;
    if (gated && known != plans.end()) {
      known->blocks.push_back(b);
      known->summed = layer.gates->keras_sums_biases;
      continue;
    }
    TensorPlan plan{.layer = i, .name = name, .axes = {}, .blocks = {b}};
    for (const BlockAxis::Kind kind : axis_order(layout, layer, block)) {
      TensorPlan::Axis& axis = plan.axes.emplace_back(TensorPlan::Axis{block.extent(kind), block.stride(kind)});
      if (layer.gates) {  // no axis is that of all pixels, though it may be as long
        if (gated && layout == Layout::keras && kind == out)
          axis.order = gates_in_order(axis.size, layer.gates->count, layer.gates->keras);
      } else if (layout == Layout::pytorch) {
        if (kind == out && axis.size == layer.out.size()) axis.order = channels_slowest(axis.size, channels[i + 1]);
        if (kind == in && axis.size == layer.in.size()) axis.order = channels_slowest(axis.size, channels[i]);
      }
    }
    plans.push_back(std::move(plan));
  }
  return plans;
}

}  // namespace eigencoder::detail
