// SPDX-License-Identifier: MIT
#pragma once

#include "golden/digest.hpp"
#include "support/example_networks.hpp"

// The examples' networks against PyTorch: output, every gradient, ten steps of Adam.
namespace golden {

namespace ec = eigencoder;

template <class Model, class Loss>
void check_network(const std::string& name, const Loss& loss) {
  using T = typename Model::Scalar;
  using Matrix = typename Model::Matrix;
  const double tolerance = std::is_same_v<T, double> ? 1e-9 : 1e-5;
  static const nlohmann::json file = load("networks.json");
  const nlohmann::json& expected = file["networks"][name];

  Model model;
  std::uint64_t stream = 1000;
  model.for_each_block([&](const std::string&, const ec::Block& block, auto view) {
    const double limit = block.cols > 0 ? std::sqrt(6.0 / static_cast<double>(block.rows + block.cols)) : 0.1;
    fill(stream++, 2 * limit, -limit, view);
  });
  const auto batch = expected["batch"].get<ec::Index>();
  Matrix x(Model::input.size(), batch);
  fill(1, 1, 0, x);

  check_digest(expected["output"], model.reconstruct(x), tolerance);

  Eigen::Matrix<T, Eigen::Dynamic, 1> gradient(Model::parameter_count);
  for (const std::size_t threads : {1U, 2U}) {
    ec::Stepper<Model, ec::Objective<Loss>, ec::Adam> stepper(threads, {}, 0);
    stepper.reserve_training(batch);
    const auto values = stepper.differentiate(model, ec::as_objective(loss), {x, x, nullptr, batch}, 1, gradient.data());
    CHECK(values[0] == Approx(expected["loss"].get<double>()).epsilon(tolerance));
    std::size_t k = 0;
    const T* at = gradient.data();
    std::as_const(model).for_each_block([&](const std::string& block_name, const ec::Block&, auto view) {
      INFO(name << ", gradient of " << block_name << ", " << threads << " threads");
      check_digest(expected["gradients"][k++], ec::MatrixView<const T>(at, view.rows(), view.cols()), tolerance);
      at += view.size();
    });
  }

  const nlohmann::json& adam = expected["adam"];
  const ec::Adam optimizer{
      .learning_rate = adam["learning_rate"], .beta1 = adam["beta1"], .beta2 = adam["beta2"], .epsilon = adam["epsilon"]};
  ec::Trainer trainer{model, loss, optimizer, {.threads = 2}};
  for (const auto& before : adam["losses"]) CHECK(trainer.train_on_batch(x) == Approx(before.get<double>()).epsilon(tolerance));
  std::size_t k = 0;
  std::as_const(model).for_each_block([&](const std::string& block_name, const ec::Block&, auto view) {
    INFO(name << ", " << block_name << " after ten steps");
    check_digest(adam["parameters"][k++], view, tolerance);
  });
}

}  // namespace golden
