// SPDX-License-Identifier: MIT
#pragma once

#include "support/contract_layers.hpp"

#include <eigencoder/testing/gradient_check.hpp>

#include "support/catch.hpp"

// Clauses of the layer contract inside whole models: gradients against finite differences, and the result of a step whatever the
// number of threads and shards.
namespace contract {


template <class Model, class Part>
void check(Model model, Part part) {
  const Random random(Seed{5}, 0, 0);
  constexpr Index batch = 37;  // prime, and several shards of any cut
  const Eigen::MatrixXd x = Eigen::MatrixXd::NullaryExpr(Model::input.size(), batch, [&](Index i, Index j) { return random.uniform(j, i); });
  const Eigen::MatrixXd target =
      Eigen::MatrixXd::NullaryExpr(Model::output.size(), batch, [&](Index i, Index j) { return random.uniform(j + batch, i); });
  model.set_parameters(model.parameters() + 0.1 * Eigen::VectorXd::NullaryExpr(Model::parameter_count,
                                                                               [&](Index i) { return random.normal(-1, i); }));

  const GradientReport report = check_model_gradient(model, part, x.leftCols(7), target.leftCols(7), {.seed = Seed{9}});
  INFO(report.text());
  CHECK(report.checked >= Model::parameter_count);
  CHECK(report.error < 1e-6);

  const auto objective = as_objective(part);
  using Stepper = Stepper<Model, std::decay_t<decltype(objective)>, Adam>;
  Eigen::VectorXd one(Model::parameter_count), other(Model::parameter_count);
  std::vector<double> values;
  for (const std::size_t threads : {1U, 2U, 3U}) {
    Stepper stepper(threads, Seed{9}, 0);
    stepper.reserve_training(batch);
    const auto terms = stepper.differentiate(model, objective, {x, target, nullptr, batch}, 1, other.data());
    if (threads == 1) {
      one = other;
      values.assign(terms.begin(), terms.end());
    }
    INFO(threads << " threads");
    CHECK((one - other).cwiseAbs().maxCoeff() < 1e-12 * (1 + one.cwiseAbs().maxCoeff()));
    for (std::size_t k = 0; k < values.size(); ++k) CHECK(terms[k] == Approx(values[k]).epsilon(1e-12));
  }
}

template <class E, class D, class Part>
void check_types(Part part) {
  check(Autoencoder<E, D, double>{Seed{3}}, part);
}

}  // namespace contract
