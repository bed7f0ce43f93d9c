// SPDX-License-Identifier: MIT
// A program without files, exceptions, RTTI or heap: its networks are constants. 0: each predicts the bits of the program that
// exported it, in memory of its own and in another; otherwise the number of the line that does not hold.
#include <bit>
#include <cstddef>
#include <cstdint>

#include "convolutional.hpp"
#include "dense.hpp"
#include "expected.hpp"
#include "input.hpp"
#include "joined.hpp"
#include "temporal.hpp"

namespace {

template <class T, class Bits, std::size_t N>
bool same(const T (&values)[N], const Bits (&expected)[N]) {
  for (std::size_t i = 0; i < N; ++i) {
    if (std::bit_cast<Bits>(values[i]) != expected[i]) return false;
  }
  return true;
}

template <class Model>
struct Sample {
  using T = typename Model::Scalar;
  T x[Model::input.size()], y[Model::output.size()], code[Model::Chain::shapes[Model::Chain::code].size()];
};

template <class Model, class Code, class Y>
bool predicts(const Model& model, Sample<Model>& sample, const Code& code, const Y& y) {
  for (std::size_t i = 0; i < std::size(sample.x); ++i) sample.x[i] = input<typename Model::Scalar>(i);
  model.encode(sample.x, sample.code);
  if (!same(sample.code, code)) return false;
  model.reconstruct(sample.x, sample.y);
  if (!same(sample.y, y)) return false;
  for (auto& value : sample.y) value = 0;
  model.decode(sample.code, sample.y);
  return same(sample.y, y);
}

constinit Sample<dense_data::Model> dense_sample{};
constinit Sample<convolutional_data::Model> convolutional_sample{};
constinit Sample<joined_data::Model> joined_sample{};
constinit Sample<temporal_data::Model> temporal_sample{};
constinit convolutional_data::Model::Memory second;

}  // namespace

int main() {
  if (!predicts(dense, dense_sample, dense_code, dense_y)) return __LINE__;
  if (!predicts(convolutional, convolutional_sample, convolutional_code, convolutional_y)) return __LINE__;
  if (!predicts(convolutional.with(second), convolutional_sample, convolutional_code, convolutional_y)) return __LINE__;
  if (!predicts(joined, joined_sample, joined_code, joined_y)) return __LINE__;
  if (!predicts(temporal, temporal_sample, temporal_code, temporal_y)) return __LINE__;
  return 0;
}
