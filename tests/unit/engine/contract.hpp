// SPDX-License-Identifier: MIT
#pragma once

#include "support/contract_layers.hpp"

#include <eigencoder/testing/gradient_check.hpp>

#include "support/catch.hpp"

// Clauses of the layer contract inside whole models: gradients against finite differences, and the result of a step whatever the
// number of threads and shards.
namespace contract {


inline Eigen::MatrixXd uniform(Index rows, Index columns, Index first) {
  const Random random(Seed{5}, 0, 0);
  return Eigen::MatrixXd::NullaryExpr(rows, columns, [&](Index i, Index j) { return random.uniform(first + j, i); });
}
inline Eigen::VectorXd normal(Index count) {
  const Random random(Seed{5}, 0, 0);
  return Eigen::VectorXd::NullaryExpr(count, [&](Index i) { return random.normal(-1, i); });
}

/// Terms and gradient of a step.
struct Step {
  std::vector<double> terms;
  Eigen::VectorXd gradient;
};
inline void check_same(const Step& one, const Step& other) {
  CHECK((one.gradient - other.gradient).cwiseAbs().maxCoeff() < 1e-12 * (1 + one.gradient.cwiseAbs().maxCoeff()));
  for (std::size_t k = 0; k < one.terms.size(); ++k) CHECK(other.terms[k] == Approx(one.terms[k]).epsilon(1e-12));
}
inline void check_report(const GradientReport& report, Index least) {
  INFO(report.text());
  CHECK(report.checked >= least);
  CHECK(report.error < 1e-6);
}

template <class Model, class Part>
void check(Model model, Part part) {
  constexpr Index batch = 37;  // prime, and several shards of any cut
  const Eigen::MatrixXd x = uniform(Model::input.size(), batch, 0), target = uniform(Model::output.size(), batch, batch);
  const Eigen::VectorXd moved = model.parameters() + 0.1 * normal(Model::parameter_count);
  model.set_parameters(moved);
  check_report(check_model_gradient(model, part, x.leftCols(7), target.leftCols(7), {.seed = Seed{9}}), Model::parameter_count);

  const auto objective = as_objective(part);
  using Stepper = Stepper<Model, std::decay_t<decltype(objective)>, Adam>;
  const auto differentiate = [&](std::size_t threads) {
    Stepper stepper(threads, Seed{9}, 0);
    stepper.reserve_training(batch);
    Step step{{}, Eigen::VectorXd(Model::parameter_count)};
    const auto terms = stepper.differentiate(model, objective, {x, target, nullptr, batch}, 1, step.gradient.data());
    step.terms.assign(terms.begin(), terms.end());
    return step;
  };
  const Step one = differentiate(1);
  for (const std::size_t threads : {2U, 3U}) {
    INFO(threads << " threads");
    check_same(one, differentiate(threads));
  }
}

template <class E, class D, class Part>
void check_types(Part part) {
  check(Autoencoder<E, D, double>{Seed{3}}, part);
}

}  // namespace contract
