// SPDX-License-Identifier: MIT
// Whole training steps of the examples' networks: images a second, per cent of the machine's arithmetic limit (one core's peak,
// measured here, times the threads), memory of model and trainer, allocations in all steps after the first (0).
//   build/release/benchmarks/steps
#ifdef __linux__
#include <malloc.h>
#endif

#include <eigencoder/eigencoder.hpp>

#include "common/machine.hpp"
#include "support/allocations.hpp"
#include "support/example_networks.hpp"

namespace ec = eigencoder;

namespace {

/// Multiply-adds that a step cannot do without: forward and weight gradients of every dense layer, input gradients of all but the first.
template <class Model>
double flops_per_sample() {
  using C = typename Model::Chain;
  double sum = 0;
  C::template for_each_layer([&]<std::size_t I>() {
    for (const auto& entry : C::template stage<I>::Trainable::entries) {
      if (entry.block.cols > 0) sum += 2.0 * static_cast<double>(entry.block.size()) * (C::trains_before(I) ? 3 : 2);
    }
  });
  return sum;
}

/// Heap in use, where the library can tell.
double heap_bytes() {
#ifdef __GLIBC__
  const auto info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
#else
  return 0;
#endif
}

template <class Model, class Loss>
void step(benchmark::State& state) {
  const auto batch = static_cast<ec::Index>(state.range(0));
  const auto threads = static_cast<std::size_t>(state.range(1));
  const Eigen::MatrixXf x = (Eigen::MatrixXf::Random(Model::input.size(), batch).array() + 1) / 2;
  const double before = heap_bytes();
  Model model{ec::Seed{1}};
  ec::Trainer trainer{model, Loss{}, ec::Adam{}, {.threads = threads}};
  for (int warm = 0; warm < 3; ++warm) trainer.train_on_batch(x);
  const double bytes = heap_bytes() - before;
  const long allocated = allocations::count();
  const double steps = machine::run(state, [&] { benchmark::DoNotOptimize(trainer.train_on_batch(x)); });
  const double flops = flops_per_sample<Model>() * static_cast<double>(batch) * steps;
  state.counters["images/s"] = static_cast<double>(batch) * steps;
  state.counters["Gflop/s"] = flops / 1e9;
  state.counters["%limit"] = 100 * flops / (machine::peak<float>() * static_cast<double>(threads));
  state.counters["MiB"] = bytes / (1 << 20);
  state.counters["allocations"] = static_cast<double>(allocations::count() - allocated);
}

void threads(benchmark::internal::Benchmark* bench, int batch) {
  bench->ArgNames({"batch", "threads"})->Args({batch, 1})->Args({batch, 2})->UseRealTime();
}

BENCHMARK(step<networks::Simple<float>, ec::BinaryCrossEntropy>)->Name("simple")->Apply([](auto* b) { threads(b, 256); });
BENCHMARK(step<networks::Vanilla<float>, ec::MeanSquaredError>)->Name("vanilla")->Apply([](auto* b) { threads(b, 256); });
BENCHMARK(step<networks::Deep<float>, ec::MeanSquaredError>)->Name("deep")->Apply([](auto* b) { threads(b, 256); });
BENCHMARK(step<networks::Symmetric<float>, ec::MeanSquaredError>)->Name("symmetric")->Apply([](auto* b) { threads(b, 32); });

}  // namespace

BENCHMARK_MAIN();
