// SPDX-License-Identifier: MIT
// Whole training steps of the examples' networks, of two with codes of their own kind, and of one that branches: images a second,
// per cent of the machine's arithmetic limit (one core's peak, measured here, times the threads), memory of model and trainer,
// allocations in all steps after the first (0). %limit counts the arithmetic of the network as written, %busy that of what runs:
// an upsampling and its 3×3 convolution take 4/9 as one, and a recurrent layer multiplies a repeated vector once. The limit is that of
// floats: in bfloat16 a processor may reach twice as much.
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

/// Multiply-adds of a layer's weights, forward, for a sample.
template <class Layer>
double multiply_adds(ec::Shape in) {
  if constexpr (requires { Layer::correlation(in); }) {
    const auto g = Layer::correlation(in);
    return static_cast<double>(g.weights() * g.vertical.windows * g.horizontal.windows);
  } else if constexpr (requires { Layer::Recurrent::recurrence(in); }) {
    const auto r = [=] {
      if constexpr (requires { Layer::recurrence(in); }) return Layer::recurrence(in);  // of a repeated vector
      else return Layer::Recurrent::recurrence(in);
    }();
    const ec::Index of_input = r.input_rows() * r.inputs, of_state = (r.rows() - r.state_row()) * r.units;
    return static_cast<double>((r.repeated ? 1 : r.steps) * of_input + r.steps * of_state);
  } else {
    ec::Index sum = 0;
    for (const ec::Block& block : Layer::parameters(in)) sum += block.trainable && block.cols > 0 ? block.size() : 0;
    return static_cast<double>(sum);
  }
}

struct Flops {
  double written = 0, run = 0;
};

/// What a step needs at least: forward and weight gradients of every layer, input gradients of all but the first; by the
/// layers as they are written, and by what runs for them.
template <class Model>
Flops flops_per_sample() {
  using C = typename Model::Chain;
  Flops sum;
  C::template for_each_layer([&]<std::size_t I>() {
    const double each = C::trains_before(I) ? 6 : 4;
    sum.written += each * multiply_adds<typename C::template layer<I>>(C::shapes[I]);
    sum.run += each * multiply_adds<typename C::template runs_as<I>>(C::shapes[C::reads(I)]);
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

template <class Model, class Loss, ec::Precision Of = ec::Precision::float32>
void step(benchmark::State& state) {
  const auto batch = static_cast<ec::Index>(state.range(0));
  const auto threads = static_cast<std::size_t>(state.range(1));
  const Eigen::MatrixXf x = (Eigen::MatrixXf::Random(Model::input.size(), batch).array() + 1) / 2;
  const double before = heap_bytes();
  Model model{ec::Seed{1}};
  ec::Trainer trainer{model, Loss{}, ec::Adam{}, {.threads = threads, .precision = Of}};
  for (int warm = 0; warm < 3; ++warm) trainer.train_on_batch(x);
  const double bytes = heap_bytes() - before;
  const long before_steps = allocations::count();
  const double steps = machine::run(state, [&] { benchmark::DoNotOptimize(trainer.train_on_batch(x)); });
  const long allocated = allocations::count() - before_steps;
  const Flops flops = flops_per_sample<Model>();
  const double images = static_cast<double>(batch) * steps, limit = machine::peak<float>() * static_cast<double>(threads);
  state.counters["images/s"] = images;
  state.counters["Mflop"] = flops.written / 1e6;
  state.counters["Gflop/s"] = flops.written * images / 1e9;
  state.counters["%limit"] = 100 * flops.written * images / limit;
  state.counters["%busy"] = 100 * flops.run * images / limit;
  state.counters["MiB"] = bytes / (1 << 20);
  state.counters["allocations"] = static_cast<double>(allocated);
}

void threads(benchmark::internal::Benchmark* bench, int batch) {
  bench->ArgNames({"batch", "threads"})->Args({batch, 1})->Args({batch, 2})->UseRealTime();
}

using WassersteinEncoder = ec::Encoder<ec::image(28, 28), ec::Dense<512>, ec::ReLU, ec::Dense<8>>;
using WassersteinDecoder = ec::Decoder<ec::features(8), ec::Dense<512>, ec::ReLU, ec::Dense<784>, ec::Sigmoid>;
using Wasserstein = ec::Autoencoder<WassersteinEncoder, WassersteinDecoder>;
using QuantisingEncoder = ec::Encoder<ec::image(28, 28), ec::Conv2D<32, 3, 2>, ec::ReLU, ec::Conv2D<64, 3, 2>, ec::ReLU,
                                      ec::Conv2D<16, 1>, ec::VectorQuantizer<128>>;
using QuantisingDecoder = ec::Decoder<QuantisingEncoder::output, ec::Conv2D<64, 3>, ec::ReLU, ec::ConvTranspose2D<32, 3, 2>,
                                      ec::ReLU, ec::ConvTranspose2D<1, 3, 2>, ec::Sigmoid>;
using Quantising = ec::Autoencoder<QuantisingEncoder, QuantisingDecoder>;

// The codec of garments of 18_compression.
using CodecEncoder = ec::Encoder<ec::image(28, 28), ec::Dense<512>, ec::GELU, ec::Dense<256>, ec::GELU, ec::Dense<48>, ec::EntropyBottleneck>;
using CodecDecoder = ec::Decoder<CodecEncoder::output, ec::Dense<256>, ec::GELU, ec::Dense<512>, ec::GELU, ec::Dense<784>>;
using Codec = ec::Autoencoder<CodecEncoder, CodecDecoder>;

// The U-Net of 05_denoising.
using UNet = ec::Network<
    ec::Sequential<ec::image(28, 28), ec::Conv2D<16, 3>, ec::ReLU,
                   ec::Skip<ec::MaxPool2D<2>, ec::Conv2D<32, 3>, ec::ReLU,
                            ec::Skip<ec::MaxPool2D<2>, ec::Conv2D<32, 3>, ec::ReLU, ec::UpSample2D<2>>, ec::Conv2D<16, 3>, ec::ReLU,
                            ec::UpSample2D<2>>,
                   ec::Conv2D<16, 3>, ec::ReLU, ec::Conv2D<1, 3>, ec::Sigmoid>>;

// The network of 13_inpainting, which draws masks and weights for the loss in every step.
using Inpainting = ec::Network<
    ec::Sequential<ec::image(28, 28), ec::RandomMask<true>,
                   ec::Skip<ec::Dense<512>, ec::ReLU, ec::Dense<512>, ec::ReLU, ec::Dense<784>, ec::Reshape<ec::image(28, 28)>>,
                   ec::Conv2D<32, 3>, ec::ReLU, ec::Conv2D<16, 3>, ec::ReLU, ec::Conv2D<1, 3>, ec::Sigmoid>>;

BENCHMARK(step<networks::Simple<float>, ec::BinaryCrossEntropy>)->Name("simple")->Apply([](auto* b) { threads(b, 256); });
BENCHMARK(step<networks::Vanilla<float>, ec::MeanSquaredError>)->Name("vanilla")->Apply([](auto* b) { threads(b, 256); });
BENCHMARK(step<networks::Deep<float>, ec::MeanSquaredError>)->Name("deep")->Apply([](auto* b) { threads(b, 256); });
BENCHMARK(step<networks::Symmetric<float>, ec::MeanSquaredError>)->Name("symmetric")->Apply([](auto* b) { threads(b, 32); });
BENCHMARK(step<networks::Denoiser<float>, ec::BinaryCrossEntropy>)->Name("denoiser")->Apply([](auto* b) { threads(b, 128); });
BENCHMARK(step<networks::Deep<float>, ec::MeanSquaredError, ec::Precision::bfloat16>)->Name("deep in bfloat16")->Apply([](auto* b) {
  threads(b, 256);
});
BENCHMARK(step<networks::Denoiser<float>, ec::BinaryCrossEntropy, ec::Precision::bfloat16>)
    ->Name("denoiser in bfloat16")
    ->Apply([](auto* b) { threads(b, 128); });
BENCHMARK(step<networks::Variational<float>, ec::Elbo<ec::Bernoulli>>)->Name("variational")->Apply([](auto* b) { threads(b, 128); });
BENCHMARK(step<networks::LstmAutoencoder<float>, ec::MeanSquaredError>)->Name("lstm")->Apply([](auto* b) { threads(b, 128); });
BENCHMARK(step<networks::GruAutoencoder<float>, ec::MeanSquaredError>)->Name("gru")->Apply([](auto* b) { threads(b, 128); });
BENCHMARK(step<Wasserstein, ec::Objective<ec::MeanSquaredError, ec::MaximumMeanDiscrepancy>>)
    ->Name("wasserstein")
    ->Apply([](auto* b) { threads(b, 128); });
BENCHMARK(step<Quantising, ec::Objective<ec::MeanSquaredError, ec::Commitment>>)->Name("vector_quantiser")->Apply([](auto* b) {
  threads(b, 64);
});
BENCHMARK(step<Codec, ec::Objective<ec::MeanSquaredError, ec::Rate>>)->Name("codec")->Apply([](auto* b) { threads(b, 64); });
BENCHMARK(step<UNet, ec::BinaryCrossEntropy>)->Name("unet")->Apply([](auto* b) { threads(b, 128); });
BENCHMARK(step<Inpainting, ec::MeanSquaredError>)->Name("inpainting")->Apply([](auto* b) { threads(b, 128); });

}  // namespace

BENCHMARK_MAIN();
