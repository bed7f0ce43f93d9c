// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/testing/gradient_check.hpp>

namespace ec = eigencoder;

namespace {

template <class Found, class Expected>
constexpr bool same = std::is_same_v<Found, Expected>;

using DenseEncoder = ec::Encoder<ec::image(4, 5), ec::Dense<9>, ec::Tanh, ec::Dense<6, ec::Bias::none>, ec::SiLU, ec::Dense<3>>;
static_assert(same<ec::Mirror<DenseEncoder, ec::Sigmoid>,
                   ec::Decoder<ec::features(3), ec::Dense<6>, ec::SiLU, ec::Dense<9, ec::Bias::none>, ec::Tanh, ec::Dense<20>,
                               ec::Sigmoid>>);
static_assert(same<ec::Tied<DenseEncoder>, ec::Decoder<ec::features(3), ec::TiedDense<4, ec::features(6), ec::Bias::added>,
                                                       ec::SiLU, ec::TiedDense<2, ec::features(9), ec::Bias::none>, ec::Tanh,
                                                       ec::TiedDense<0, ec::image(4, 5), ec::Bias::added>>>);
// Weights 9 × 20, 6 × 9, 3 × 6; the encoder's biases, and the decoder's.
static_assert(ec::Autoencoder<DenseEncoder, ec::Tied<DenseEncoder>>::parameter_count == 180 + 54 + 18 + 9 + 3 + 6 + 20);
static_assert(ec::Autoencoder<DenseEncoder, ec::Mirror<DenseEncoder>>::parameter_count ==
              2 * (180 + 54 + 18) + 9 + 3 + 6 + 9 * 0 + 20);

// The code's activation has no mirror, noise none either, normalisation stays with the layer that it follows.
using Noisy =
    ec::Encoder<ec::features(8), ec::GaussianNoise, ec::Dense<5>, ec::BatchNorm, ec::ReLU, ec::Dropout, ec::Dense<2>, ec::Tanh>;
static_assert(same<ec::Mirror<Noisy>, ec::Decoder<ec::features(2), ec::Dense<5>, ec::BatchNorm, ec::ReLU, ec::Dense<8>>>);

using Sparse = ec::Encoder<ec::features(8), ec::MaskingNoise, ec::Dense<5>, ec::KSparse<2>>;
static_assert(same<ec::Mirror<Sparse>, ec::Decoder<ec::features(5), ec::Dense<8>>>);

using Images = ec::Encoder<ec::image(7, 6, 2), ec::Conv2D<3, 3>, ec::ReLU, ec::MaxPool2D<2, 2, ec::Padding::same>,
                           ec::Conv2D<4, 3>, ec::ReLU, ec::MaxPool2D<2, 2, ec::Padding::same>, ec::Dense<5>>;
static_assert(same<ec::Mirror<Images, ec::Sigmoid>,
                   ec::Decoder<ec::features(5), ec::Dense<16>, ec::Reshape<ec::image(2, 2, 4)>, ec::ReLU, ec::UpSample2D<2>,
                               ec::Crop2D<ec::Border{0, 0, 0, 1}>, ec::Conv2D<3, 3>, ec::ReLU, ec::UpSample2D<2>,
                               ec::Crop2D<ec::Border{0, 1, 0, 0}>, ec::Conv2D<2, 3>, ec::Sigmoid>>);
using Strided = ec::Encoder<ec::image(6, 9), ec::Conv2D<3, 3, 2>, ec::Tanh, ec::Conv2D<2, 2, 1, ec::Padding::valid>>;
static_assert(ec::Mirror<Strided>::output == ec::image(6, 9) && ec::Tied<Strided>::output == ec::image(6, 9));
using Sequences = ec::Encoder<ec::sequence(12, 3), ec::Conv1D<4, 3>, ec::ELU, ec::MaxPool1D<2>, ec::Conv1D<2, 5>>;
static_assert(ec::Mirror<Sequences>::output == ec::sequence(12, 3) && ec::Tied<Sequences>::output == ec::sequence(12, 3));
using Rest =
    ec::Encoder<ec::features(24), ec::Reshape<ec::image(4, 6)>, ec::ZeroPad2D<1>, ec::Conv2D<3, 3>, ec::GlobalAvgPool2D>;
static_assert(ec::Mirror<Rest>::output == ec::features(24) && ec::Tied<Rest>::output == ec::features(24));

// A residual block becomes one, whose layers are mirrored like a list of their own; so does a projection.
using Blocks = ec::Encoder<ec::image(4, 4, 2), ec::Conv2D<3, 3>, ec::Tanh, ec::Residual<ec::Conv2D<5, 1>, ec::Tanh, ec::Conv2D<3, 3>>, ec::Tanh,
                           ec::Residual<ec::Projection<ec::Conv2D<4, 1, 2>>, ec::Conv2D<4, 3, 2>>, ec::Tanh, ec::Dense<5>>;
static_assert(
    same<ec::Mirror<Blocks>,
         ec::Decoder<ec::features(5), ec::Dense<16>, ec::Reshape<ec::image(2, 2, 4)>, ec::Tanh,
                     ec::Residual<ec::Projection<ec::ConvTranspose2D<3, 1, 2, ec::Padding::same, ec::Bias::added, ec::Init::glorot_uniform>>,
                                  ec::ConvTranspose2D<3, 3, 2, ec::Padding::same, ec::Bias::added, ec::Init::glorot_uniform>>,
                     ec::Tanh, ec::Residual<ec::Conv2D<5, 3>, ec::Tanh, ec::Conv2D<3, 1>>, ec::Tanh, ec::Conv2D<2, 3>>>);

/// Every derivative of a whole model, by the checker.
template <class E, class D>
void check_model() {
  ec::Autoencoder<E, D, double> model{ec::Seed{3}};
  model.set_parameters(model.parameters() + 0.1 * Eigen::VectorXd::Random(model.parameter_count));
  for (const ec::Index batch : {1, 7}) {
    const Eigen::MatrixXd x = Eigen::MatrixXd::Random(E::input.size(), batch),
                          target = Eigen::MatrixXd::Random(E::input.size(), batch);
    const ec::GradientReport report = ec::check_model_gradient(model, ec::MeanSquaredError{}, x, target);
    INFO(report.text());
    CHECK(report.error < 1e-6);
  }
}

}  // namespace

TEST_CASE("tied: the derivatives of whole models with shared weights") {
  check_model<DenseEncoder, ec::Tied<DenseEncoder, ec::Sigmoid>>();
  check_model<Strided, ec::Tied<Strided>>();
}

TEST_CASE("tied: a decoder is the transpose of its encoder's weights, and decodes codes alone") {
  ec::Autoencoder<DenseEncoder, ec::Tied<DenseEncoder, ec::Sigmoid>, double> tied{ec::Seed{3}};
  ec::Autoencoder<DenseEncoder, ec::Mirror<DenseEncoder, ec::Sigmoid>, double> written{ec::Seed{4}};
  tied.set_parameters(tied.parameters() + 0.1 * Eigen::VectorXd::Random(tied.parameter_count));
  for (const int layer : {0, 2, 4}) {
    const auto weight = tied.parameter(ec::message("encoder.", layer, ".weight"));
    written.parameter(ec::message("encoder.", layer, ".weight")) = weight;
    written.parameter(ec::message("decoder.", 4 - layer, ".weight")) = weight.transpose();
  }
  for (const char* bias : {"encoder.0.bias", "encoder.4.bias", "decoder.0.bias", "decoder.4.bias"}) {
    written.parameter(bias) = tied.parameter(bias);
  }
  const Eigen::MatrixXd x = Eigen::MatrixXd::Random(20, 33), codes = 2 * Eigen::MatrixXd::Random(3, 33);
  CHECK((tied.reconstruct(x) - written.reconstruct(x)).cwiseAbs().maxCoeff() < 1e-14);
  CHECK((tied.decode(codes) - written.decode(codes)).cwiseAbs().maxCoeff() < 1e-14);
  for (const ec::Index j : {0, 32})
    CHECK((tied.decode(codes.col(j)) - written.decode(codes.col(j))).cwiseAbs().maxCoeff() < 1e-14);
}

TEST_CASE("tied: trains on threads, every weight moved by both of its places") {
  ec::Autoencoder<Strided, ec::Tied<Strided>, double> model{ec::Seed{3}};
  const Eigen::MatrixXd x = Eigen::MatrixXd::Random(54, 3) * Eigen::MatrixXd::Random(3, 400);
  const auto fitted = [&](std::size_t threads) {
    auto copy = model;
    ec::Trainer trainer{copy, ec::MeanSquaredError{}, ec::Adam{.learning_rate = 1e-2}, {.threads = threads}};
    const ec::History history = trainer.fit(x, {.epochs = 8, .batch_size = 50, .progress = ec::Progress::quiet});
    CHECK(history.last().train.loss < 0.7 * history.epochs.front().train.loss);
    return Eigen::VectorXd(copy.parameters());
  };
  const Eigen::VectorXd alone = fitted(1);
  CHECK((fitted(2) - alone).cwiseAbs().maxCoeff() < 1e-9);
}

TEST_CASE("mirror: from values, which activations keep") {
  constexpr auto encoder = ec::encoder<ec::features(6)>(ec::Dense<4>{}, ec::LeakyReLU{0.1}, ec::Dense<2>{});
  constexpr auto decoder = ec::mirror(encoder, ec::LeakyReLU{0.05});
  constexpr auto tied = ec::tied(encoder);
  static_assert(std::get<1>(decoder.layers).slope == 0.1 && std::get<3>(decoder.layers).slope == 0.05);
  static_assert(std::get<1>(tied.layers).slope == 0.1);
  const ec::Autoencoder model{encoder, decoder, ec::Seed{1}};
  CHECK(model.reconstruct(Eigen::MatrixXf::Random(6, 3)).allFinite());
}

TEST_CASE("mirror: models that are derived restore their input's shape") {
  const ec::Autoencoder<Images, ec::Mirror<Images, ec::Sigmoid>> model{ec::Seed{1}};
  CHECK(model.reconstruct(Eigen::MatrixXf::Random(84, 3)).rows() == 84);
}

TEST_CASE("mirror: residual blocks with the encoder's weights") { check_model<Blocks, ec::Tied<Blocks, ec::Tanh>>(); }
