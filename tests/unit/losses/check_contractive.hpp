// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "golden/totals.hpp"
#include "support/model_blocks.hpp"
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/testing/gradient_check.hpp>

// What is asked of every penalty on the derivatives of a code.
namespace contractive {

namespace ec = eigencoder;

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

/// The encoder, and a decoder of one dense layer.
template <class T, ec::Shape Input, class... Encoder>
auto model_of(Encoder... layers) {
  constexpr ec::Shape code = ec::Encoder<Input, Encoder...>::output;
  return ec::Autoencoder<ec::Encoder<Input, Encoder...>, ec::Decoder<code, ec::Dense<Input.size()>>, T>(
      ec::encoder<Input>(layers...), ec::decoder<code>(ec::Dense<Input.size()>{}), ec::Seed{1});
}

/// An entry of contractive.json, its weights in the blocks of a model. Without the model's type: compiled once a scalar.
template <class T>
struct Golden {
  static constexpr double tolerance = std::is_same_v<T, double> ? 1e-10 : 1e-5;
  const nlohmann::json& expected;
  std::vector<golden::ModelBlock<T>> blocks;
  Matrix<T> x;

  Golden(const std::string& name, ec::Index input, std::vector<golden::ModelBlock<T>> of_model)
      : expected(file()[name]), blocks(std::move(of_model)), x(input, expected["batch"].get<ec::Index>()) {
    golden::draw_blocks(blocks);
    golden::fill(1, 2, -1, x);
  }
  double weight() const { return expected["weight"].get<double>(); }
  void check_penalty(double found) const { CHECK(found == Approx(expected["penalty"].get<double>()).epsilon(tolerance)); }
  void check_gradients(const T* at) const {
    golden::check_block_totals(expected["gradients"], blocks, at, tolerance);
  }

 private:
  static const nlohmann::json& file() {
    static const nlohmann::json read = golden::load("contractive.json");
    return read;
  }
};

/// Penalty and every gradient against PyTorch's, on one thread and on two.
template <class Model, class Penalty>
void check_golden(const std::string& name, Model model, const Penalty& penalty) {
  using T = typename Model::Scalar;
  INFO(name);
  const Golden<T> entry(name, Model::input.size(), golden::blocks_of(model));
  const Matrix<T>& x = entry.x;

  const auto objective = ec::MeanSquaredError{} + entry.weight() * penalty;
  for (const std::size_t threads : {1U, 2U}) {
    ec::Stepper<Model, std::remove_const_t<decltype(objective)>, ec::Adam> stepper(threads, {}, 0);
    stepper.reserve_training(x.cols());
    Eigen::Matrix<T, Eigen::Dynamic, 1> gradient(Model::parameter_count);
    entry.check_penalty(stepper.differentiate(model, objective, {x, x, nullptr, x.cols()}, 1, gradient.data())[1]);
    entry.check_gradients(gradient.data());
    entry.check_penalty(stepper.evaluate(model, objective, {x, x, nullptr, x.cols()})[1]);
  }
}

/// The penalty alone, as an evaluation finds it.
template <class Model, class Penalty>
double value_of(const Model& model, const Penalty& penalty, const Matrix<typename Model::Scalar>& x) {
  const auto objective = ec::MeanSquaredError{} + 1.0 * penalty;
  ec::Stepper<Model, std::remove_const_t<decltype(objective)>, ec::Adam> stepper(1, {}, 0);
  stepper.reserve(x.cols());
  return stepper.evaluate(model, objective, {x, x, nullptr, x.cols()})[1];
}

template <class Model, class Penalty>
void check_gradient(Model model, const Penalty& penalty, ec::Index batch) {
  Matrix<double> x(Model::input.size(), batch);
  golden::fill(1, 2, -1, x);
  const ec::GradientReport report = ec::check_model_gradient(model, 0.5 * ec::MeanSquaredError{} + 0.7 * penalty, x, x);
  INFO(report.text());
  CHECK(report.error < 1e-6);
}

}  // namespace contractive
