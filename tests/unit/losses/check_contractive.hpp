// SPDX-License-Identifier: MIT
#pragma once

#include "golden/totals.hpp"
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

/// Penalty and every gradient against PyTorch's, on one thread and on two.
template <class Model, class Penalty>
void check_golden(const std::string& name, Model model, const Penalty& penalty) {
  using T = typename Model::Scalar;
  INFO(name);
  const double tolerance = std::is_same_v<T, double> ? 1e-10 : 1e-5;
  static const nlohmann::json file = golden::load("contractive.json");
  const nlohmann::json& expected = file[name];
  std::uint64_t stream = 1000;
  model.for_each_block([&](const std::string&, const ec::Block& block, auto view) {
    const double limit = block.cols > 0 ? std::sqrt(6.0 / static_cast<double>(block.rows + block.cols)) : 0.1;
    golden::fill(stream++, 2 * limit, -limit, view);
  });
  Matrix<T> x(Model::input.size(), expected["batch"].get<ec::Index>());
  golden::fill(1, 2, -1, x);

  const auto objective = ec::MeanSquaredError{} + expected["weight"].get<double>() * penalty;
  for (const std::size_t threads : {1U, 2U}) {
    ec::Stepper<Model, std::remove_const_t<decltype(objective)>, ec::Adam> stepper(threads, {}, 0);
    stepper.reserve_training(x.cols());
    Eigen::Matrix<T, Eigen::Dynamic, 1> gradient(Model::parameter_count);
    const auto values = stepper.differentiate(model, objective, {x, x, nullptr, x.cols()}, 1, gradient.data());
    CHECK(values[1] == Approx(expected["penalty"].get<double>()).epsilon(tolerance));
    std::size_t k = 0;
    const T* at = gradient.data();
    std::as_const(model).for_each_block([&](const std::string& block_name, const ec::Block&, auto view) {
      INFO("gradient of " << block_name);
      golden::check_totals(expected["gradients"][k++], ec::MatrixView<const T>(at, view.rows(), view.cols()), tolerance);
      at += view.size();
    });
  }
  ec::Trainer trainer{model, objective, ec::Adam{}};
  CHECK(trainer.evaluate(x).terms[1] == Approx(expected["penalty"].get<double>()).epsilon(tolerance));
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
