// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "eigencoder/core/pass.hpp"

// What layers share that have the weights of an earlier layer, transposed, and a bias of their own: TiedDense and TiedConv2D.
// `Tied` in models/mirror.hpp makes a decoder of them. Position counts in the network, from the encoder's first layer on.
namespace eigencoder::detail {

/// The parts that TiedDense and TiedConv2D share.
template <Index Position, Shape Out, auto... Options>
struct Tied {
  static constexpr bool biased = option_or<Bias, Options...>(Bias::added) == Bias::added;

  static constexpr Shape output(Shape) { return Out; }
  static constexpr auto parameters(Shape) {
    if constexpr (biased) {
      return std::array{Block{.name = "bias", .rows = Out.channels, .decay = false}};
    } else {
      return std::array<Block, 0>{};
    }
  }
  template <class Source>
  static constexpr bool has_weight(Index rows, Index cols) {
    if constexpr (Source::Trainable::count > 0) {
      constexpr Block block = Source::Trainable::entries[0].block;
      return block.name == "weight" && block.rows == rows && block.cols == cols;
    }
    return false;
  }
  /// The first vector of a layer's parameters or of their gradient, or null.
  template <class T, class Blocks>
  static T* bias(Blocks& blocks) {
    if constexpr (biased) return std::get<0>(blocks).data();
    return nullptr;
  }
};

}  // namespace eigencoder::detail
