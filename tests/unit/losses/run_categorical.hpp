// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

#include "run_loss.hpp"

// What is asked of every loss over the channels of a place.
namespace losses {

/// A batch for a loss over channels: logits or probabilities, and targets of the same shape or one class number a place.
template <class T>
struct Places {
  Index channels;
  Matrix<T> y, target;
  Index count() const { return y.rows() / channels; }
};

template <bool Gradient = true, bool Accumulate = false, class T, class Loss>
double run(const Loss& loss, const Places<T>& at, Matrix<T>& dy, std::type_identity_t<const T*> weights = nullptr,
           double weight = 1, Index batch = 0) {
  return loss(ec::LossPass<ec::LossStage<Loss, T>, Gradient, Accumulate>{
      .y = {at.y.data(), at.y.rows(), at.y.cols()},
      .target = {at.target.data(), at.target.rows(), at.target.cols()},
      .dy = {dy.data(), dy.rows(), dy.cols()},
      .batch = batch == 0 ? at.y.cols() : batch,
      .weight = weight,
      .channels = at.channels,
      .weights = weights});
}
template <class T, class Loss>
Result<T> run(const Loss& loss, const Places<T>& at) {
  Result<T> result{0, Matrix<T>::Constant(at.y.rows(), at.y.cols(), std::numeric_limits<T>::quiet_NaN())};
  result.value = run(loss, at, result.gradient);
  return result;
}

/// Both reductions against one entry of classification.json.
template <class T, class Loss>
void check_golden(const nlohmann::json& entry, Loss loss, const Places<T>& at) {
  const auto numbers = entry["gradient_of_sum"].template get<std::vector<double>>();
  const Matrix<double> gradient = Eigen::Map<const Matrix<double>>(numbers.data(), at.y.rows(), at.y.cols());
  loss.reduction = ec::Reduction::sum;
  const auto sum = run(loss, at);
  CHECK(std::abs(sum.value / entry["sum"].template get<double>() - 1) < tolerance<T>);
  CHECK(relative_error<T>(sum.gradient, gradient) < tolerance<T>);
  loss.reduction = ec::Reduction::mean;
  const auto mean = run(loss, at);
  CHECK(std::abs(mean.value / entry["mean"].template get<double>() - 1) < tolerance<T>);
  CHECK(relative_error<T>(mean.gradient, gradient / static_cast<double>(at.count())) < tolerance<T>);
}

/// The terms of LossPass: weight, accumulation, no gradient, shards, weights of samples.
template <class T, class Loss>
void check_contract(const Loss& loss, const Places<T>& at) {
  const Index batch = at.y.cols(), rows = at.y.rows();
  const auto [value, gradient] = run(loss, at);
  const auto close = [](double a, double b) { return std::abs(a - b) <= tolerance<T> * std::abs(b); };
  Matrix<T> dy(rows, batch);
  CHECK(close(run(loss, at, dy, nullptr, 2.5), value));
  CHECK(relative_error<T>(dy, 2.5 * gradient.template cast<double>()) < tolerance<T>);

  const Matrix<T> before = uniform<T>(rows, batch, 5, 2, -1);
  dy = before;
  CHECK(close(run<true, true>(loss, at, dy, nullptr, 2.5), value));
  CHECK(relative_error<T>(dy, (before + T(2.5) * gradient).template cast<double>()) < tolerance<T>);
  dy = before;
  CHECK(close(run<false, false>(loss, at, dy), value));
  CHECK(close(run<false, true>(loss, at, dy), value));
  CHECK(dy == before);

  Matrix<T> weights = uniform<T>(1, batch, 7, 2, 0.1), expected = gradient;
  weights(0, batch / 2) = 0;
  double sum = 0, weighted = 0;
  for (Index j = 0; j < batch; ++j) {
    Matrix<T> part(rows, 1);
    const double one = run(loss, Places<T>{at.channels, at.y.col(j), at.target.col(j)}, part, nullptr, 1, batch);
    CHECK(relative_error<T>(part, gradient.col(j).template cast<double>()) < tolerance<T>);
    sum += one;
    weighted += static_cast<double>(weights(0, j)) * one;
    expected.col(j) *= weights(0, j);
  }
  CHECK(close(sum, value));
  CHECK(close(run(loss, at, dy, weights.data()), weighted));
  CHECK(relative_error<T>(dy, expected.template cast<double>()) < tolerance<T>);
  dy.resize(rows, 0);
  CHECK(run(loss, Places<T>{at.channels, Matrix<T>(rows, 0), Matrix<T>(at.target.rows(), 0)}, dy, nullptr, 1, 7) ==
        0);  // a shard that got nothing
}

/// Largest difference between the gradient and central differences, relative to the largest value.
template <class Loss>
double difference_error(const Loss& loss, Places<double> at, double h = 1e-5) {
  const Matrix<double> gradient = run(loss, at).gradient;
  Matrix<double> numeric = gradient, none;
  for (Index i = 0; i < at.y.size(); ++i) {
    const double kept = at.y(i);
    const auto moved = [&](double by) {
      at.y(i) = kept + by;
      return run<false>(loss, at, none);
    };
    numeric(i) = (moved(h) - moved(-h)) / (2 * h);
    at.y(i) = kept;
  }
  return relative_error<double>(gradient, numeric);
}

}  // namespace losses
