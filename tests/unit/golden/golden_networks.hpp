// SPDX-License-Identifier: MIT
#pragma once

#include "support/example_networks.hpp"
#include "support/model_blocks.hpp"

// The examples' networks against PyTorch: output, every gradient, ten steps of Adam. All in double; in float one of dense
// layers, one that pools and upsamples, and one that transposes: of each layer and loss alone the other rooms have both
// scalars.
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
  const auto blocks = blocks_of(model);
  draw_blocks(blocks);
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
    INFO(name << ", gradient, " << threads << " threads");
    check_blocks(expected["gradients"], blocks, gradient.data(), tolerance);
  }

  const nlohmann::json& adam = expected["adam"];
  const ec::Adam optimizer{
      .learning_rate = adam["learning_rate"], .beta1 = adam["beta1"], .beta2 = adam["beta2"], .epsilon = adam["epsilon"]};
  ec::Trainer trainer{model, loss, optimizer, {.threads = 2}};
  for (const auto& before : adam["losses"]) CHECK(trainer.train_on_batch(x) == Approx(before.get<double>()).epsilon(tolerance));
  INFO(name << " after ten steps");
  check_blocks(adam["parameters"], blocks, model.parameters().data(), tolerance);
}

}  // namespace golden
