// SPDX-License-Identifier: MIT
#pragma once

#include "golden/golden.hpp"
#include "support/catch.hpp"
#include "support/throws.hpp"
#include <eigencoder/eigencoder.hpp>

// The network of training.json, and how it is trained there.
namespace training {

namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::features(6), ec::Dense<4>, ec::Tanh>;
using FrozenEncoder = ec::Encoder<ec::features(6), ec::Frozen<ec::Dense<4>>, ec::Tanh>;
using Decoder = ec::Decoder<ec::features(4), ec::Dense<6>>;
using Model = ec::Autoencoder<Encoder, Decoder, double>;

inline const nlohmann::json& file() {
  static const nlohmann::json loaded = golden::load("training.json");
  return loaded;
}
inline Eigen::MatrixXd filled(std::uint64_t stream, ec::Index rows, ec::Index cols, double scale = 2, double offset = -1) {
  Eigen::MatrixXd values(rows, cols);
  golden::fill(stream, scale, offset, values);
  return values;
}
inline Eigen::MatrixXd inputs() { return filled(1, 6, file()["batch"].get<ec::Index>()); }
inline Eigen::MatrixXd targets() { return filled(2, 6, file()["batch"].get<ec::Index>()); }

template <class AnyModel>
void start(AnyModel& model) {
  const double limit = std::sqrt(6.0 / 10);
  golden::fill(1000, 2 * limit, -limit, model.parameter("encoder.0.weight"));
  golden::fill(1001, 0.2, -0.1, model.parameter("encoder.0.bias"));
  golden::fill(1002, 2 * limit, -limit, model.parameter("decoder.0.weight"));
  golden::fill(1003, 0.2, -0.1, model.parameter("decoder.0.bias"));
}

inline Eigen::VectorXd vector(const nlohmann::json& numbers) {
  const auto values = numbers.get<std::vector<double>>();
  return Eigen::Map<const Eigen::VectorXd>(values.data(), std::ssize(values));
}
template <class A, class B>
double distance(const A& a, const B& b) {
  return (a - b).cwiseAbs().maxCoeff();
}

/// As many steps as recorded, of step(); loss, norm and parameters after them as PyTorch has them.
template <class AnyModel, class Trainer, class Step>
void check_steps(const nlohmann::json& expected, const AnyModel& model, Trainer& trainer, double tolerance, Step step) {
  for (std::size_t n = 0; n < expected["losses"].size(); ++n) {
    CHECK(step() == Approx(expected["losses"][n].get<double>()).epsilon(tolerance));
    CHECK(trainer.gradient_norm() == Approx(expected["norms"][n].get<double>()).epsilon(tolerance));
  }
  CHECK(distance(model.parameters(), vector(expected["theta"])) < tolerance);
}

/// f(name, optimizer) for the optimizers of the file.
template <class F>
void for_each_optimizer(F f) {
  const double rate = file()["learning_rate"];
  f("sgd", ec::SGD{.learning_rate = rate, .momentum = 0.9});
  f("adam", ec::Adam{.learning_rate = rate});
  f("adamw", ec::AdamW{.learning_rate = rate, .weight_decay = 0.1});
}

}  // namespace training
