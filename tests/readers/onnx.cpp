// SPDX-License-Identifier: MIT
// readers_onnx FOLDER: writes networks as FOLDER/<name>.onnx, and beside them <name>.<samples>.x and .y: samples, and what the
// network makes of them, as floats, one sample after the other. onnx.py compares.
#include <filesystem>
#include <string>

#include "support/example_networks.hpp"
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/io/onnx.hpp>

namespace ec = eigencoder;
using Eigen::MatrixXf;

namespace {

std::filesystem::path folder;

MatrixXf normal(ec::Index rows, ec::Index columns, std::uint64_t seed) {
  return ec::normal_codes<float>(rows, columns, ec::Seed{seed});
}

/// Parameters and running state that nothing begins with: no bias is 0, no variance 1.
template <class Model>
void draw_parameters(Model& model, std::uint64_t seed) {
  using T = typename Model::Scalar;
  std::uint64_t block_seed = 100 * seed;
  model.for_each_block([&](const std::string&, const ec::Block& block, auto view) {
    const auto draw = normal(view.rows(), view.cols(), ++block_seed).template cast<T>().eval();
    if (block.name == "moving_variance") {
      view = draw.cwiseAbs().array() + T(0.3);
    } else if (block.name == "gamma" || block.name == "scale") {
      view = T(0.4) * draw.array() + T(1);
    } else if (block.name == "codebook") {
      view = draw;
    } else if (block.cols == 0) {
      view = T(0.3) * draw;
    }
  });
}

template <class Samples>
void write(const std::string& name, const Samples& samples) {
  const MatrixXf floats = samples.template cast<float>();
  ec::write_file(folder / name, std::as_bytes(std::span(floats.data(), static_cast<std::size_t>(floats.size()))));
}
template <class X, class Y>
void write_pair(const std::string& name, const X& x, const Y& y) {
  write(ec::message(name, '.', x.cols(), ".x"), x);
  write(ec::message(name, '.', x.cols(), ".y"), y);
}

/// What a model makes of samples, whatever it is.
template <class Model>
auto made(const Model& model, const typename Model::Matrix& x) {
  if constexpr (requires { model.predict(x); }) {
    return model.predict(x);
  } else if constexpr (requires { Model::classes; }) {
    return model.ec::template Autoencoder<typename Model::EncoderLayers, typename Model::DecoderLayers,
                                          typename Model::Scalar>::reconstruct(x);
  } else {
    return model.reconstruct(x);
  }
}

constexpr std::array<ec::Index, 2> batches{1, 7};

/// Values as they may come: mostly between −2 and 2.
template <class Model>
void exports(const std::string& name, Model&& model, int draws = 1) {
  using T = typename std::remove_cvref_t<Model>::Scalar;
  for (int draw = 1; draw <= draws; ++draw) {
    const std::string draw_name = ec::message(name, '-', draw);
    draw_parameters(model, static_cast<std::uint64_t>(draw));
    ec::export_onnx(model, folder / (draw_name + ".onnx"), {.round_to_float = true});
    for (const ec::Index samples : batches) {
      const auto x = normal(model.input.size(), samples, static_cast<std::uint64_t>(draw)).template cast<T>().eval();
      write_pair(draw_name, x, made(model, x));
    }
  }
}

/// Few different values, so that many are equal, and each is finite.
template <class Model>
void exports_ties(const std::string& name, Model&& model) {
  ec::export_onnx(model, folder / (name + ".onnx"));
  for (const ec::Index samples : batches) {
    const MatrixXf x = normal(model.input.size(), samples, 5).array().round();
    write_pair(name, x, made(model, x));
  }
}

/// Encoder and decoder apart. A conditional model's are told the classes below the samples and the codes.
template <class Model>
void exports_halves(const std::string& name, Model&& model) {
  draw_parameters(model, 1);
  ec::export_onnx_encoder(model, folder / (name + "-encoder.onnx"));
  ec::export_onnx_decoder(model, folder / (name + "-decoder.onnx"));
  for (const ec::Index samples : batches) {
    const MatrixXf codes = normal(model.code.size(), samples, 4);
    if constexpr (requires { model.classes; }) {
      const ec::Index classes = model.classes;
      const MatrixXf x = normal(model.input.size() - classes, samples, 3);
      const Eigen::VectorXi labels = Eigen::VectorXi::LinSpaced(samples, 0, static_cast<int>(classes) - 1).reverse();
      write_pair(name + "-encoder", ec::with_classes(x, labels, classes), model.encode(x, labels));
      write_pair(name + "-decoder", ec::with_classes(codes, labels, classes), model.decode(codes, labels));
    } else {
      const MatrixXf x = normal(model.input.size(), samples, 3);
      write_pair(name + "-encoder", x, model.encode(x));
      write_pair(name + "-decoder", codes, model.decode(codes));
    }
  }
}

// The examples' networks

using UpsamplingDecoder = ec::Decoder<ec::image(7, 7, 8), ec::UpSample2D<2>, ec::Conv2D<16, 3>, ec::ReLU, ec::UpSample2D<2>,
                                      ec::Conv2D<1, 3>, ec::Sigmoid>;
template <class... Code>
using Sparse = ec::Autoencoder<ec::Encoder<ec::image(28, 28), ec::Dense<1024>, Code...>, networks::ShallowDecoder<1024>>;
using Contractive = ec::Autoencoder<ec::Encoder<ec::image(28, 28), ec::Conv2D<16, 3>, ec::ReLU, ec::MaxPool2D<2>,
                                                ec::Conv2D<16, 3>, ec::ReLU, ec::MaxPool2D<2>, ec::Dense<64>, ec::Tanh>,
                                    networks::ShallowDecoder<64>>;
using ConvVariational = ec::VariationalAutoencoder<
    ec::Encoder<ec::image(28, 28), ec::Conv2D<16, 3, 2>, ec::ReLU, ec::Conv2D<32, 3, 2>, ec::ReLU, ec::Dense<256>, ec::ReLU>,
    ec::Latent<2>,
    ec::Decoder<ec::features(2), ec::Dense<256>, ec::ReLU, ec::Dense<7 * 7 * 32>, ec::ReLU, ec::Reshape<ec::image(7, 7, 32)>,
                ec::UpSample2D<2>, ec::Conv2D<16, 3>, ec::ReLU, ec::UpSample2D<2>, ec::Conv2D<1, 3>, ec::Sigmoid>>;
using Conditional = ec::ConditionalVariationalAutoencoder<networks::VariationalEncoder, ec::Latent<2>, ec::Condition<10>,
                                                          networks::VariationalDecoder>;
using Quantised = ec::Autoencoder<ec::Encoder<ec::image(28, 28), ec::Conv2D<32, 3, 2>, ec::ReLU, ec::Conv2D<64, 3, 2>, ec::ReLU,
                                              ec::Conv2D<16, 1>, ec::VectorQuantizer<128>>,
                                  ec::Decoder<ec::image(7, 7, 16), ec::Conv2D<64, 3>, ec::ReLU, ec::ConvTranspose2D<32, 3, 2>,
                                              ec::ReLU, ec::ConvTranspose2D<1, 3, 2>, ec::Sigmoid>>;
template <class... L>
using Dense = ec::Autoencoder<ec::Encoder<ec::image(28, 28), L...>,
                              ec::Decoder<ec::Encoder<ec::image(28, 28), L...>::output, ec::Dense<784>, ec::Sigmoid>>;
using LatentEncoder = ec::Encoder<ec::image(28, 28), ec::Dense<512>, ec::ReLU, ec::Dense<128>, ec::ReLU, ec::Dense<2>>;
using LatentDecoder =
    ec::Decoder<ec::features(2), ec::Dense<128>, ec::ReLU, ec::Dense<512>, ec::ReLU, ec::Dense<784>, ec::Sigmoid>;
using PcaEncoder =
    ec::Encoder<ec::image(28, 28), ec::Dense<512>, ec::ReLU, ec::Dense<256>, ec::ReLU, ec::Dense<64>, ec::ReLU, ec::Dense<16>>;

void examples() {
  exports("simple", networks::Simple<float>{});
  exports("vanilla", networks::Vanilla<float>{});
  exports("deep", networks::Deep<float>{});
  exports("symmetric", networks::Symmetric<float>{});
  exports("transposing", networks::Transposing<float>{});
  exports("unpooling", networks::Unpooling<float>{});
  exports("upsampling", ec::Autoencoder<networks::PoolingEncoder, UpsamplingDecoder>{});
  exports("denoiser", networks::Denoiser<float>{});
  exports("denoiser-dense",
          ec::Autoencoder{
              ec::encoder<ec::image(28, 28)>(ec::MaskingNoise{0.3}, ec::Dense<512>{}, ec::ReLU{}, ec::Dense<128>{}, ec::ReLU{}),
              ec::decoder<ec::features(128)>(ec::Dense<512>{}, ec::ReLU{}, ec::Dense<784>{}, ec::Sigmoid{})});
  exports("unet", [] {
    const auto deepest = ec::skip(ec::MaxPool2D<2>{}, ec::Conv2D<32, 3>{}, ec::ReLU{}, ec::UpSample2D<2>{});
    const auto outer = ec::skip(ec::MaxPool2D<2>{}, ec::Conv2D<32, 3>{}, ec::ReLU{}, deepest, ec::Conv2D<16, 3>{}, ec::ReLU{},
                                ec::UpSample2D<2>{});
    return ec::Network{ec::sequential<ec::image(28, 28)>(ec::GaussianNoise{0.3}, ec::Conv2D<16, 3>{}, ec::ReLU{}, outer,
                                                         ec::Conv2D<16, 3>{}, ec::ReLU{}, ec::Conv2D<1, 3>{}, ec::Sigmoid{})};
  }());
  exports("sparse", Sparse<ec::KSparse<32>>{});
  exports("sparse-sigmoid", Sparse<ec::Sigmoid>{});
  exports("contractive-shallow", Dense<ec::Dense<64>, ec::Sigmoid>{});
  exports("contractive-deep", Dense<ec::Dense<128>, ec::Tanh, ec::Dense<32>, ec::Sigmoid>{});
  exports("contractive", Contractive{});
  exports("latent-space", ec::Autoencoder<LatentEncoder, LatentDecoder>{});
  exports("variational", networks::Variational<float>{});
  exports("conv-variational", ConvVariational{});
  exports_halves("variational", networks::Variational<float>{});
  exports("conditional", Conditional{});
  exports_halves("conditional", Conditional{});
  exports("quantised", Quantised{});
  exports("pca-linear",
          ec::Autoencoder<ec::Encoder<ec::image(28, 28), ec::Dense<16>>, ec::Decoder<ec::features(16), ec::Dense<784>>>{});
  exports("pca", ec::Autoencoder<PcaEncoder, ec::Mirror<PcaEncoder, ec::Sigmoid>>{});
}

// Every layer

/// All activations of one input, side by side.
using Activations =
    ec::Network<ec::Sequential<ec::image(3, 2, 4), ec::ReLU, ec::Branch<-2>, ec::Sigmoid, ec::Concatenate<0>, ec::Branch<-5>,
                               ec::Tanh, ec::Concatenate<3>, ec::Branch<-8>, ec::Softplus, ec::Concatenate<6>, ec::Branch<-11>,
                               ec::Softsign, ec::Concatenate<9>, ec::Branch<-14>, ec::SiLU, ec::Concatenate<12>,
                               ec::Branch<-17>, ec::GELU, ec::Concatenate<15>, ec::Branch<-20>, ec::Identity,
                               ec::Concatenate<18>, ec::Branch<-23>, ec::LeakyReLU, ec::Concatenate<21>, ec::Branch<-26>,
                               ec::ELU, ec::Concatenate<24>, ec::Branch<-29>, ec::Softmax, ec::Concatenate<27>>>;

/// The same of single values.
using Extremes = ec::Network<
    ec::Sequential<ec::features(24), ec::Sigmoid, ec::Branch<-2>, ec::Tanh, ec::Concatenate<0>, ec::Branch<-5>, ec::Softsign,
                   ec::Concatenate<3>, ec::Branch<-8>, ec::Softmax, ec::Concatenate<6>, ec::Branch<-11>, ec::Softplus,
                   ec::Concatenate<9>, ec::Branch<-14>, ec::SiLU, ec::Concatenate<12>, ec::Branch<-17>, ec::GELU,
                   ec::Concatenate<15>, ec::Branch<-20>, ec::ELU, ec::Concatenate<18>>>;
/// The largest and the smallest numbers, compared value by value.
void extremes() {
  MatrixXf x(24, 1);
  x << 0, -0.0F, 1e-38F, -1e-38F, 1e-20F, -1e-20F, 1e-7F, -1e-7F, 1, -1, 9, -9, 20, -20, 88, -88, 104, -104, 1e4F, -1e4F, 1e30F,
      -1e30F, 3e38F, -3e38F;
  const Extremes activations;
  ec::export_onnx(activations, folder / "extremes.onnx");
  write_pair("extremes", x, activations.predict(x));
  const ec::Network<ec::Sequential<ec::image(4, 6), ec::MaxPool2D<2>, ec::ReLU>> pool;
  ec::export_onnx(pool, folder / "extreme-pool.onnx");
  write_pair("extreme-pool", x, pool.predict(x));
}

using Transposed =
    ec::Network<ec::Sequential<ec::image(2, 3, 4), ec::ConvTranspose2D<5, 3, ec::Extent{2, 1}>,
                               ec::ConvTranspose2D<3, ec::Extent{1, 4}, ec::Extent{2, 3}>,
                               ec::ConvTranspose2D<2, ec::Extent{3, 2}, ec::Extent{1, 3}, ec::Padding::valid, ec::Bias::none>,
                               ec::Crop2D<ec::Border{1, 0, 2, 3}>, ec::ConvTranspose2D<3, 1>,
                               ec::DepthwiseConv2D<2, ec::Extent{2, 3}, ec::Dilation{3, 2}>>>;
/// What a vector, an image of one pixel, can be made into.
using Grown =
    ec::Network<ec::Sequential<ec::features(6), ec::ConvTranspose2D<3, ec::Extent{2, 3}, ec::Extent{2, 1}, ec::Padding::valid>,
                               ec::ZeroPad2D<ec::Border{0, 1, 2, 0}>, ec::Crop2D<ec::Border{1, 1, 2, 2}>,
                               ec::ZeroPad2D<ec::Border{1, 0, 0, 2}>>>;
using Pools = ec::Network<ec::Sequential<
    ec::image(13, 9, 2), ec::MaxPool2D<3, 1, ec::Padding::same>, ec::AvgPool2D<3, 2, ec::Padding::same>,
    ec::MaxPool2D<ec::Extent{3, 2}, ec::Extent{2, 1}>, ec::AvgPool2D<ec::Extent{2, 3}, 1>, ec::UpSample2D<ec::Extent{3, 2}>,
    ec::UpSample2D<ec::Extent{2, 3}, ec::Interpolation::bilinear>, ec::ReLU, ec::MaxPool2D<2>, ec::Softmax, ec::GlobalAvgPool2D,
    ec::UpSample2D<ec::Extent{2, 3}>, ec::UpSample2D<2, ec::Interpolation::bilinear>, ec::Reshape<ec::image(3, 4, 4)>,
    ec::Reshape<ec::sequence(8, 6)>>>;
using Steps = ec::Network<ec::Sequential<
    ec::sequence(17, 3), ec::Conv1D<5, 4, 2>, ec::ReLU, ec::Conv1D<4, 2, 1, ec::Padding::valid, ec::Dilation{3}>,
    ec::MaxPool1D<2>, ec::UpSample1D<3, ec::Interpolation::bilinear>, ec::AvgPool1D<3, 2, ec::Padding::same>, ec::BatchNorm,
    ec::UpSample1D<2>, ec::ConvTranspose1D<3, 5, 3>, ec::LayerNorm, ec::ConvTranspose1D<2, 2, 2, ec::Padding::valid>>>;
using Codes = ec::Network<ec::Sequential<ec::image(3, 5, 4), ec::KSparse<11>, ec::Conv2D<6, 1>, ec::VectorQuantizer<9>,
                                         ec::Dense<12>, ec::VectorQuantizer<5>, ec::KSparse<3>>>;
/// A class amid the network.
using Conditions =
    ec::Network<ec::Sequential<ec::features(5), ec::Dense<20>, ec::TakeCondition<ec::image(2, 3, 2), 8>, ec::Conv2D<3, 2>,
                               ec::ProvideCondition<1, 8>, ec::Reshape<ec::image(2, 13)>, ec::GaussianSample, ec::Dense<4>>>;
using Branches =
    ec::Network<ec::Sequential<ec::image(5, 4, 3), ec::Residual<ec::Frozen<ec::Conv2D<3, 3>>, ec::ReLU>,
                               ec::Residual<ec::Projection<ec::Conv2D<4, 1, 2>>, ec::Conv2D<4, 3, 2>, ec::GELU, ec::BatchNorm>,
                               ec::Skip<ec::Conv2D<2, 2>, ec::Tanh>, ec::Dense<7>, ec::Residual<ec::Dense<7>, ec::SiLU>,
                               ec::Skip<ec::Dense<3>>>>;
using TiedEncoder = ec::Encoder<ec::image(9, 8, 2), ec::Conv2D<4, 3, 2>, ec::ReLU,
                                ec::Conv2D<3, ec::Extent{2, 3}, ec::Extent{2, 1}, ec::Padding::valid>, ec::Tanh, ec::Dense<6>>;
using TiedModel = ec::Autoencoder<TiedEncoder, ec::Tied<TiedEncoder, ec::Sigmoid>>;

/// Values put back where they were the largest, the first of several equal ones.
using Unpooled = ec::Network<ec::Sequential<ec::image(6, 4, 3), ec::MaxPool2D<ec::Extent{3, 2}>, ec::Conv2D<3, 2>,
                                            ec::MaxUnpool2D<0, ec::Extent{3, 2}>>>;
using UnpooledSteps =
    ec::Network<ec::Sequential<ec::sequence(9, 2), ec::ReLU, ec::MaxPool1D<3>, ec::Tanh, ec::MaxUnpool2D<1, ec::Extent{1, 3}>>>;

/// Recurrent layers of all kinds, in both directions, with all that they return.
using Recurrence = ec::Network<ec::Sequential<
    ec::sequence(7, 3), ec::LSTM<4, ec::Returns::sequence>, ec::GRU<5, ec::Returns::sequence, ec::Direction::backward>,
    ec::ReverseSteps, ec::Bidirectional<ec::LSTM<3, ec::Returns::sequence>>,
    ec::LSTM<6, ec::Direction::backward, ec::Returns::state>, ec::RepeatVector<4>, ec::SimpleRNN<5, ec::Returns::sequence>,
    ec::Bidirectional<ec::LSTM<4, ec::Returns::state>>, ec::RepeatVector<3>, ec::TimeDistributed<ec::Dense<4>>, ec::GRU<3>>>;
/// Sequences of one step are vectors.
using OneStep = ec::Network<
    ec::Sequential<ec::features(3), ec::GRU<4, ec::Returns::sequence>, ec::RepeatVector<1>, ec::ReverseSteps,
                   ec::LSTM<5, ec::Returns::state>, ec::TimeDistributed<ec::Dense<1>>, ec::Embedding<3, 2>, ec::SimpleRNN<3>>>;
using Decoded =
    ec::Network<ec::Sequential<ec::features(6), ec::RecurrentDecoder<ec::LSTM<3>, 4, 2>, ec::GRU<2, ec::Returns::state>,
                               ec::RecurrentDecoder<ec::GRU<2, ec::Direction::backward>, 3, 2>, ec::Dense<2>,
                               ec::RecurrentDecoder<ec::SimpleRNN<2, ec::Direction::backward>, 5, 3, ec::Feed::code>>>;
using Tokens = ec::Network<
    ec::Sequential<ec::sequence(5, 1), ec::Embedding<4, 3>, ec::SimpleRNN<3, ec::Direction::backward>, ec::Dense<2>>>;

void layers() {
  constexpr int draws = 3;
  exports("activations", Activations{}, draws);
  extremes();
  exports("convolutions",
          ec::Network{ec::sequential<ec::image(11, 7, 3)>(
              ec::Conv2D<5, ec::Extent{3, 2}, ec::Extent{2, 1}>{}, ec::BatchNorm{.epsilon = 0.1},
              ec::Conv2D<4, 3, 1, ec::Dilation{2, 1}>{}, ec::LayerNorm{}, ec::DepthwiseConv2D<3>{},
              ec::Scale<ec::Bias::added>{}, ec::Conv2D<6, ec::Extent{2, 3}, 1, ec::Padding::valid, ec::Bias::none>{},
              ec::DepthwiseConv2D<ec::Extent{1, 2}, ec::Extent{1, 2}, ec::Padding::valid, ec::Bias::none>{},
              ec::ZeroPad2D<ec::Border{1, 2, 0, 3}>{}, ec::LeakyReLU{0.1}, ec::Conv2D<3, 4, 3>{}, ec::Dropout{0.5},
              ec::Dense<9>{}, ec::BatchNorm{}, ec::ELU{0.7}, ec::Scale<>{}, ec::LayerNorm{.epsilon = 0.2}, ec::Conv2D<4, 1>{})},
          draws);
  exports("transposed", Transposed{}, draws);
  exports("grown", Grown{}, draws);
  exports("pools", Pools{}, draws);
  exports_ties("unpooled", Unpooled{});
  exports_ties("unpooled-steps", UnpooledSteps{});
  exports_ties("sparse-ties", ec::Network<ec::Sequential<ec::image(3, 5, 4), ec::KSparse<11>>>{});
  exports("double", networks::Transposing<double>{});
  exports("noise", ec::Network{ec::sequential<ec::sequence(4, 3)>(ec::GaussianNoise{0.3}, ec::MaskingNoise{0.5},
                                                                  ec::SaltAndPepperNoise{0.1}, ec::Dropout{0.5},
                                                                  ec::SpatialDropout2D{0.5})});
  exports("steps", Steps{}, draws);
  exports("recurrence", Recurrence{}, draws);
  exports("one-step", OneStep{});
  exports("tokens", Tokens{}, draws);
  exports("decoded", Decoded{}, draws);
  exports("codes", Codes{}, draws);
  exports("conditions", Conditions{}, draws);
  exports("branches", Branches{}, draws);
  exports("tied", TiedModel{}, draws);
  exports_halves("tied", TiedModel{});
}

}  // namespace

int main(int, char** arguments) {
  folder = arguments[1];
  examples();
  layers();
}
