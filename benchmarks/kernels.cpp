// SPDX-License-Identifier: MIT
// The kernels, in per cent of one core's multiply-add peak (products), of the rate at which it reads the matrix (batch 1), or
// in values a second (elementwise).   build/release/benchmarks/kernels --benchmark_filter=multiply
#include "common/machine.hpp"
#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;
using Matrix = Eigen::MatrixXf;

namespace {

/// m, n, k of the products that the examples' networks make.
void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"m", "n", "k"});
  for (const auto& [m, k] : {std::pair{32, 784},
                             {784, 32},
                             {512, 784},
                             {784, 512},
                             {256, 512},
                             {512, 256},
                             {128, 256},
                             {256, 128},
                             {64, 128},
                             {128, 64}}) {
    for (const int n : {256, 128, 64, 32}) bench->Args({m, n, k});
  }
  bench->Args({100, 100, 100})->Args({33, 47, 61});
}

void report_product(benchmark::State& state, double calls_per_second) {
  const double flops = 2.0 * static_cast<double>(state.range(0) * state.range(1) * state.range(2)) * calls_per_second;
  state.counters["Gflop/s"] = flops / 1e9;
  state.counters["%peak"] = 100 * flops / machine::peak<float>();
}

/// y = W x + b
void multiply(benchmark::State& state) {
  const Matrix w = Matrix::Random(state.range(0), state.range(2)), x = Matrix::Random(state.range(2), state.range(1));
  const Eigen::VectorXf bias = Eigen::VectorXf::Random(state.range(0));
  Matrix y(state.range(0), state.range(1));
  report_product(state, machine::run(state, [&] { ec::kernels::multiply<float>(w, x, y, bias.data()); }));
  if (!y.isApprox((w * x).colwise() + bias, 1e-4F)) state.SkipWithError("wrong product");
}
BENCHMARK(multiply)->Apply(sizes);

/// dW += dy xᵀ
void add_multiply_transposed(benchmark::State& state) {
  const Matrix dy = Matrix::Random(state.range(0), state.range(1)), x = Matrix::Random(state.range(2), state.range(1));
  Matrix dw = Matrix::Zero(state.range(0), state.range(2));
  report_product(state, machine::run(state, [&] { ec::kernels::add_multiply_transposed<float>(dy, x, dw); }));
  if (!dw.isApprox(static_cast<float>(state.iterations()) * dy * x.transpose(), 1e-2F)) state.SkipWithError("wrong product");
}
BENCHMARK(add_multiply_transposed)->Apply(sizes);

/// dx = Wᵀ dy
void multiply_transposed(benchmark::State& state) {
  const Matrix w = Matrix::Random(state.range(2), state.range(0)), dy = Matrix::Random(state.range(2), state.range(1));
  Matrix dx(state.range(0), state.range(1));
  report_product(state, machine::run(state, [&] { ec::kernels::multiply_transposed<float>(w, dy, dx); }));
  if (!dx.isApprox(w.transpose() * dy, 1e-4F)) state.SkipWithError("wrong product");
}
BENCHMARK(multiply_transposed)->Apply(sizes);

/// Eigen's own product, for comparison.
void eigen_product(benchmark::State& state) {
  const Matrix w = Matrix::Random(state.range(0), state.range(2)), x = Matrix::Random(state.range(2), state.range(1));
  Matrix y(state.range(0), state.range(1));
  report_product(state, machine::run(state, [&] {
                   y.noalias() = w * x;
                   benchmark::DoNotOptimize(y.data());
                 }));
}
BENCHMARK(eigen_product)->Apply(sizes);

/// y += W x for one sparse x of so many entries, as a share of a plain read of the columns that they name: W is units × 2048.
void add_entries(benchmark::State& state) {
  const ec::Index units = state.range(0), entries = state.range(1), items = 2048;
  const Matrix w = Matrix::Random(units, items);
  Matrix pairs(2, entries), x = Matrix::Zero(items, 1), y = Matrix::Zero(units, 1);
  for (ec::Index k = 0; k < entries; ++k) {
    pairs.col(k) << static_cast<float>(k * 997 % items), 1.0F / static_cast<float>(k + 1);
    x(k * 997 % items, 0) = pairs(1, k);
  }
  const double rate = machine::run(state, [&] {
    y.setZero();
    ec::kernels::add_entries<float>(w, {pairs.data(), entries}, y.data());
    benchmark::DoNotOptimize(y.data());
  });
  const double bytes = static_cast<double>(units * entries) * sizeof(float) * rate;
  state.counters["GB/s"] = bytes / 1e9;
  state.counters["%read"] = 100 * bytes / machine::read_rate(w.data(), w.size());
  if (!y.isApprox(w * x, 1e-4F)) state.SkipWithError("wrong product");
}
BENCHMARK(add_entries)->ArgNames({"units", "entries"})->Args({500, 100})->Args({500, 1000})->Args({64, 100});

/// y = W x + b for one sample, as a share of a plain read of W.
void multiply_vector(benchmark::State& state) {
  const Matrix w = Matrix::Random(state.range(0), state.range(1)), x = Matrix::Random(state.range(1), 1);
  const Eigen::VectorXf bias = Eigen::VectorXf::Random(state.range(0));
  Matrix y(state.range(0), 1);
  const double calls = machine::run(state, [&] {
    ec::kernels::multiply<float>(w, x, y, bias.data());
    benchmark::ClobberMemory();
  });
  if (!y.isApprox(w * x + bias, 1e-4F)) state.SkipWithError("wrong product");
  const double rate = static_cast<double>(w.size()) * sizeof(float) * calls;
  state.counters["GB/s"] = rate / 1e9;
  state.counters["%read"] = 100 * rate / machine::read_rate(w.data(), w.size());
}
BENCHMARK(multiply_vector)
    ->ArgNames({"m", "k"})
    ->Args({32, 784})
    ->Args({784, 32})
    ->Args({512, 784})
    ->Args({784, 512})
    ->Args({256, 512})
    ->Args({128, 256})
    ->Args({64, 128})
    ->Args({1024, 1024});

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
  const ec::LayerMemory<float> memory{
      .x = x.data(), .y = y.data(), .dy = dy.data(), .dx = dx.data(), .gradient = gradient.data()};
  for (auto _ : state) {
    ec::run_forward<C, 0, S, ec::Mode::train>(layers, parameters, memory, {.columns = batch, .batch = batch});
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
BENCHMARK(layer<ec::Softsign>);
BENCHMARK(layer<ec::SiLU>);
BENCHMARK(layer<ec::GELU>);
BENCHMARK(layer<ec::Softmax>);
BENCHMARK(layer<ec::Scale<>>);

/// A layer that only moves values, alone: bytes read and written, as a share of the rate at which its input is read.
template <class Layer, ec::Shape In, bool Back>
void moves(benchmark::State& state) {
  using C = ec::Chain<float, In, 1, Layer>;
  using S = typename C::template stage<0>;
  const std::tuple<Layer> layers{};
  constexpr ec::Index batch = 4;  // all of it in the second cache
  const Matrix x = Matrix::Random(In.size(), batch), dy = Matrix::Random(S::out.size(), batch);
  Matrix y(S::out.size(), batch), cache(S::needs.cache, batch), dx(In.size(), batch);
  const ec::LayerMemory<float> memory{.x = x.data(), .y = y.data(), .cache = cache.data(), .dy = dy.data(), .dx = dx.data()};
  ec::run_forward<C, 0, S, ec::Mode::train>(layers, {}, memory, {.columns = batch, .batch = batch});
  const double calls = machine::run(state, [&] {
    if constexpr (Back) {
      ec::run_backward<C, 0, S, true>(layers, {}, memory, {.columns = batch, .batch = batch});
    } else {
      ec::run_forward<C, 0, S, ec::Mode::train>(layers, {}, memory, {.columns = batch, .batch = batch});
    }
    benchmark::ClobberMemory();
  });
  const double rate = static_cast<double>(x.size() + y.size() + cache.size()) * sizeof(float) * calls;
  state.counters["GB/s"] = rate / 1e9;
  state.counters["%read"] = 100 * rate / machine::read_rate(x.data(), x.size());
}
BENCHMARK(moves<ec::MaxPool2D<2>, ec::image(28, 28, 32), false>)->Name("MaxPool2D/forward");
BENCHMARK(moves<ec::MaxPool2D<2>, ec::image(28, 28, 32), true>)->Name("MaxPool2D/backward");
BENCHMARK(moves<ec::UpSample2D<2>, ec::image(14, 14, 32), false>)->Name("UpSample2D/forward");
BENCHMARK(moves<ec::UpSample2D<2>, ec::image(14, 14, 32), true>)->Name("UpSample2D/backward");
BENCHMARK(moves<ec::UpSample2D<2, ec::Interpolation::bilinear>, ec::image(14, 14, 32), false>)
    ->Name("UpSample2D/bilinear/forward");
BENCHMARK(moves<ec::UpSample2D<2, ec::Interpolation::bilinear>, ec::image(14, 14, 32), true>)
    ->Name("UpSample2D/bilinear/backward");

/// A recurrent layer alone, on 128 samples: all its products, of the multiply-add peak. Backward includes the input's gradient.
template <class Layer, ec::Shape In, bool Back>
void recurrent(benchmark::State& state) {
  using C = ec::Chain<float, In, 1, Layer>;
  using S = typename C::template stage<0>;
  const std::tuple<Layer> layers{};
  constexpr ec::Index batch = 128;
  Eigen::VectorXf theta = 0.1F * Eigen::VectorXf::Random(C::parameter_count), gradient = theta * 0, packed(C::packed_at[C::size]);
  const Matrix x = Matrix::Random(In.size(), batch), dy = Matrix::Random(S::out.size(), batch);
  Matrix y(S::out.size(), batch), dx(In.size(), batch), cache(S::needs.cache, batch);
  Matrix scratch(std::max(S::needs.scratch, S::needs.backward_scratch), 1), each(S::needs.scratch_per_sample, batch);
  ec::prepare<C>(layers, theta.data(), packed.data());
  const ec::Parameters<float> parameters{theta.data(), nullptr, packed.data()};
  const ec::LayerMemory<float> memory{.x = x.data(), .y = y.data(), .cache = cache.data(), .scratch = scratch.data(), .scratch_per_sample = each.data(),
                                      .dy = dy.data(), .dx = dx.data(), .gradient = gradient.data()};
  ec::run_forward<C, 0, S, ec::Mode::train>(layers, parameters, memory, {.columns = batch, .batch = batch});
  const double calls = machine::run(state, [&] {
    if constexpr (Back) {
      ec::run_backward<C, 0, S, true>(layers, parameters, memory, {.columns = batch, .batch = batch});
    } else {
      ec::run_forward<C, 0, S, ec::Mode::train>(layers, parameters, memory, {.columns = batch, .batch = batch});
    }
    benchmark::ClobberMemory();
  });
  constexpr auto r = Layer::Recurrent::directions(In).front();
  const double flops = (Back ? 4 : 2) * static_cast<double>(r.weights() * r.steps * batch) * calls;
  state.counters["Gflop/s"] = flops / 1e9;
  state.counters["%peak"] = 100 * flops / machine::peak<float>();
}
#define RECURRENT(Cell)                                                                                                   \
  BENCHMARK(recurrent<ec::Cell<64, ec::Returns::sequence>, ec::sequence(28, 28), false>)->Name(#Cell "/forward"); \
  BENCHMARK(recurrent<ec::Cell<64, ec::Returns::sequence>, ec::sequence(28, 28), true>)->Name(#Cell "/backward")
RECURRENT(LSTM);
RECURRENT(GRU);
RECURRENT(SimpleRNN);

/// A loss alone: value and gradient of 784 values × 256 samples.
template <class Loss>
void loss(benchmark::State& state) {
  constexpr ec::Index batch = 256;
  const Matrix y = (Matrix::Random(784, batch).array() + 1) / 2, target = (Matrix::Random(784, batch).array() + 1) / 2;
  Matrix dy(784, batch);
  const ec::LossPass<ec::LossStage<Loss, float>> pass{.y = {y.data(), 784, batch},
                                 .target = {target.data(), 784, batch},
                                 .dy = {dy.data(), 784, batch},
                                 .batch = batch,
                                 .weight = 1};
  for (auto _ : state) benchmark::DoNotOptimize(Loss{}(pass));
  state.counters["values/s"] = benchmark::Counter(784.0 * batch, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(loss<ec::MeanSquaredError>);
BENCHMARK(loss<ec::MeanAbsoluteError>);
BENCHMARK(loss<ec::Huber>);
BENCHMARK(loss<ec::BinaryCrossEntropy>);
BENCHMARK(loss<ec::BinaryCrossEntropyOnLogits>);

/// A loss over channels: value and gradient of 64 × 64 pixels × 16 samples.
template <class Loss, ec::Index Channels>
void loss_of_channels(benchmark::State& state) {
  constexpr ec::Index batch = 16, places = 64 * 64, targets = ec::needs_of<Loss>.class_numbers ? places : places * Channels;
  const Matrix y = 4 * Matrix::Random(places * Channels, batch);
  const Matrix target = ((Matrix::Random(targets, batch).array() + 1) / 2 * Channels).floor().cwiseMin(Channels - 1);
  Matrix dy(y.rows(), batch);
  const ec::LossPass<ec::LossStage<Loss, float>> pass{.y = {y.data(), y.rows(), batch},
                                 .target = {target.data(), targets, batch},
                                 .dy = {dy.data(), y.rows(), batch},
                                 .batch = batch,
                                 .weight = 1,
                                 .channels = Channels};
  for (auto _ : state) benchmark::DoNotOptimize(Loss{}(pass));
  state.counters["values/s"] = benchmark::Counter(static_cast<double>(y.size()), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(loss_of_channels<ec::CategoricalCrossEntropyOnLogits, 6>);
BENCHMARK(loss_of_channels<ec::SparseCategoricalCrossEntropyOnLogits<>, 6>);
BENCHMARK(loss_of_channels<ec::SparseCategoricalCrossEntropyOnLogits<>, 128>);

}  // namespace

BENCHMARK_MAIN();
