// SPDX-License-Identifier: MIT
// long_resume FOLDER whole|first|second: the examples' networks, each trained for ten epochs, for five with a checkpoint at the
// end, or from that checkpoint for five more. Prints a line each: the name, and a digest of all that training has changed.
// resume.py runs each in a process of its own and compares.
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <string>

#include "support/example_networks.hpp"

namespace ec = eigencoder;
using ec::Index;

namespace {

/// FNV-1a.
std::uint64_t digest(std::span<const std::byte> bytes, std::uint64_t hash) {
  for (const std::byte byte : bytes) hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3;
  return hash;
}
template <class T>
std::uint64_t digest(const ec::Snapshot<T>& snapshot) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const auto* values : {&snapshot.parameters, &snapshot.state, &snapshot.slots, &snapshot.average})
    hash = digest(std::as_bytes(std::span(*values)), hash);
  const std::array counters{snapshot.updates, snapshot.step, snapshot.shuffles, snapshot.epochs};
  return digest(std::as_bytes(std::span(counters)), hash);
}

struct Run {
  std::filesystem::path folder;
  std::string part;  ///< whole, first or second

  template <class Model, class Part>
  void operator()(const char* name, Model model, const Part& objective) const {
    using T = typename Model::Scalar;
    using Matrix = typename Model::Matrix;
    constexpr Index count = 40;
    const ec::Random random(ec::Seed{5}, 0, 0);
    const auto fill = [&](Index i, Index j) { return static_cast<T>(random.uniform(j, i)); };
    const Matrix inputs = Matrix::NullaryExpr(Model::input.size(), count, fill);
    const Matrix targets = inputs.topRows(Model::output.size());
    const ec::FitOptions<T> options{.epochs = part == "whole" ? 10 : 5, .batch_size = 16, .progress = ec::Progress::quiet};

    ec::Trainer trainer{
        model, objective, ec::Adam{.learning_rate = 1e-3}, {.threads = 2, .seed = ec::Seed{3}, .average = {.decay = 0.9}}};
    const std::filesystem::path path = folder / (std::string(name) + ".safetensors");
    if (part == "second") trainer.resume(path);
    trainer.fit(inputs, targets, options);
    if (part == "first") trainer.save(path);
    std::printf("%s %016llx\n", name, static_cast<unsigned long long>(digest(trainer.snapshot())));
    std::fflush(stdout);
  }
};

const auto noise = ec::GaussianNoise{0.3, ec::Clip{0, 1}};

auto noisy(ec::Seed seed) {
  const auto encoder = ec::encoder<ec::image(28, 28)>(noise, ec::Dense<512>{}, ec::ReLU{}, ec::Dense<128>{}, ec::ReLU{});
  const auto decoder = ec::decoder<ec::features(128)>(ec::Dense<512>{}, ec::ReLU{}, ec::Dense<784>{}, ec::Sigmoid{});
  return ec::Autoencoder{encoder, decoder, seed};
}
auto unet(ec::Seed seed) {
  const auto deepest = ec::skip(ec::MaxPool2D<2>{}, ec::Conv2D<32, 3>{}, ec::ReLU{}, ec::UpSample2D<2>{});
  const auto outer = ec::skip(ec::MaxPool2D<2>{}, ec::Conv2D<32, 3>{}, ec::ReLU{}, deepest, ec::Conv2D<16, 3>{}, ec::ReLU{},
                              ec::UpSample2D<2>{});
  return ec::Network{ec::sequential<ec::image(28, 28)>(noise, ec::Conv2D<16, 3>{}, ec::ReLU{}, outer, ec::Conv2D<16, 3>{},
                                                       ec::ReLU{}, ec::Conv2D<1, 3>{}, ec::Sigmoid{}),
                     seed};
}

using UpSampling = ec::Decoder<networks::PoolingEncoder::output, ec::UpSample2D<2>, ec::Conv2D<16, 3>, ec::ReLU,
                               ec::UpSample2D<2>, ec::Conv2D<1, 3>, ec::Sigmoid>;
template <class... Code>
using Sparse = ec::Autoencoder<ec::Encoder<ec::image(28, 28), ec::Dense<1024>, Code...>,
                               ec::Decoder<ec::features(1024), ec::Dense<784>, ec::Sigmoid>>;
template <class Encoder>
using Contracted = ec::Autoencoder<Encoder, ec::Decoder<Encoder::output, ec::Dense<784>, ec::Sigmoid>>;
using DeepEncoder = ec::Encoder<ec::image(28, 28), ec::Dense<128>, ec::Tanh, ec::Dense<32>, ec::Sigmoid>;
using ConvEncoder = ec::Encoder<ec::image(28, 28), ec::Conv2D<16, 3>, ec::ReLU, ec::MaxPool2D<2>, ec::Conv2D<16, 3>, ec::ReLU,
                                ec::MaxPool2D<2>, ec::Dense<64>, ec::Tanh>;
using Conditional = ec::ConditionalVariationalAutoencoder<networks::VariationalEncoder, ec::Latent<2>, ec::Condition<10>,
                                                          networks::VariationalDecoder>;
using ConvVariational = ec::VariationalAutoencoder<
    ec::Encoder<ec::image(28, 28), ec::Conv2D<16, 3, 2>, ec::ReLU, ec::Conv2D<32, 3, 2>, ec::ReLU, ec::Dense<256>, ec::ReLU>,
    ec::Latent<2>,
    ec::Decoder<ec::features(2), ec::Dense<256>, ec::ReLU, ec::Dense<7 * 7 * 32>, ec::ReLU, ec::Reshape<ec::image(7, 7, 32)>,
                ec::UpSample2D<2>, ec::Conv2D<16, 3>, ec::ReLU, ec::UpSample2D<2>, ec::Conv2D<1, 3>, ec::Sigmoid>>;
using QuantisedEncoder = ec::Encoder<ec::image(28, 28), ec::Conv2D<32, 3, 2>, ec::ReLU, ec::Conv2D<64, 3, 2>, ec::ReLU,
                                     ec::Conv2D<16, 1>, ec::VectorQuantizer<128>>;
using Quantised =
    ec::Autoencoder<QuantisedEncoder,
                    ec::Decoder<QuantisedEncoder::output, ec::Conv2D<64, 3>, ec::ReLU, ec::ConvTranspose2D<32, 3, 2>, ec::ReLU,
                                ec::ConvTranspose2D<1, 3, 2>, ec::Sigmoid>>;
using MapEncoder = ec::Encoder<ec::image(28, 28), ec::Dense<512>, ec::ReLU, ec::Dense<128>, ec::ReLU>;
using MapDecoder =
    ec::Decoder<ec::features(2), ec::Dense<128>, ec::ReLU, ec::Dense<512>, ec::ReLU, ec::Dense<784>, ec::Sigmoid>;
using PlainEncoder = ec::Encoder<ec::image(28, 28), ec::Dense<512>, ec::ReLU, ec::Dense<128>, ec::ReLU, ec::Dense<2>>;
using LinearEncoder = ec::Encoder<ec::image(28, 28), ec::Dense<16>>;
using MirroredEncoder =
    ec::Encoder<ec::image(28, 28), ec::Dense<512>, ec::ReLU, ec::Dense<256>, ec::ReLU, ec::Dense<64>, ec::ReLU, ec::Dense<16>>;

void run_all(const Run& run) {
  const ec::Seed seed{run.part == "second" ? 2U : 1U};  // what a checkpoint does not bring would show
  const ec::BinaryCrossEntropy entropy;
  const ec::MeanSquaredError error;
  run("01_simple", networks::Simple<float>{seed}, entropy);
  run("02_vanilla", networks::Vanilla<float>{seed}, error);
  run("02_deep", networks::Deep<float>{seed}, error);
  run("03_symmetric", networks::Symmetric<float>{seed}, error);
  run("03_symmetric_double", networks::Symmetric<double>{seed}, error);
  run("04_transpose", networks::Transposing<float>{seed}, entropy);
  run("04_unpool", networks::Unpooling<float>{seed}, entropy);
  run("04_upsample", ec::Autoencoder<networks::PoolingEncoder, UpSampling>{seed}, entropy);
  run("05_dense", noisy(seed), entropy);
  run("05_convolutional", networks::Denoiser<float>{seed}, entropy);
  run("05_unet", unet(seed), entropy);
  run("06_kl", Sparse<ec::Sigmoid>{seed}, entropy + 0.1 * ec::KLSparsity{.target = 0.05});
  run("06_l1", Sparse<ec::ReLU>{seed}, entropy + 1e-3 * ec::L1Activity{});
  run("06_k_sparse", Sparse<ec::KSparse<32>>{seed}, entropy);
  run("07_shallow", Contracted<ec::Encoder<ec::image(28, 28), ec::Dense<64>, ec::Sigmoid>>{seed},
      error + 1e-3 * ec::Contractive{});
  run("07_deep", Contracted<DeepEncoder>{seed}, error + 1e-3 * ec::DeepContractive{});
  run("07_convolutional", Contracted<ConvEncoder>{seed}, error + 1e-3 * ec::StochasticContractive<>{});
  run("08_variational", networks::Variational<float>{seed}, ec::Elbo{ec::Bernoulli{}, {.annealing = ec::linear_annealing(20)}});
  run("08_conditional", Conditional{seed}, ec::Elbo{ec::Bernoulli{}});
  run("08_convolutional", ConvVariational{seed}, ec::Elbo{ec::Bernoulli{}});
  run("08_quantised", Quantised{seed}, error + 0.25 * ec::Commitment{});
  run("09_map", ec::VariationalAutoencoder<MapEncoder, ec::Latent<2>, MapDecoder>{seed}, ec::Elbo{ec::Bernoulli{}});
  run("09_plain", ec::Autoencoder<PlainEncoder, MapDecoder>{seed}, error);
  run("17_linear", ec::Autoencoder<LinearEncoder, ec::Decoder<ec::features(16), ec::Dense<784>>>{seed}, error);
  run("17_mirror", ec::Autoencoder<MirroredEncoder, ec::Mirror<MirroredEncoder, ec::Sigmoid>>{seed}, error);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "usage: %s FOLDER whole|first|second\n", arguments[0]);
    return 2;
  }
  try {
    run_all({arguments[1], arguments[2]});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
