// SPDX-License-Identifier: MIT
#pragma once

#include "support/apart.hpp"
#include "support/catch.hpp"
#include <eigencoder/eigencoder.hpp>

// What runs as one must give what its parts give one after the other: predictions, losses, and every parameter's gradient.
namespace fusion {

using namespace eigencoder;

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

template <class T>
struct Result {
  Matrix<T> prediction, gradient;
  double loss;
};

template <class T>
Matrix<T> uniform(Index rows, Index columns, Index stream, double offset = 0) {
  const Random random(Seed{2}, 0, 0);
  return Matrix<T>::NullaryExpr(rows, columns,
                                [&](Index i, Index j) { return static_cast<T>(random.uniform(stream + j, i) + offset); });
}

template <class T, class Layers, class Loss>
Result<T> run(const Layers& layers, Loss loss) {
  Network<Layers, T> model{layers, Seed{1}};
  using Model = decltype(model);
  constexpr Index batch = 5;
  model.set_parameters(uniform<T>(Model::parameter_count, 1, 1000, -0.5).col(0));
  const Matrix<T> x = uniform<T>(Model::input.size(), batch, 0, -0.3), target = uniform<T>(Model::output.size(), batch, 500);

  const auto objective = as_objective(loss);
  Stepper<Model, std::decay_t<decltype(objective)>, Adam> stepper(1, Seed{3});
  stepper.reserve_training(batch);
  Result<T> result{model.predict(x), Matrix<T>(Model::parameter_count, 1), 0};
  result.loss = stepper.differentiate(model, objective, {x, target, nullptr, batch}, 1, result.gradient.data())[0];
  return result;
}

template <class T>
void check_alike(const Result<T>& one, const Result<T>& other) {
  constexpr double tolerance = sizeof(T) == 4 ? 1e-5 : 1e-12;
  const auto differ = [](const Matrix<T>& a, const Matrix<T>& b) {
    return static_cast<double>((a - b).cwiseAbs().maxCoeff()) / static_cast<double>(a.cwiseAbs().maxCoeff());
  };
  CHECK(differ(one.prediction, other.prediction) < tolerance);
  CHECK(differ(one.gradient, other.gradient) < tolerance);
  CHECK(other.loss == Approx(one.loss).epsilon(tolerance));
}

/// The layers, and the same with something between every two.
template <class T, Shape In, class... L, class Loss = MeanSquaredError>
void check(Loss loss = {}) {
  INFO((type_name<Sequential<In, L...>>()));
  const auto parted = []<class First, class... Rest>(First first, Rest... rest) {
    return std::apply([](auto... layers) { return sequential<In>(layers...); },
                      std::tuple_cat(std::tuple{first}, std::tuple_cat(std::tuple{Apart{}, rest}...)));
  };
  check_alike(run<T>(sequential<In>(L{}...), loss), run<T>(parted(L{}...), loss));
}

}  // namespace fusion
