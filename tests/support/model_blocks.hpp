// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "golden/digest.hpp"
#include <eigencoder/core/eigen.hpp>
#include <eigencoder/core/stage.hpp>

// The parameters of a model without its type: what is asked alike of many models is compiled once.
namespace golden {

template <class T>
struct ModelBlock {
  std::string name;
  eigencoder::Block block;
  eigencoder::MatrixView<T> values;
};

/// Those that are trained, in their order.
template <class Model>
auto blocks_of(Model& model) {
  using T = typename Model::Scalar;
  std::vector<ModelBlock<T>> blocks;
  model.for_each_block([&](const std::string& name, const eigencoder::Block& block, eigencoder::MatrixView<T> values) {
    if (block.trainable) blocks.push_back({name, block, values});
  });
  return blocks;
}

/// Fills them as golden.weight and golden.bias of the files' makers draw them, from stream 1000 on.
template <class T>
void draw_blocks(std::vector<ModelBlock<T>> blocks) {
  std::uint64_t stream = 1000;
  for (auto& [name, block, values] : blocks) {
    const double limit = block.cols > 0 ? std::sqrt(6.0 / static_cast<double>(block.rows + block.cols)) : 0.1;
    fill(stream++, 2 * limit, -limit, values);
  }
}

/// Parameters, or their gradients, that lie one after the other, against the digests of the blocks.
template <class T>
void check_blocks(const nlohmann::json& expected, const std::vector<ModelBlock<T>>& blocks, const T* at, double tolerance) {
  REQUIRE(expected.size() == blocks.size());
  for (std::size_t k = 0; k < blocks.size(); ++k) {
    CAPTURE(blocks[k].name);
    const eigencoder::MatrixView<const T> found(at, blocks[k].values.rows(), blocks[k].values.cols());
    check_digest(expected[k], found, tolerance);
    at += found.size();
  }
}

}  // namespace golden
