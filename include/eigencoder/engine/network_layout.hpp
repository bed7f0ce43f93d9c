// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>

#include "eigencoder/core/layer.hpp"

namespace eigencoder {

/// What is to be known of a network and of where its parameters and running state lie, as data: for code that is the same for all
/// networks.
struct NetworkLayout {
  std::span<const PlacedBlock> blocks;  ///< layer by layer
  std::span<const bool> frozen;         ///< of the layers, by their type
  std::size_t code = 0;                 ///< the decoder's first layer; beyond the last: there is no decoder
  Index parameters = 0, state = 0;      ///< scalars
  Index output = 0;                     ///< values a sample
  Index multiplications = 0;            ///< Chain::multiplications

  std::size_t layers() const { return frozen.size(); }
  /// Where layer i stands, for messages: "encoder.0".
  std::string position(std::size_t i) const {
    if (code > layers()) return message("layer.", i);
    return i < code ? message("encoder.", i) : message("decoder.", i - code);
  }
  /// The name of a block of layer i: "encoder.0.weight".
  std::string name_of(std::size_t i, const Block& block) const { return message(position(i), '.', block.name); }
  /// The name of the block that holds the parameter of that number.
  std::string name_of_parameter(Index number) const {
    for (const auto& [layer, block, offset] : blocks) {
      if (block.trainable && number < offset + block.size()) return name_of(layer, block);
    }
    return {};
  }
};

template <class C>
inline constexpr NetworkLayout layout_of{C::blocks,          C::frozen,      C::code,          C::parameter_count,
                                         C::state_count,     C::output.size(), C::multiplications};

}  // namespace eigencoder
