// SPDX-License-Identifier: MIT
// long_levels: trains small networks of the main kinds, with sizes that fill no register, and prints for each step NETWORK
// LOSS, the loss exactly. The first line says at which level kernels run. levels.py runs it on several processors. (Adam and
// normal draws take roots, which begin with the processor's own approximation, rsqrtps: their last bits differ between makers.)
#include <cstdio>
#include <exception>

#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;

namespace {

using ec::features, ec::image, ec::sequence;

using Dense =
    ec::Autoencoder<ec::Encoder<features(75), ec::Dense<37>, ec::ReLU, ec::Dense<19>, ec::GELU, ec::Dense<7>, ec::Tanh>,
                    ec::Decoder<features(7), ec::Dense<19>, ec::SiLU, ec::Dense<37>, ec::Softplus, ec::Dense<75>, ec::Sigmoid>>;
using Convolutional = ec::Autoencoder<
    ec::Encoder<image(10, 10), ec::Conv2D<9, 3>, ec::ReLU, ec::MaxPool2D<2>, ec::Conv2D<5, 3>, ec::BatchNorm, ec::ELU>,
    ec::Decoder<image(5, 5, 5), ec::ConvTranspose2D<9, 3, 2>, ec::LeakyReLU, ec::Conv2D<1, 3>, ec::Sigmoid>>;
using Variational = ec::VariationalAutoencoder<ec::Encoder<features(75), ec::Dense<41>, ec::ReLU>, ec::Latent<3>,
                                               ec::Decoder<features(3), ec::Dense<41>, ec::ReLU, ec::Dense<75>, ec::Sigmoid>>;
template <template <ec::Index, auto...> class Cell>
using Recurrent =
    ec::Autoencoder<ec::Encoder<sequence(9, 5), Cell<13>>,
                    ec::Decoder<features(13), ec::RepeatVector<9>, Cell<13, ec::Returns::sequence>, ec::Conv1D<5, 1>>>;

/// 24 steps on batches of 29 samples in [0, 1), divided among two threads.
template <class Model, class Loss, class Optimizer = ec::SGD>
void train(const char* network, const Loss& loss, const Optimizer& optimizer = {.learning_rate = 0.05, .momentum = 0.9}) {
  Model model{ec::Seed{1}};
  ec::Trainer trainer{model, loss, optimizer, {.threads = 2}};
  for (std::uint64_t step = 0; step < 24; ++step) {
    const ec::Random random(ec::Seed{5}, step, 0);
    const Eigen::MatrixXf x = Eigen::MatrixXf::NullaryExpr(
        Model::input.size(), 29, [&](ec::Index i, ec::Index j) { return static_cast<float>(random.uniform(j, i)); });
    std::printf("%s %a\n", network, trainer.train_on_batch(x));
  }
}

}  // namespace

int main() {
  try {
    std::printf("level %d\n", static_cast<int>(ec::simd()));
    train<Dense>("dense", ec::BinaryCrossEntropy{});
    train<Convolutional>("convolutional", ec::MeanSquaredError{});
    train<Recurrent<ec::LSTM>>("lstm", ec::MeanSquaredError{});
    train<Recurrent<ec::GRU>>("gru", ec::Huber{});
    train<Dense>("dense-adam", ec::BinaryCrossEntropy{}, ec::Adam{.learning_rate = 3e-3});
    train<Variational>("variational", ec::Elbo<ec::Bernoulli>{}, ec::Adam{.learning_rate = 3e-3});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
