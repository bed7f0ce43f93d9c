// SPDX-License-Identifier: MIT
#pragma once

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

  std::vector<std::uint64_t> shape() const;

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

/// The name of a block in a file. Blocks of gates that have one name there are one tensor.
std::string tensor_name(Layout layout, const LayerFacts& layer, std::string_view block);

/// The axes of a block in the order of a file, the slowest first.
std::vector<BlockAxis::Kind> axis_order(Layout layout, const LayerFacts& layer, const Block& block);

/// The tensors of a model, in the order of its blocks.
std::vector<TensorPlan> tensor_plans(const ModelFacts& model, Layout layout);

}  // namespace eigencoder::detail

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/io/tensor_plan_impl.hpp"
#endif
