// SPDX-License-Identifier: MIT
// Reconstruction of the examples' networks: the time of one sample (median and the slowest), and images a second of batches.
//   build/release/benchmarks/inference
#include <eigencoder/eigencoder.hpp>

#include "common/machine.hpp"
#include "support/allocations.hpp"
#include "support/example_networks.hpp"

namespace ec = eigencoder;

namespace {

template <class Model>
Eigen::MatrixXf samples(ec::Index count) {
  return (Eigen::MatrixXf::Random(Model::input.size(), count).array() + 1) / 2;
}

/// A model with fresh weights, and the multiplications of a sample.
template <class Model>
struct Fresh {
  static constexpr ec::Index multiplications = Model::Chain::multiplications;
  static Model model() { return Model{ec::Seed{1}}; }
};
template <class Model, ec::WeightFormat W>
struct Fresh<ec::CompactModel<Model, W>> : Fresh<Model> {
  static ec::CompactModel<Model, W> model() { return ec::CompactModel<Model, W>{Model{ec::Seed{1}}}; }
};

/// One sample after the other, each timed: with a workspace, so without threads, locks and heap.
template <class Model>
void one_sample(benchmark::State& state) {
  const Model model = Fresh<Model>::model();
  auto workspace = model.workspace();
  const Eigen::MatrixXf x = samples<Model>(64);
  Eigen::MatrixXf y(Model::output.size(), 1);
  std::vector<double> times;
  times.reserve(std::size_t{1} << 22);
  long allocated = 0;
  for (auto _ : state) {
    const auto column = x.col(static_cast<ec::Index>(times.size() % 64));
    const long before = allocations::count();
    const auto start = machine::Clock::now();
    model.reconstruct(column, y, workspace);
    const double seconds = machine::seconds_since(start);
    benchmark::DoNotOptimize(y.data());
    allocated += allocations::count() - before;
    if (times.size() < times.capacity()) times.push_back(seconds);
  }
  std::sort(times.begin(), times.end());
  const auto percentile = [&](double share) { return 1e6 * times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))]; };
  state.counters["p50_us"] = percentile(0.5);
  state.counters["p99_us"] = percentile(0.99);
  state.counters["p99.9_us"] = percentile(0.999);
  state.counters["allocations"] = static_cast<double>(allocated);
}

/// A batch with a workspace, on one thread.
template <class Model>
void batch(benchmark::State& state) {
  const Model model = Fresh<Model>::model();
  const auto columns = static_cast<ec::Index>(state.range(0));
  auto workspace = model.workspace(columns);
  const Eigen::MatrixXf x = samples<Model>(columns);
  Eigen::MatrixXf y(Model::output.size(), columns);
  const double calls = machine::run(state, [&] { model.reconstruct(x, y, workspace); });
  state.counters["images/s"] = calls * static_cast<double>(columns);
  state.counters["%limit"] =
      100 * calls * 2 * static_cast<double>(Fresh<Model>::multiplications * columns) / machine::peak<float>();
}

/// A large matrix without one, on all threads.
template <class Model>
void whole_set(benchmark::State& state) {
  const Model model = Fresh<Model>::model();
  const Eigen::MatrixXf x = samples<Model>(10'000);
  const double calls = machine::run(state, [&] { benchmark::DoNotOptimize(model.reconstruct(x).data()); });
  state.counters["images/s"] = calls * static_cast<double>(x.cols());
}

}  // namespace

#define INFERENCE(name, Model)                                             \
  BENCHMARK(one_sample<Model>)->Name(name "/one_sample");                  \
  BENCHMARK(batch<Model>)->Name(name "/batch")->ArgName("columns")->Arg(256); \
  BENCHMARK(whole_set<Model>)->Name(name "/whole_set")->UseRealTime()

INFERENCE("simple", networks::Simple<float>);
INFERENCE("vanilla", networks::Vanilla<float>);
INFERENCE("deep", networks::Deep<float>);
using DeepBfloat16 = ec::CompactModel<networks::Deep<float>, ec::WeightFormat::bfloat16>;
using DeepInt8 = ec::CompactModel<networks::Deep<float>, ec::WeightFormat::int8>;
INFERENCE("deep_bfloat16", DeepBfloat16);
INFERENCE("deep_int8", DeepInt8);
INFERENCE("symmetric", networks::Symmetric<float>);
INFERENCE("denoiser", networks::Denoiser<float>);
INFERENCE("lstm", networks::LstmAutoencoder<float>);
INFERENCE("gru", networks::GruAutoencoder<float>);

BENCHMARK_MAIN();
