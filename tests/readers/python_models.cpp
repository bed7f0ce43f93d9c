// SPDX-License-Identifier: MIT
// Models that PyTorch and Keras have trained and written are loaded and predict; models that are trained here are written for
// both. python_models.py writes the first and checks all outputs.
#include <filesystem>
#include <iostream>

#include <eigencoder/eigencoder.hpp>
#include <eigencoder/io/model_file.hpp>

namespace ec = eigencoder;
namespace fs = std::filesystem;

namespace {

// BatchNorm and LayerNorm as they are in PyTorch.
constexpr ec::BatchNorm batch_norm{.momentum = 0.9, .epsilon = 1e-5};
constexpr ec::LayerNorm layer_norm{.epsilon = 1e-5};

auto dense() {
  return ec::Autoencoder{
      ec::encoder<ec::features(20)>(ec::Dense<12>{}, ec::LeakyReLU{0.01}, layer_norm, ec::Dense<4, ec::Bias::none>{}),
      ec::decoder<ec::features(4)>(ec::Dense<12>{}, batch_norm, ec::ELU{}, ec::Dense<20>{}, ec::Sigmoid{}), ec::Seed{1}};
}

/// Flatten, a code, and back into an image: each module of PyTorch is a layer.
auto convolutional() {
  return ec::Autoencoder{
      ec::encoder<ec::image(8, 8, 3)>(ec::Conv2D<6, 4, 2>{}, batch_norm, ec::ReLU{}, ec::Reshape<ec::features(96)>{},
                                      ec::Dense<5>{}),
      ec::decoder<ec::features(5)>(ec::Dense<96>{}, batch_norm, ec::Tanh{}, layer_norm, ec::Reshape<ec::image(4, 4, 6)>{},
                                   ec::ConvTranspose2D<3, 4, 2>{}, ec::Sigmoid{}),
      ec::Seed{2}};
}

/// The same with Dense on an image, which flattens by itself.
auto flattening() {
  return ec::Autoencoder{ec::encoder<ec::image(8, 8, 3)>(ec::DepthwiseConv2D<3>{}, ec::Conv2D<6, ec::Extent{2, 4}, 2>{},
                                                         ec::SiLU{}, ec::Dense<5>{}),
                         ec::decoder<ec::features(5)>(ec::Dense<96>{}, ec::GELU{}, ec::Reshape<ec::image(4, 4, 6)>{},
                                                      ec::UpSample2D<2>{}, ec::Conv2D<3, 3>{}, ec::Sigmoid{}),
                         ec::Seed{3}};
}

/// Along sequences, a plain stack.
auto sequences() {
  return ec::Network{ec::sequential<ec::sequence(12, 4)>(ec::Conv1D<6, 3>{}, ec::Softplus{}, ec::ConvTranspose1D<5, 2, 2>{},
                                                         ec::Dense<7>{}, ec::Softmax{}),
                     ec::Seed{4}};
}

/// Sequences to a code and back.
auto recurrent() {
  return ec::Autoencoder{ec::encoder<ec::sequence(6, 3)>(ec::Bidirectional<ec::GRU<5, ec::Returns::sequence>>{}, ec::LSTM<4>{}),
                         ec::decoder<ec::features(4)>(ec::RepeatVector<6>{}, ec::LSTM<5, ec::Returns::sequence>{},
                                                      ec::TimeDistributed<ec::Dense<3>>{}),
                         ec::Seed{5}};
}

/// Classes of sequences of words.
constexpr ec::Index words = 11;
auto tokens() {
  return ec::Network{ec::sequential<ec::sequence(7, 1)>(ec::Embedding<words, 4>{},
                                                        ec::SimpleRNN<6, ec::Direction::backward, ec::Returns::sequence>{},
                                                        ec::GRU<5>{}, ec::Dense<3>{}, ec::Softmax{}),
                     ec::Seed{6}};
}

template <class Model>
Eigen::MatrixXf predict(const Model& model, const Eigen::MatrixXf& x) {
  if constexpr (requires { model.reconstruct(x); }) {
    return model.reconstruct(x);
  } else {
    return model.predict(x);
  }
}

template <class Model>
void train(Model& model, const Eigen::MatrixXf& x, const Eigen::MatrixXf& y) {
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}};
  trainer.fit(x, y, {.epochs = 3, .batch_size = 16, .progress = ec::Progress::quiet});
}

/// NAME.FRAMEWORK.safetensors, which Python has written with its inputs beside, becomes NAME.FRAMEWORK.outputs.safetensors.
template <class Model>
void load_from_python(Model model, const fs::path& folder, const std::string& name, const ec::LoadOptions& options) {
  Eigen::MatrixXf x;
  ec::load_values(folder / (name + ".inputs.safetensors"), {{"x", x}});
  ec::load(model, folder / (name + ".safetensors"), options);
  ec::save(model, folder / (name + ".outputs.safetensors"), {.values = {{"y", predict(model, x)}}});
  std::cout << name << ": loaded\n";
}

/// Trains, and writes the model in both layouts with inputs and outputs.
template <class Model>
void train_for_python(Model model, const fs::path& folder, const std::string& name) {
  Eigen::MatrixXf x = (Eigen::MatrixXf::Random(Model::input.size(), 64).array() + 1) / 2;
  if (name == "tokens") x = (x.array() * (words - 0.5F)).floor();
  train(model, x, predict(model, x).array().square().matrix());
  const Eigen::MatrixXf y = predict(model, x);
  for (const ec::Layout layout : {ec::Layout::pytorch, ec::Layout::keras}) {
    ec::save(model, folder / (name + ".for_" + std::string(to_string(layout)) + ".safetensors"),
             {.layout = layout, .values = {{"x", x}, {"y", y}}});
  }
  std::cout << name << ": trained\n";
}

template <class Make>
void exchange(Make make, const fs::path& folder, const std::string& name, bool in_order) {
  load_from_python(make(), folder, name + ".pytorch", {.in_order = in_order});
  load_from_python(make(), folder, name + ".keras", {.layout = ec::Layout::keras});
  train_for_python(make(), folder, name);
}

}  // namespace

int main(int count, char** arguments) try {
  const fs::path folder = count > 1 ? arguments[1] : ".";
  exchange(dense, folder, "dense", false);
  exchange(convolutional, folder, "convolutional", false);
  exchange(flattening, folder, "flattening", true);
  exchange(sequences, folder, "sequences", true);
  exchange(recurrent, folder, "recurrent", false);
  exchange(tokens, folder, "tokens", false);
} catch (const ec::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
