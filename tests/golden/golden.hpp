// SPDX-License-Identifier: MIT
#pragma once

#include <eigencoder/core/eigen.hpp>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <type_traits>

/// Reads the golden values, and draws again the weights and data they were made from: golden.py in C++.
namespace golden {

/// splitmix64 (Steele, Lea and Flood, 2014): one step from the state z.
constexpr std::uint64_t mix(std::uint64_t z) {
  z += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

/// Number i of a stream, in [0, 1).
constexpr double uniform(std::uint64_t stream, std::uint64_t i) {
  return static_cast<double>(mix(mix(stream) ^ i) >> 11) * 0x1p-53;
}

/// Sets a matrix (or a map, or a block) to scale · u + offset, column by column.
template <class Matrix>
void fill(std::uint64_t stream, double scale, double offset, Matrix&& matrix) {
  using Scalar = typename std::remove_cvref_t<Matrix>::Scalar;
  std::uint64_t i = 0;
  for (Eigen::Index column = 0; column < matrix.cols(); ++column)
    for (Eigen::Index row = 0; row < matrix.rows(); ++row)
      matrix(row, column) = static_cast<Scalar>(scale * uniform(stream, i++) + offset);
}

/// The dot product of a matrix, column by column, with the vector 2u − 1 of stream 9000 + j.
template <class Derived>
double projection(std::uint64_t j, const Eigen::DenseBase<Derived>& values) {
  double sum = 0;
  std::uint64_t i = 0;
  for (Eigen::Index column = 0; column < values.cols(); ++column)
    for (Eigen::Index row = 0; row < values.rows(); ++row)
      sum += (2 * uniform(9000 + j, i++) - 1) * static_cast<double>(values.derived().coeff(row, column));
  return sum;
}

/// A file of this folder: load("networks.json").
inline nlohmann::json load(const std::string& name) {
  const std::string path = std::string(EIGENCODER_GOLDEN_DIR "/") + name;
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot open " + path);
  return nlohmann::json::parse(file);
}

}  // namespace golden
