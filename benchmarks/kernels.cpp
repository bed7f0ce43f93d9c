// SPDX-License-Identifier: MIT
// The kernels, as a share of one core's multiply-add peak (products) or in values a second (elementwise).
//   build/release/benchmarks/kernels --benchmark_filter=multiply
#include <eigencoder/eigencoder.hpp>

#include <benchmark/benchmark.h>

#include "common/machine.hpp"

namespace ec = eigencoder;
using Matrix = Eigen::MatrixXf;

namespace {

/// m, n, k of the products that the examples' networks make.
void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"m", "n", "k"});
  for (const auto& [m, k] : {std::pair{32, 784}, {784, 32}, {512, 784}, {256, 512}, {128, 256}, {64, 128}, {784, 512}}) {
    for (const int n : {256, 128, 32, 1}) bench->Args({m, n, k});
  }
  bench->Args({100, 100, 100})->Args({33, 47, 61});
}

void report(benchmark::State& state) {
  const double flops = 2.0 * static_cast<double>(state.range(0) * state.range(1) * state.range(2));
  using benchmark::Counter;
  state.counters["flop/s"] = Counter(flops, Counter::kIsIterationInvariantRate);
  state.counters["of_peak"] = Counter(flops / machine::peak<float>(), Counter::kIsIterationInvariantRate);
}

/// y = W x + b
void multiply(benchmark::State& state) {
  const Matrix w = Matrix::Random(state.range(0), state.range(2)), x = Matrix::Random(state.range(2), state.range(1));
  const Eigen::VectorXf bias = Eigen::VectorXf::Random(state.range(0));
  Matrix y(state.range(0), state.range(1));
  for (auto _ : state) ec::kernels::multiply<float>(w, x, y, bias.data());
  if (!y.isApprox((w * x).colwise() + bias, 1e-4F)) state.SkipWithError("wrong product");
  report(state);
}
BENCHMARK(multiply)->Apply(sizes);

/// dW += dy xᵀ
void add_multiply_transposed(benchmark::State& state) {
  const Matrix dy = Matrix::Random(state.range(0), state.range(1)), x = Matrix::Random(state.range(2), state.range(1));
  Matrix dw = Matrix::Zero(state.range(0), state.range(2));
  for (auto _ : state) ec::kernels::add_multiply_transposed<float>(dy, x, dw);
  report(state);
}
BENCHMARK(add_multiply_transposed)->Apply(sizes);

/// Eigen's own product, for comparison.
void eigen_product(benchmark::State& state) {
  const Matrix w = Matrix::Random(state.range(0), state.range(2)), x = Matrix::Random(state.range(2), state.range(1));
  Matrix y(state.range(0), state.range(1));
  for (auto _ : state) {
    y.noalias() = w * x;
    benchmark::DoNotOptimize(y.data());
  }
  report(state);
}
BENCHMARK(eigen_product)->Apply(sizes);

/// A layer alone: forward and backward of 784 values × 256 samples.
template <class Layer>
void layer(benchmark::State& state) {
  using C = ec::Chain<float, ec::features(784), 1, Layer>;
  using S = typename C::template stage<0>;
  const std::tuple<Layer> layers{};
  constexpr ec::Index batch = 256;
  Eigen::VectorXf theta = Eigen::VectorXf::Random(C::parameter_count), gradient = theta * 0;
  const Matrix x = Matrix::Random(784, batch), dy = Matrix::Random(S::out.size(), batch);
  Matrix y(S::out.size(), batch), dx(784, batch);
  const ec::Parameters<float> parameters{theta.data(), nullptr, nullptr};
  const ec::LayerMemory<float> memory{.x = x.data(), .y = y.data(), .dy = dy.data(), .dx = dx.data(), .gradient = gradient.data()};
  for (auto _ : state) {
    ec::run_forward<C, 0, S, true>(layers, parameters, memory, {.columns = batch, .batch = batch});
    ec::run_backward<C, 0, S, true>(layers, parameters, memory, {.columns = batch, .batch = batch});
    benchmark::DoNotOptimize(dx.data());
  }
  state.counters["values/s"] = benchmark::Counter(784.0 * batch, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(layer<ec::Dense<32>>);
BENCHMARK(layer<ec::Identity>);
BENCHMARK(layer<ec::ReLU>);
BENCHMARK(layer<ec::LeakyReLU>);
BENCHMARK(layer<ec::ELU>);
BENCHMARK(layer<ec::Sigmoid>);
BENCHMARK(layer<ec::Tanh>);
BENCHMARK(layer<ec::Softplus>);
BENCHMARK(layer<ec::SiLU>);
BENCHMARK(layer<ec::GELU>);
BENCHMARK(layer<ec::Softmax>);

/// A loss alone: value and gradient of 784 values × 256 samples.
template <class Loss>
void loss(benchmark::State& state) {
  constexpr ec::Index batch = 256;
  const Matrix y = (Matrix::Random(784, batch).array() + 1) / 2, target = (Matrix::Random(784, batch).array() + 1) / 2;
  Matrix dy(784, batch);
  const ec::LossPass<float> pass{
      .y = {y.data(), 784, batch}, .target = {target.data(), 784, batch}, .dy = {dy.data(), 784, batch}, .batch = batch, .weight = 1};
  for (auto _ : state) benchmark::DoNotOptimize(Loss{}(pass));
  state.counters["values/s"] = benchmark::Counter(784.0 * batch, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(loss<ec::MeanSquaredError>);
BENCHMARK(loss<ec::MeanAbsoluteError>);
BENCHMARK(loss<ec::Huber>);
BENCHMARK(loss<ec::BinaryCrossEntropy>);
BENCHMARK(loss<ec::BinaryCrossEntropyOnLogits>);

}  // namespace

BENCHMARK_MAIN();
