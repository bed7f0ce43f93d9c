// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "golden/golden.hpp"
#include "support/catch.hpp"
#include "support/stage_runner.hpp"
#include <eigencoder/core/type_name.hpp>
#include <eigencoder/testing/gradient_check.hpp>

// What is asked of every layer: PyTorch's numbers, and the finite differences.
namespace layers {

namespace ec = eigencoder;
using ec::Index;

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

template <class T>
constexpr double tolerance = sizeof(T) == 4 ? 1e-5 : 1e-12;

template <class T>
Matrix<T> uniform(Index rows, Index cols, std::uint64_t stream, double scale, double offset) {
  Matrix<T> matrix(rows, cols);
  golden::fill(stream, scale, offset, matrix);
  return matrix;
}

/// Largest difference, relative to the largest value.
template <class T>
double relative_error(const Eigen::Ref<const Matrix<T>>& found, const Matrix<double>& expected) {
  return (found.template cast<double>() - expected).cwiseAbs().maxCoeff() / expected.cwiseAbs().maxCoeff();
}

inline Matrix<double> matrix(const nlohmann::json& numbers, Index rows) {
  const auto values = numbers.get<std::vector<double>>();
  return Eigen::Map<const Matrix<double>>(values.data(), rows, static_cast<Index>(values.size()) / rows);
}

/// A large result against the projections and the norm that golden.py keeps of it.
template <class T>
void check_totals(const nlohmann::json& totals, const Matrix<T>& found) {
  const double norm = totals["norm"];
  CHECK(std::abs(found.template cast<double>().norm() - norm) <= tolerance<T> * norm);
  for (std::size_t j = 0; j < 4; ++j) {
    CHECK(std::abs(golden::projection(j, found) - totals["projections"][j].get<double>()) <= tolerance<T> * norm);
  }
}

/// y and dx of a layer without parameters against an entry of layers.json, in its own memory and in place.
template <class T, ec::Shape In, class Layer>
void check_golden(const nlohmann::json& entry, const Layer& layer) {
  const Matrix<T> x = uniform<T>(In.size(), entry["batch"], 1, 12, -6), dy = uniform<T>(In.size(), entry["batch"], 2, 2, -1);
  StageRunner<Layer, In, T> run(layer);
  const Matrix<T> y = run.forward(x), dx = run.backward(x, y, dy);
  CHECK(relative_error<T>(y, matrix(entry["y"], In.size())) < tolerance<T>);
  CHECK(relative_error<T>(dx, matrix(entry["dx"], In.size())) < tolerance<T>);
  CHECK(run.forward_in_place(x) == y);
  CHECK(run.backward_in_place(x, y, dy) == dx);
}

inline void check_report(const std::string& layer, const std::string& on, const ec::GradientReport& report) {
  CAPTURE(layer, on, report.text());
  CHECK(report.error < 1e-6);
}

/// Finite differences on one shape, on batches of 1 and 7.
template <ec::Shape In, class Layer>
void check_gradient(const Layer& layer) {
  for (const Index batch : {1, 7}) {
    check_report(ec::type_name<Layer>(), ec::message(ec::to_string(In), ", batch ", batch),
                 ec::check_layer_gradient<In>(layer, {.batch = batch}));
  }
}

/// The same on odd shapes of every kind.
template <class Layer>
void check_gradient(const Layer& layer, const ec::GradientCheckOptions& options = {}) {
  check_report(ec::type_name<Layer>(), "shapes of every kind", ec::check_layer_gradient(layer, options));
}

}  // namespace layers
