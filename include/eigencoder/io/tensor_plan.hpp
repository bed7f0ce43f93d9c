// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eigencoder/io/layout.hpp"

// The tensors of a model in a file of either layout.
namespace eigencoder::detail {

/// A tensor of a file: a block of a layer, or several of one shape.
struct TensorPlan {
  /// An axis of a block.
  struct Axis {
    Index size, stride;             ///< as the block has them
    std::vector<Index> order = {};  ///< entry i of the file is entry order[i] of the block; if it is empty, entry i
  };
  std::size_t layer;
  std::string name;                 ///< "weight"
  std::vector<Axis> axes;           ///< of every block, the slowest first
  std::vector<std::size_t> blocks;  ///< numbers in ModelFacts::blocks
  bool summed = false;              ///< of several: the tensor is their sum; otherwise they are the entries of an axis in front

  std::vector<std::uint64_t> shape() const {
    std::vector<std::uint64_t> sizes;
    if (blocks.size() > 1 && !summed) sizes.push_back(blocks.size());
    for (const Axis& axis : axes) sizes.push_back(static_cast<std::uint64_t>(axis.size));
    return sizes;
  }

  /// The values in the order of the file; `of(block)` points to those of a block.
  template <class T, class Of>
  std::vector<T> gather(Of of) const {
    std::vector<T> values;
    for (const std::size_t block : blocks) {
      const T* const from = of(block);
      std::size_t next = summed ? 0 : values.size();
      for_each([&](Index at) {
        if (next == values.size()) {
          values.push_back(from[at]);
        } else {
          values[next] += from[at];
        }
        ++next;
      });
    }
    return values;
  }
  /// The reverse. Of a sum, the first block becomes all and the others 0.
  template <class T, class Of>
  void scatter(const std::vector<T>& values, Of of) const {
    auto next = values.begin();
    for (const std::size_t block : blocks) {
      T* const to = of(block);
      const bool filled = next == values.end();
      for_each([&](Index at) { to[at] = filled ? T(0) : *next++; });
    }
  }

 private:
  /// Calls f(place in the block) for the values in the order of the file.
  template <class F>
  void for_each(F f) const {
    visit(0, 0, f);
  }
  template <class F>
  void visit(std::size_t axis, Index at, F& f) const {
    if (axis == axes.size()) return f(at);
    const auto& [size, stride, order] = axes[axis];
    for (Index i = 0; i < size; ++i) {
      visit(axis + 1, at + stride * (order.empty() ? i : order[static_cast<std::size_t>(i)]), f);
    }
  }
};

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

/// A block's name here and in the files of either layout.
struct TensorName {
  std::string_view here, pytorch, keras;

  static constexpr const TensorName* find(std::span<const TensorName> all, std::string_view block) {
    for (const TensorName& name : all) {
      if (name.here == block) return &name;
    }
    return nullptr;
  }
  std::string text(Layout layout) const { return std::string(layout == Layout::pytorch ? pytorch : keras); }
};
inline constexpr std::array<TensorName, 5> tensor_names{{{"weight", "weight", "kernel"},
                                                         {"gamma", "weight", "gamma"},
                                                         {"beta", "bias", "beta"},
                                                         {"moving_mean", "running_mean", "moving_mean"},
                                                         {"moving_variance", "running_var", "moving_variance"}}};
/// Of the blocks of gates. Those of a second direction have a suffix besides.
inline constexpr std::array<TensorName, 4> gate_names{{{"weight_ih", "weight_ih_l0", "kernel"},
                                                       {"weight_hh", "weight_hh_l0", "recurrent_kernel"},
                                                       {"bias_ih", "bias_ih_l0", "bias"},
                                                       {"bias_hh", "bias_hh_l0", "bias"}}};
inline constexpr std::string_view reverse_suffix = "_reverse";

/// Of a block of gates; of another, null.
inline const TensorName* gate_name(const LayerFacts& layer, std::string_view block) {
  if (!layer.gates) return nullptr;
  if (block.ends_with(reverse_suffix)) block.remove_suffix(reverse_suffix.size());
  return TensorName::find(gate_names, block);
}

/// The name of a block in a file. Blocks of gates that have one name there are one tensor.
inline std::string tensor_name(Layout layout, const LayerFacts& layer, std::string_view block) {
  if (const TensorName* const name = gate_name(layer, block)) {
    return name->text(layout).append(block.ends_with(reverse_suffix) ? reverse_suffix : "");
  }
  if (layer.embeds && layout == Layout::keras) return "embeddings";
  const TensorName* const name = TensorName::find(tensor_names, block);
  return name ? name->text(layout) : std::string(block);
}

/// The axes of a block in the order of a file, the slowest first.
inline std::vector<BlockAxis::Kind> axis_order(Layout layout, const LayerFacts& layer, const Block& block) {
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

/// The tensors of a model, in the order of its blocks.
inline std::vector<TensorPlan> tensor_plans(const ModelFacts& model, Layout layout) {
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
