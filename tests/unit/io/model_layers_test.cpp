// SPDX-License-Identifier: MIT
// Every layer there is goes into a file and comes back without a changed bit.
#include "support/catch.hpp"
#include "support/folder.hpp"
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/io/model_file.hpp>

namespace ec = eigencoder;

namespace {

/// Of both layouts, and with the parameters and running state of another model before. Keras has one bias of some recurrent
/// layers, the sum of ours, so parameters come back as others that predict the same.
template <class Model>
void check_reload(const Model& made, bool keras_sums_biases = false) {
  const Folder folder;
  Model model = made, loaded = made;
  // Drawn anew, with positive running state, as variances are.
  model.set_parameters(Eigen::VectorXf::Random(Model::parameter_count));
  model.set_state((Eigen::VectorXf::Random(Model::state_count).array() + 1.5F).matrix());
  loaded.set_parameters(Eigen::VectorXf::Zero(Model::parameter_count));
  loaded.set_state(Eigen::VectorXf::Ones(Model::state_count));
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(Model::input.size(), 2);
  const auto predict = [&x](const Model& from) {
    if constexpr (requires { from.reconstruct(x); }) {
      return from.reconstruct(x);
    } else {
      return from.predict(x);
    }
  };
  for (const ec::Layout layout : {ec::Layout::pytorch, ec::Layout::keras}) {
    ec::save(model, folder.path / "model.safetensors", {.layout = layout});
    CHECK(ec::load(loaded, folder.path / "model.safetensors").at("eigencoder.layout") == to_string(layout));
    CHECK((loaded.parameters() == model.parameters()) == !(keras_sums_biases && layout == ec::Layout::keras));
    CHECK(loaded.state() == model.state());
    CHECK(predict(loaded) == predict(model));
    loaded.set_parameters(Eigen::VectorXf::Zero(Model::parameter_count));
  }
}

}  // namespace

TEST_CASE("Layers of vectors", "[model_file]") {
  check_reload(ec::Network{ec::sequential<ec::features(6)>(
      ec::Dense<4>{}, ec::Frozen<ec::Dense<8>>{}, ec::BatchNorm{.momentum = 0.5, .epsilon = 1e-4},
      ec::LayerNorm{.epsilon = 1e-4}, ec::Scale<ec::Bias::added>{}, ec::KSparse<6>{}, ec::Dense<8, ec::Bias::none>{},
      ec::GaussianSample{}, ec::VectorQuantizer<4>{.decay = 0.5})});
}

TEST_CASE("Layers of images", "[model_file]") {
  check_reload(ec::Network<
               ec::Sequential<ec::image(4, 6, 3), ec::Conv2D<2, ec::Extent{3, 2}, 1, ec::Dilation{1, 2}>,
                              ec::ConvTranspose2D<2, ec::Extent{3, 2}, ec::Extent{1, 2}>, ec::DepthwiseConv2D<ec::Extent{2, 3}>,
                              ec::BatchNorm, ec::LayerNorm, ec::Scale<>, ec::UpSample2D<2, ec::Interpolation::bilinear>,
                              ec::MaxPool2D<2>, ec::AvgPool2D<2>, ec::ZeroPad2D<1>, ec::Crop2D<ec::Border{0, 1, 1, 0}>,
                              ec::Reshape<ec::image(7, 3, 2)>, ec::VectorQuantizer<5>, ec::GlobalAvgPool2D, ec::Dense<3>>>{});
}

TEST_CASE("Layers of sequences", "[model_file]") {
  check_reload(ec::Network<ec::Sequential<ec::sequence(6, 3), ec::Conv1D<2, 3>, ec::ConvTranspose1D<2, 3, 2>, ec::MaxPool1D<2>,
                                          ec::AvgPool1D<2>, ec::UpSample1D<2>>>{});
}

TEST_CASE("Recurrent layers and their neighbours", "[model_file]") {
  using enum ec::Returns;
  check_reload(
      ec::Network{ec::sequential<ec::sequence(5, 1)>(
          ec::Embedding<9, 3>{}, ec::ReverseSteps{}, ec::LSTM<4, sequence, ec::Truncation{2}>{ec::RecurrentDropout{0.1}},
          ec::GRU<3, ec::Direction::backward>{}, ec::RepeatVector<2>{}, ec::Bidirectional<ec::SimpleRNN<4, sequence>>{},
          ec::TimeDistributed<ec::Dense<3>>{}, ec::LSTM<2, state>{}, ec::RecurrentDecoder<ec::LSTM<2>, 3, 2>{})},
      true);
}

TEST_CASE("Activations, and layers that act in training alone", "[model_file]") {
  check_reload(ec::Network{ec::sequential<ec::features(4)>(
      ec::Dense<6>{}, ec::Identity{}, ec::ReLU{}, ec::LeakyReLU{0.1}, ec::ELU{0.5}, ec::Sigmoid{}, ec::Tanh{}, ec::Softplus{},
      ec::Softsign{}, ec::SiLU{}, ec::GELU{}, ec::Softmax{}, ec::Dropout{0.2}, ec::SpatialDropout2D{0.2},
      ec::GaussianNoise{0.1}, ec::MaskingNoise{0.1}, ec::SaltAndPepperNoise{0.1})});
}

TEST_CASE("Layers that read earlier ones", "[model_file]") {
  using Vectors = ec::Encoder<ec::features(6), ec::Dense<5>, ec::ReLU, ec::Dense<3>>;
  check_reload(ec::Autoencoder<Vectors, ec::Tied<Vectors>>{});
  using Images = ec::Encoder<ec::image(4, 4, 2), ec::Conv2D<3, 3>, ec::MaxPool2D<2>, ec::Dense<4>>;
  check_reload(ec::Autoencoder<Images, ec::Tied<Images>>{});
  using Unpooled =
      ec::Decoder<ec::features(4), ec::Dense<12>, ec::Reshape<ec::image(2, 2, 3)>, ec::MaxUnpool2D<1, 2>, ec::Conv2D<2, 3>>;
  check_reload(ec::Autoencoder<Images, Unpooled>{});
  check_reload(ec::Network<ec::Sequential<ec::image(4, 4, 2), ec::Residual<ec::Projection<ec::Conv2D<3, 1>>, ec::Conv2D<3, 3>>,
                                          ec::Skip<ec::MaxPool2D<2>, ec::Conv2D<2, 3>, ec::UpSample2D<2>>>>{});
}

TEST_CASE("Variational models", "[model_file]") {
  using Encoder = ec::Encoder<ec::image(2, 3, 2), ec::Dense<5>, ec::Tanh>;
  using Decoder = ec::Decoder<ec::features(2), ec::Dense<12>>;
  check_reload(ec::VariationalAutoencoder<Encoder, ec::Latent<2>, Decoder>{});

  ec::ConditionalVariationalAutoencoder<Encoder, ec::Latent<2>, ec::Condition<3>, Decoder> model{ec::Seed{1}},
      loaded{ec::Seed{2}};
  const Folder folder;
  ec::save(model, folder.path / "model.safetensors");
  ec::load(loaded, folder.path / "model.safetensors");
  const Eigen::Vector3i labels(2, 0, 1);
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(12, 3);
  CHECK(loaded.reconstruct(x, labels) == model.reconstruct(x, labels));
  CHECK(loaded.sample(labels, ec::Seed{3}) == model.sample(labels, ec::Seed{3}));
}
