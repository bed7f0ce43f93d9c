// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "golden/digest.hpp"
#include "golden/totals.hpp"
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

/// Fills a block as golden.weight and golden.bias of the files' makers draw it: weights are matrices, biases not.
void draw_block(std::uint64_t stream, const eigencoder::Block& block, auto values) {
  const double limit = block.cols > 0 ? std::sqrt(6.0 / static_cast<double>(block.rows + block.cols)) : 0.1;
  fill(stream, 2 * limit, -limit, values);
}

/// Fills them from stream 1000 on.
template <class T>
void draw_blocks(const std::vector<ModelBlock<T>>& blocks) {
  std::uint64_t stream = 1000;
  for (const auto& [name, block, values] : blocks) draw_block(stream++, block, values);
}

/// check(expected[k], block k) of parameters, or of their gradients, that lie one after the other.
template <class T>
void check_each_block(const nlohmann::json& expected, const std::vector<ModelBlock<T>>& blocks, const T* at, const auto& check) {
  REQUIRE(expected.size() == blocks.size());
  for (std::size_t k = 0; k < blocks.size(); ++k) {
    CAPTURE(blocks[k].name);
    const eigencoder::MatrixView<const T> found(at, blocks[k].values.rows(), blocks[k].values.cols());
    check(expected[k], found);
    at += found.size();
  }
}

/// Against the digests of the blocks, or against their totals.
template <class T>
void check_blocks(const nlohmann::json& expected, const std::vector<ModelBlock<T>>& blocks, const T* at, double tolerance) {
  check_each_block(expected, blocks, at, [&](const auto& digest, const auto& found) { check_digest(digest, found, tolerance); });
}
template <class T>
void check_block_totals(const nlohmann::json& expected, const std::vector<ModelBlock<T>>& blocks, const T* at, double tolerance) {
  check_each_block(expected, blocks, at, [&](const auto& totals, const auto& found) { check_totals(totals, found, tolerance); });
}

}  // namespace golden
