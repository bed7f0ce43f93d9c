// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/io/layout.hpp"

namespace eigencoder {

namespace detail {

EIGENCODER_INLINE std::vector<Index> pytorch_channels(const ModelFacts& model) {
  constexpr Index open = 0;
  const std::size_t size = model.layers.size();
  const auto shape = [&](std::size_t i) { return i == 0 ? model.layers[0].in : model.layers[i - 1].out; };
  std::vector<Index> channels(size + 1, open);
  const auto settle = [&](std::size_t i) { channels[i] = shape(i).channels; };
  for (std::size_t i = 0; i <= size; ++i) {
    if (shape(i).height * shape(i).width > 1 || i == 0 || i == size || i == model.code) settle(i);
  }

  std::vector<bool> mixes_in(size), mixes_out(size);  // weights meet all values of a layer's input, or of its output
  for (const auto& [i, block, offset] : model.blocks) {
    if (block.stride(BlockAxis::in) == 0 || block.stride(BlockAxis::out) == 0 || model.layers[i].gates) continue;
    mixes_in[i] = mixes_in[i] || block.extent(BlockAxis::in) == shape(i).size();
    mixes_out[i] = mixes_out[i] || block.extent(BlockAxis::out) == shape(i + 1).size();
  }
  std::vector<std::array<std::size_t, 2>> alike;  // activations in one order
  const auto same = [&](std::size_t a, std::size_t b) {
    if (shape(a) == shape(b)) {
      alike.push_back({a, b});
    } else {
      settle(a);
      settle(b);
    }
  };
  for (std::size_t i = 0; i < size; ++i) {
    const LayerFacts& layer = model.layers[i];
    if (layer.reshapes) continue;
    if (layer.joined != no_link) {
      same(static_cast<std::size_t>(layer.joined), i + 1);
      same(i, i + 1);
    } else if (layer.source != no_link) {
      same(i, static_cast<std::size_t>(layer.source) + 1);
      same(i + 1, static_cast<std::size_t>(layer.source));
    } else if (layer.in == layer.out && !mixes_in[i] && !layer.gates) {
      same(i, i + 1);
    } else {
      if (!mixes_in[i]) settle(i);
      if (!mixes_out[i]) settle(i + 1);
    }
  }
  const auto copy = [&](std::size_t a, std::size_t b) {
    if (channels[a] == open) std::swap(a, b);
    const bool news = channels[a] != open && channels[b] == open;
    if (news) channels[b] = channels[a];
    return news;
  };
  const auto spread = [&] {
    while (std::any_of(alike.begin(), alike.end(), [&](auto pair) { return copy(pair[0], pair[1]); })) {
    }
  };
  spread();
  for (bool news = true; news;) {
    news = false;
    for (std::size_t i = 0; i < size; ++i) {
      if (!model.layers[i].reshapes || !copy(i, i + 1)) continue;
      spread();
      news = true;
    }
  }
  for (std::size_t i = 0; i <= size; ++i) {
    if (channels[i] == open) settle(i);
  }
  return channels;
}

}  // namespace detail

}  // namespace eigencoder
