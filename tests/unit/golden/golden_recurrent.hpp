// SPDX-License-Identifier: MIT
#pragma once

#include <eigencoder/eigencoder.hpp>

#include "golden/totals.hpp"
#include "support/model_blocks.hpp"

// Recurrent layers and networks of them against PyTorch, in double.
namespace golden {

namespace ec = eigencoder;
using ec::Index;
using Lengths = std::vector<Index>;

constexpr double tolerance = 1e-9;
constexpr ec::Shape steps_of_channels = ec::sequence(5, 4);  ///< of most samples of these files
constexpr Index samples = 3;

inline Eigen::MatrixXd drawn(std::uint64_t stream, Index rows, Index columns = samples) {
  Eigen::MatrixXd values(rows, columns);
  fill(stream, 2, -1, values);
  return values;
}

/// The parameters of a layer alone, block by block.
template <class Chain, class Run>
void fill_blocks(Run& run) {
  std::uint64_t stream = 1000;
  for (const auto& [block, offset] : Chain::template stage<0>::Trainable::entries) {
    draw_block(stream++, block, ec::MatrixView<double>(run.theta.data() + offset, block.rows, std::max<Index>(block.cols, 1)));
  }
}

/// 0 at the steps that a sample has not, where there are lengths and `shape` has steps.
inline Eigen::MatrixXd without_padding(Eigen::MatrixXd values, const Lengths& lengths, ec::Shape shape) {
  for (std::size_t j = 0; j < lengths.size() && shape.width > 1; ++j)
    values.col(static_cast<Index>(j)).tail(shape.channels * (shape.width - lengths[j])).setZero();
  return values;
}

/// As the file has them, under its names.
inline void fill_blocks(const nlohmann::json& gradients, const std::vector<ModelBlock<double>>& blocks) {
  REQUIRE(blocks.size() == gradients.size());
  for (std::size_t k = 0; k < blocks.size(); ++k) CHECK(gradients[k]["block"] == blocks[k].name);
  draw_blocks(blocks);
}

/// Error and every gradient on samples of `lengths`, by one thread and two, with parameters as the file has them.
template <class Model>
void check_gradients(const nlohmann::json& expected, Model& model, const Eigen::MatrixXd& x, const Eigen::MatrixXd& target,
                     const Lengths& lengths, ec::Seed seed = {}, std::uint64_t step = 1) {
  using Loss = ec::MeanSquaredError;
  const auto blocks = blocks_of(model);
  fill_blocks(expected["gradients"], blocks);
  const ec::Batch<double> batch{.inputs = x, .targets = target, .size = x.cols(), .lengths = lengths.empty() ? nullptr : lengths.data()};
  Eigen::VectorXd gradient(Model::parameter_count);
  for (const std::size_t threads : {1U, 2U}) {
    INFO(threads << " threads");
    ec::Stepper<Model, ec::Objective<Loss>, ec::Adam> stepper(threads, seed, 0);
    stepper.reserve_training(x.cols());
    const auto values = stepper.differentiate(model, ec::as_objective(Loss{}), batch, step, gradient.data());
    CHECK(values[0] == Approx(expected["loss"].get<double>()).epsilon(tolerance));
    check_block_totals(expected["gradients"], blocks, gradient.data(), tolerance);
  }
}

}  // namespace golden
