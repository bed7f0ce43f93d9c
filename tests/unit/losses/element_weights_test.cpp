// SPDX-License-Identifier: MIT
#include "run_loss.hpp"
#include "support/catch.hpp"
#include <eigencoder/eigencoder.hpp>

// Weights of the values of the targets, loss by loss.
namespace ec = eigencoder;
using ec::Index;
using losses::Matrix;

namespace {

/// The loss of a batch with weights of its values, and of its samples if there are any.
template <bool Gradient = true, bool Accumulate = false, class T, class Loss>
double run(const Loss& loss, const Matrix<T>& y, const Matrix<T>& target, Matrix<T>& dy, const ec::ElementWeights<T>& weights,
           const T* of_samples = nullptr) {
  return loss(ec::LossPass<ec::LossStage<Loss, T>, Gradient, Accumulate>{.y = {y.data(), y.rows(), y.cols()},
                                                                         .target = {target.data(), y.rows(), y.cols()},
                                                                         .dy = {dy.data(), y.rows(), y.cols()},
                                                                         .batch = y.cols(),
                                                                         .weight = 1.75,
                                                                         .weights = of_samples,
                                                                         .element_weights = weights});
}

/// A quarter of them 0.
template <class T>
Matrix<T> element_weights(Index rows, Index cols) {
  return losses::uniform<T>(rows, cols, 7, 2, -0.5).cwiseMax(T(0));
}

/// What the loss makes of one value, reduced over one feature and a batch of one.
template <class Loss>
std::pair<double, double> of_one(const Loss& loss, double y, double target) {
  const Matrix<double> one = Matrix<double>::Constant(1, 1, y), other = Matrix<double>::Constant(1, 1, target);
  Matrix<double> dy(1, 1);
  const double value = losses::run(loss, one, other, dy, 1);
  return {value, dy(0, 0)};
}

/// Values of y in [low, high] and targets in [0, 1]; `features`: by how much the loss is divided.
template <class Loss>
void check(const Loss& loss, bool mean, double low, double high) {
  for (const auto& [rows, cols] : {std::pair<Index, Index>{1, 1}, {5, 7}, {19, 1}, {37, 3}}) {
    INFO(ec::type_name<Loss>() << ", " << rows << " × " << cols);
    Matrix<double> y = losses::uniform<double>(rows, cols, 3, high - low, low);
    const Matrix<double> target = losses::uniform<double>(rows, cols, 4, 1, 0), v = element_weights<double>(rows, cols);
    const Matrix<double> w = losses::uniform<double>(cols, 1, 8, 2, 0);
    const double features = mean ? static_cast<double>(rows) : 1, share = 1 / (features * static_cast<double>(cols));
    double expected = 0;
    Matrix<double> gradient(rows, cols), dy(rows, cols);
    for (Index j = 0; j < cols; ++j) {
      for (Index i = 0; i < rows; ++i) {
        const auto [value, derivative] = of_one(loss, y(i, j), target(i, j));
        expected += share * w(j) * v(i, j) * value;
        gradient(i, j) = 1.75 * share * w(j) * v(i, j) * derivative;
      }
    }
    const ec::ElementWeights<double> weights{v.data(), rows};
    CHECK(run(loss, y, target, dy, weights, w.data()) == Approx(expected).epsilon(1e-13).margin(1e-15));
    CHECK((dy - gradient).cwiseAbs().maxCoeff() < 1e-13);
    const Matrix<double> before = losses::uniform<double>(rows, cols, 5, 2, -1);
    Matrix<double> added = before;
    run<true, true>(loss, y, target, added, weights, w.data());
    CHECK((added - before - dy).cwiseAbs().maxCoeff() < 1e-14);

    constexpr double h = 1e-6;
    for (Index k = 0; k < y.size(); k += 3) {
      const double kept = y(k);
      const auto at = [&](double by) {
        y(k) = kept + by;
        return 1.75 * run<false>(loss, y, target, added, weights, w.data());
      };
      const double numeric = (at(h) - at(-h)) / (2 * h);
      y(k) = kept;
      CHECK(std::abs(numeric - dy(k)) < 1e-7);
    }
  }
}

}  // namespace

TEST_CASE("element weights: every value counts by its weight and by its sample's, and so does its derivative") {
  check(ec::MeanSquaredError{}, true, -1, 1);
  check(ec::MeanSquaredError{ec::Reduction::sum}, false, -1, 1);
  check(ec::MeanAbsoluteError{}, true, -1, 1);
  check(ec::Huber{.delta = 0.3}, true, -1, 1);
  check(ec::BinaryCrossEntropy{}, true, 0.02, 0.98);
  check(ec::BinaryCrossEntropyOnLogits{}, true, -4, 4);
  check(ec::Bernoulli{}, false, 0.02, 0.98);
  check(ec::Gaussian{.variance = 0.4}, false, -1, 1);
  check(ec::Laplace{.scale = 0.4}, false, -1, 1);
}

TEMPLATE_TEST_CASE("element weights: of 1 are none, those of one column are all samples', and an order picks them", "", float,
                   double) {
  using T = TestType;
  constexpr Index rows = 19, cols = 4;
  const Matrix<T> y = losses::uniform<T>(rows, cols, 3, 2, -1), target = losses::uniform<T>(rows, cols, 4, 1, 0);
  Matrix<T> dy(rows, cols), other = dy;
  const ec::MeanSquaredError loss;
  const auto same = [&](const ec::ElementWeights<T>& a, const ec::ElementWeights<T>& b) {
    CHECK(run(loss, y, target, dy, a) == Approx(run(loss, y, target, other, b)).epsilon(losses::tolerance<T>));
    CHECK(losses::relative_error<T>(dy, other.template cast<double>()) < losses::tolerance<T>);
  };
  const Matrix<T> ones = Matrix<T>::Ones(rows, cols), v = element_weights<T>(rows, cols);
  same({ones.data(), rows}, {});
  const Matrix<T> alike = v.col(0).replicate(1, cols);
  same({v.data(), 0}, {alike.data(), rows});
  const std::array<Index, cols> order{2, 0, 3, 1};
  Matrix<T> picked(rows, cols), apart(2 * rows, cols);
  for (Index j = 0; j < cols; ++j) picked.col(j) = v.col(order[static_cast<std::size_t>(j)]);
  same({v.data(), rows, order.data()}, {picked.data(), rows});
  apart << v, -ones;
  same({apart.data(), 2 * rows}, {v.data(), rows});
  same(ec::ElementWeights<T>{v.data(), rows}.of(order.data(), 1), {picked.data(), rows});
  CHECK((ec::ElementWeights<T>{v.data(), rows}.of(nullptr, 2).column(1) == v.col(3).data()));
}

TEMPLATE_TEST_CASE("element weights: what has a weight of 0 is not looked at, be it a NaN", "", float, double) {
  using T = TestType;
  constexpr Index rows = 19, cols = 3;
  Matrix<T> y = losses::uniform<T>(rows, cols, 3, 0.9, 0.05), target = losses::uniform<T>(rows, cols, 4, 1, 0);
  const Matrix<T> v = element_weights<T>(rows, cols);
  REQUIRE((v.array() == 0).any());
  const auto check = [&](const auto& loss) {
    Matrix<T> dy(rows, cols), spoilt_dy(rows, cols), spoilt = target, spoilt_y = y;
    for (Index k = 0; k < v.size(); ++k) {
      if (v(k) > 0) continue;
      spoilt(k) = std::numeric_limits<T>::quiet_NaN();
      spoilt_y(k) = std::numeric_limits<T>::infinity();
    }
    const ec::ElementWeights<T> weights{v.data(), rows};
    const double value = run(loss, y, target, dy, weights);
    CHECK(std::isfinite(value));
    CHECK(run(loss, spoilt_y, spoilt, spoilt_dy, weights) == value);
    CHECK(spoilt_dy == dy);
    CHECK((v.array() > 0 || dy.array() == 0).all());
  };
  check(ec::MeanSquaredError{});
  check(ec::MeanAbsoluteError{});
  check(ec::Huber{});
  check(ec::BinaryCrossEntropy{});
  check(ec::BinaryCrossEntropyOnLogits{});
  check(ec::Gaussian{});
}
