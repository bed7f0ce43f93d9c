// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
#include <string>
#include <utility>

#include "golden/golden.hpp"
#include "support/catch.hpp"
#include <eigencoder/core/objective.hpp>

// What is asked of every loss: PyTorch's numbers, and the terms of LossPass.
namespace losses {

namespace ec = eigencoder;
using ec::Index;

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

/// The value that the loss returns. dy is overwritten, or added to, or left alone.
template <bool Gradient = true, bool Accumulate = false, class T, class Loss>
double run(const Loss& loss, const Matrix<T>& y, const Matrix<T>& target, Matrix<T>& dy, Index batch, double weight = 1) {
  return loss(ec::LossPass<ec::LossStage<Loss, T>, Gradient, Accumulate>{.y = {y.data(), y.rows(), y.cols()},
                                                    .target = {target.data(), target.rows(), target.cols()},
                                                    .dy = {dy.data(), dy.rows(), dy.cols()},
                                                    .batch = batch,
                                                    .weight = weight});
}

/// The same with a weight for every sample.
template <class T, class Loss>
double run_weighted(const Loss& loss, const Matrix<T>& y, const Matrix<T>& target, Matrix<T>& dy, const Matrix<T>& weights) {
  return loss(ec::LossPass<ec::LossStage<Loss, T>>{.y = {y.data(), y.rows(), y.cols()},
                                                   .target = {target.data(), target.rows(), target.cols()},
                                                   .dy = {dy.data(), dy.rows(), dy.cols()},
                                                   .batch = y.cols(),
                                                   .weight = 1,
                                                   .weights = weights.data()});
}

template <class T>
struct Result {
  double value;
  Matrix<T> gradient;
};
template <class T, class Loss>
Result<T> run(const Loss& loss, const Matrix<T>& y, const Matrix<T>& target) {
  Result<T> result{0, Matrix<T>::Constant(y.rows(), y.cols(), std::numeric_limits<T>::quiet_NaN())};
  result.value = run(loss, y, target, result.gradient, y.cols());
  return result;
}

template <class T>
constexpr double tolerance = sizeof(T) == 4 ? 1e-5 : 1e-12;

/// Largest difference, relative to the largest value.
template <class T>
double relative_error(const Matrix<T>& found, const Matrix<double>& expected) {
  return (found.template cast<double>() - expected).cwiseAbs().maxCoeff() / expected.cwiseAbs().maxCoeff();
}

template <class T>
Matrix<T> uniform(Index rows, Index cols, std::uint64_t stream, double scale, double offset) {
  Matrix<T> matrix(rows, cols);
  golden::fill(stream, scale, offset, matrix);
  return matrix;
}

/// Both reductions of a loss against one entry of losses.json.
template <class T, class Loss>
void check_golden(const std::string& name, Loss loss) {
  const nlohmann::json entry = golden::load("losses.json")["losses"][name];
  const auto drawn = [&](const char* what, std::uint64_t stream) {
    return uniform<T>(entry["features"], entry["batch"], stream, entry[what]["scale"], entry[what]["offset"]);
  };
  const Matrix<T> y = drawn("y", 1), target = drawn("t", 2);
  for (const auto& [reduction, expected] :
       {std::pair{ec::Reduction::mean, entry["mean"]}, {ec::Reduction::sum, entry["sum"]}}) {
    loss.reduction = reduction;
    const auto [value, gradient] = run(loss, y, target);
    const auto numbers = expected["gradient"].template get<std::vector<double>>();
    CHECK(std::abs(value / expected["value"].template get<double>() - 1) < tolerance<T>);
    CHECK(relative_error<T>(gradient, Eigen::Map<const Matrix<double>>(numbers.data(), y.rows(), y.cols())) < tolerance<T>);
  }
}

/// The terms of LossPass, on values of y in [low, high] and targets in [0, 1].
template <class T, class Loss>
void check_contract(const Loss& loss, double low, double high) {
  constexpr Index features = 19, batch = 8;
  const Matrix<T> y = uniform<T>(features, batch, 3, high - low, low), target = uniform<T>(features, batch, 4, 1, 0);
  const auto [value, gradient] = run(loss, y, target);
  const auto close = [](double a, double b) { return std::abs(a - b) <= tolerance<T> * std::abs(b); };

  // The weight multiplies the gradient alone.
  Matrix<T> dy(features, batch);
  CHECK(close(run(loss, y, target, dy, batch, 2.5), value));
  CHECK(relative_error<T>(dy, 2.5 * gradient.template cast<double>()) < tolerance<T>);

  // Accumulate adds to what is there.
  const Matrix<T> before = uniform<T>(features, batch, 5, 2, -1);
  dy = before;
  CHECK(close(run<true, true>(loss, y, target, dy, batch, 2.5), value));
  CHECK(relative_error<T>(dy, (before + T(2.5) * gradient).template cast<double>()) < tolerance<T>);

  // Without Gradient nothing is written.
  dy = before;
  CHECK(close(run<false, false>(loss, y, target, dy, batch), value));
  CHECK(close(run<false, true>(loss, y, target, dy, batch), value));
  CHECK(dy == before);

  // Shards of a batch: shares of the value that add up, columns of the same gradient.
  double sum = 0;
  for (const auto& [first, columns] : {std::pair<Index, Index>{0, 5}, {5, 1}, {6, 2}}) {
    const Matrix<T> part = y.middleCols(first, columns), part_target = target.middleCols(first, columns);
    Matrix<T> part_dy(features, columns);
    sum += run(loss, part, part_target, part_dy, batch);
    CHECK(part_dy == gradient.middleCols(first, columns));
  }
  CHECK(close(sum, value));

  // Weights of samples: Σ_j w_j l_j / batch, with l_j / batch what the sample gives by itself.
  if constexpr (ec::needs_of<Loss>.sample_weights) {
    Matrix<T> weights = uniform<T>(1, batch, 7, 2, 0.1);
    weights(0, 3) = 0;
    double weighted = 0;
    for (Index j = 0; j < batch; ++j) {
      const Matrix<T> one = y.col(j), one_target = target.col(j);
      weighted += static_cast<double>(weights(0, j)) * run<false>(loss, one, one_target, dy, batch);
    }
    CHECK(close(run_weighted(loss, y, target, dy, weights), weighted));
    CHECK(relative_error<T>(dy, gradient.template cast<double>() * weights.row(0).template cast<double>().asDiagonal()) < tolerance<T>);
    CHECK(run_weighted<T>(loss, y, target, dy, Matrix<T>::Ones(1, batch)) == Approx(value).epsilon(tolerance<T>));
  }

  // Reduction::sum is the mean times the features.
  Loss summed = loss;
  summed.reduction = ec::Reduction::sum;
  const auto whole = run(summed, y, target);
  CHECK(close(whole.value, features * value));
  CHECK(relative_error<T>(whole.gradient, features * gradient.template cast<double>()) < tolerance<T>);
}

/// A NaN in y or in the target must not pass for a number.
template <class T, class Loss>
void check_nan(const Loss& loss) {
  const Matrix<T> fine = uniform<T>(11, 3, 6, 0.8, 0.1);
  Matrix<T> spoilt = fine;
  spoilt(7, 1) = std::numeric_limits<T>::quiet_NaN();
  CHECK(std::isnan(run(loss, spoilt, fine).value));
  CHECK(std::isnan(run(loss, fine, spoilt).value));
}

}  // namespace losses
