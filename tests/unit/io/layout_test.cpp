// SPDX-License-Identifier: MIT
#include <map>

#include "support/catch.hpp"
#include <eigencoder/io/tensor_plan.hpp>
#include <eigencoder/layers/activation.hpp>
#include <eigencoder/layers/batch_norm.hpp>
#include <eigencoder/layers/bidirectional.hpp>
#include <eigencoder/layers/dense.hpp>
#include <eigencoder/layers/depthwise_conv2d.hpp>
#include <eigencoder/layers/pooling.hpp>
#include <eigencoder/layers/recurrent_decoder.hpp>
#include <eigencoder/layers/repeat_vector.hpp>
#include <eigencoder/layers/scale.hpp>
#include <eigencoder/models/autoencoder.hpp>
#include <eigencoder/models/branches.hpp>
#include <eigencoder/models/mirror.hpp>

namespace ec = eigencoder;
using Matrix = Eigen::MatrixXd;

namespace {

/// What a file would hold: each tensor's values in its order, and its shape.
struct Tensors {
  std::map<std::string, std::vector<double>> values;
  std::map<std::string, std::string> shapes;

  /// A tensor of two axes.
  Matrix matrix(const std::string& name, Eigen::Index rows, Eigen::Index cols) const {
    REQUIRE(static_cast<Eigen::Index>(values.at(name).size()) == rows * cols);
    return Eigen::Map<const Matrix>(values.at(name).data(), cols, rows).transpose();
  }
  Eigen::VectorXd vector(const std::string& name) const {
    return Eigen::Map<const Eigen::VectorXd>(values.at(name).data(), static_cast<Eigen::Index>(values.at(name).size()));
  }
};

Tensors tensors(const ec::detail::ModelFacts& facts, ec::Layout layout, const double* parameters, const double* state) {
  Tensors file;
  for (const ec::detail::TensorPlan& plan : ec::detail::tensor_plans(facts, layout)) {
    const std::string name = facts.layers[plan.layer].position + '.' + plan.name;
    file.values[name] = plan.gather<double>([&](std::size_t i) {
      const auto& block = facts.blocks[i];
      return (block.block.trainable ? parameters : state) + block.offset;
    });
    for (const std::uint64_t size : plan.shape())
      file.shapes[name] += (file.shapes[name].empty() ? "" : " ") + std::to_string(size);
  }
  return file;
}
template <class Model>
Tensors tensors(const Model& model, ec::Layout layout = ec::Layout::pytorch) {
  return tensors(ec::detail::model_facts(model), layout, model.parameters().data(), model.state().data());
}

/// A sample, or values of one, in the order that PyTorch has them in: channels slowest.
Matrix channels_first(const Matrix& x, ec::Shape shape) {
  Matrix y(x.rows(), x.cols());
  for (ec::Index c = 0; c < shape.channels; ++c) {
    for (ec::Index h = 0; h < shape.height; ++h) {
      for (ec::Index w = 0; w < shape.width; ++w) {
        y.row((c * shape.height + h) * shape.width + w) = x.row((h * shape.width + w) * shape.channels + c);
      }
    }
  }
  return y;
}

template <class Model>
void fill(Model& model) {
  model.set_parameters(Eigen::VectorXd::LinSpaced(Model::parameter_count, -1, 1));
  if constexpr (Model::state_count > 0) model.set_state(Eigen::VectorXd::LinSpaced(Model::state_count, 0.5, 2));
}

constexpr ec::Shape picture = ec::image(2, 3, 2);

}  // namespace

TEST_CASE("Names, axes and shapes are those of PyTorch and Keras", "[layout]") {
  using ec::Extent;
  const ec::Network<
      ec::Sequential<ec::image(8, 6, 3), ec::Conv2D<5, Extent{3, 2}>, ec::BatchNorm, ec::DepthwiseConv2D<Extent{2, 3}>,
                     ec::ReLU, ec::ConvTranspose2D<4, Extent{3, 2}, 2, ec::Bias::none>, ec::Dense<7>>,
      double>
      image;
  CHECK(tensors(image).shapes == std::map<std::string, std::string>{{"0.weight", "5 3 3 2"},
                                                                    {"0.bias", "5"},
                                                                    {"1.weight", "5"},
                                                                    {"1.bias", "5"},
                                                                    {"1.running_mean", "5"},
                                                                    {"1.running_var", "5"},
                                                                    {"2.weight", "5 1 2 3"},
                                                                    {"2.bias", "5"},
                                                                    {"4.weight", "5 4 3 2"},
                                                                    {"5.weight", "7 768"},
                                                                    {"5.bias", "7"}});
  CHECK(tensors(image, ec::Layout::keras).shapes == std::map<std::string, std::string>{{"0.kernel", "3 2 3 5"},
                                                                                       {"0.bias", "5"},
                                                                                       {"1.gamma", "5"},
                                                                                       {"1.beta", "5"},
                                                                                       {"1.moving_mean", "5"},
                                                                                       {"1.moving_variance", "5"},
                                                                                       {"2.kernel", "2 3 5 1"},
                                                                                       {"2.bias", "5"},
                                                                                       {"4.kernel", "3 2 4 5"},
                                                                                       {"5.kernel", "768 7"},
                                                                                       {"5.bias", "7"}});
  // Along sequences a kernel has one axis.
  const ec::Network<ec::Sequential<ec::sequence(8, 3), ec::Conv1D<5, 2>, ec::Frozen<ec::ConvTranspose1D<4, 3, 2>>>, double>
      sequence;
  CHECK(tensors(sequence).shapes.at("0.weight") == "5 3 2");
  CHECK(tensors(sequence).shapes.at("1.weight") == "5 4 3");
  CHECK(tensors(sequence, ec::Layout::keras).shapes.at("0.kernel") == "2 3 5");
  CHECK(tensors(sequence, ec::Layout::keras).shapes.at("1.kernel") == "3 4 5");
}

TEST_CASE("A Dense on an image has PyTorch's order of its values", "[layout]") {
  ec::Network<ec::Sequential<picture, ec::Dense<4>>, double> model;
  fill(model);
  const Tensors file = tensors(model);
  const Matrix x = Matrix::Random(12, 3);
  const Matrix y = (file.matrix("0.weight", 4, 12) * channels_first(x, picture)).colwise() + file.vector("0.bias");
  CHECK((y - model.predict(x)).norm() < 1e-13);
  // Keras has ours, and the other orientation.
  CHECK(tensors(model, ec::Layout::keras).matrix("0.kernel", 12, 4).transpose() == model.parameter("layer.0.weight"));
}

TEST_CASE("So do an explicit Flatten, and layers on what it gives", "[layout]") {
  ec::Network<ec::Sequential<picture, ec::Reshape<ec::features(12)>, ec::Scale<ec::Bias::added>, ec::ReLU, ec::Dense<4>>,
              double>
      model;
  fill(model);
  const Tensors file = tensors(model);
  const Matrix x = Matrix::Random(12, 3), flat = channels_first(x, picture);
  const Matrix scaled =
      ((flat.array().colwise() * file.vector("1.scale").array()).colwise() + file.vector("1.bias").array()).max(0);
  const Matrix y = (file.matrix("3.weight", 4, 12) * scaled).colwise() + file.vector("3.bias");
  CHECK((y - model.predict(x)).norm() < 1e-13);
}

TEST_CASE("What becomes an image is made in PyTorch's order, through the layers between", "[layout]") {
  ec::Network<ec::Sequential<ec::features(5), ec::Dense<12>, ec::BatchNorm, ec::ReLU, ec::Reshape<picture>, ec::Conv2D<3, 1>>,
              double>
      model;
  fill(model);
  const Tensors file = tensors(model);
  const Matrix x = Matrix::Random(5, 3);
  Matrix y = (file.matrix("0.weight", 12, 5) * x).colwise() + file.vector("0.bias");
  const Eigen::ArrayXd scale = file.vector("1.weight").array() / (file.vector("1.running_var").array() + 1e-3).sqrt();
  y = (((y.colwise() - file.vector("1.running_mean")).array().colwise() * scale).colwise() + file.vector("1.bias").array())
          .max(0);
  // Unflatten(1, (2, 2, 3)), and a convolution of kernel 1: one matrix, pixel by pixel.
  const Matrix kernel = file.matrix("4.weight", 3, 2);
  Matrix z(18, 3);
  for (ec::Index p = 0; p < 6; ++p) {
    for (ec::Index f = 0; f < 3; ++f) z.row(f * 6 + p) = kernel(f, 0) * y.row(p) + kernel(f, 1) * y.row(6 + p);
    for (ec::Index f = 0; f < 3; ++f) z.row(f * 6 + p).array() += file.vector("4.bias")[f];
  }
  CHECK((z - channels_first(model.predict(x), ec::image(2, 3, 3))).norm() < 1e-13);
}

TEST_CASE("A code keeps its order, so that encoder and decoder are the same alone", "[layout]") {
  using Encoder = ec::Encoder<picture, ec::Dense<12>>;
  using Decoder = ec::Decoder<ec::features(12), ec::Reshape<picture>, ec::Conv2D<2, 1>>;
  ec::Autoencoder<Encoder, Decoder, double> model;
  fill(model);
  const Tensors whole = tensors(model), encoder = tensors(model.encoder()), decoder = tensors(model.decoder());
  CHECK(whole.values.at("encoder.0.weight") == encoder.values.at("0.weight"));
  CHECK(whole.values.at("decoder.1.weight") == decoder.values.at("1.weight"));
  const Matrix x = Matrix::Random(12, 2);
  const Matrix code =
      (whole.matrix("encoder.0.weight", 12, 12) * channels_first(x, picture)).colwise() + whole.vector("encoder.0.bias");
  CHECK((code - model.encode(x)).norm() < 1e-13);
}

TEST_CASE("Tied layers, whose weights are earlier ones", "[layout]") {
  using Encoder = ec::Encoder<picture, ec::Dense<6>, ec::ReLU, ec::Dense<3>>;
  ec::Autoencoder<Encoder, ec::Tied<Encoder>, double> model;
  fill(model);
  const Tensors file = tensors(model);
  CHECK(file.shapes.size() == 6);
  const Matrix code = Matrix::Random(3, 4);
  const Matrix middle =
      ((file.matrix("encoder.2.weight", 3, 6).transpose() * code).colwise() + file.vector("decoder.0.bias")).cwiseMax(0);
  const Matrix y = (file.matrix("encoder.0.weight", 6, 12).transpose() * middle).colwise() + file.vector("decoder.2.bias");
  CHECK((y - channels_first(model.decode(code), picture)).norm() < 1e-13);
}

TEST_CASE("Both sides of a residual block of vectors have one order", "[layout]") {
  ec::Network<ec::Sequential<ec::features(5), ec::Dense<12>, ec::Residual<ec::Dense<7>, ec::ReLU, ec::Dense<12>>,
                             ec::Reshape<picture>, ec::MaxPool2D<ec::Extent{2, 3}>>,
              double>
      model;
  fill(model);
  const Tensors file = tensors(model);
  const Matrix x = Matrix::Random(5, 3);
  const auto dense = [&](const std::string& name, ec::Index out, const Matrix& in) -> Matrix {
    return (file.matrix(name + ".weight", out, in.rows()) * in).colwise() + file.vector(name + ".bias");
  };
  const Matrix first = dense("0", 12, x), y = first + dense("3", 12, dense("1", 7, first).cwiseMax(0));
  Matrix z(2, 3);
  for (ec::Index c = 0; c < 2; ++c) z.row(c) = y.middleRows(6 * c, 6).colwise().maxCoeff();
  CHECK((z - model.predict(x)).norm() < 1e-13);
}

TEST_CASE("Recurrent layers have PyTorch's tensors, and Keras's with its gates and biases", "[layout]") {
  using enum ec::Returns;
  // As many rows of gates as values in the output, and as many units as values in the input: neither is an image's order.
  ec::Network<ec::Sequential<ec::sequence(4, 2), ec::LSTM<8, sequence>, ec::GRU<5, ec::Direction::backward>,
                             ec::RepeatVector<3>, ec::Frozen<ec::SimpleRNN<6, sequence>>, ec::TimeDistributed<ec::Dense<7>>>,
              double>
      model;
  fill(model);
  const Tensors file = tensors(model);
  CHECK(file.shapes == std::map<std::string, std::string>{{"0.weight_ih_l0", "32 2"},
                                                          {"0.weight_hh_l0", "32 8"},
                                                          {"0.bias_ih_l0", "32"},
                                                          {"0.bias_hh_l0", "32"},
                                                          {"1.weight_ih_l0", "15 8"},
                                                          {"1.weight_hh_l0", "15 5"},
                                                          {"1.bias_ih_l0", "15"},
                                                          {"1.bias_hh_l0", "15"},
                                                          {"3.weight_ih_l0", "6 5"},
                                                          {"3.weight_hh_l0", "6 6"},
                                                          {"3.bias_ih_l0", "6"},
                                                          {"3.bias_hh_l0", "6"},
                                                          {"4.weight", "7 6"},
                                                          {"4.bias", "7"}});
  CHECK(file.matrix("0.weight_hh_l0", 32, 8) == model.parameter("layer.0.weight_hh"));
  CHECK(file.matrix("3.weight_hh_l0", 6, 6) == model.parameter("layer.3.weight_hh"));

  const Tensors keras = tensors(model, ec::Layout::keras);
  CHECK(keras.shapes == std::map<std::string, std::string>{{"0.kernel", "2 32"},
                                                           {"0.recurrent_kernel", "8 32"},
                                                           {"0.bias", "32"},
                                                           {"1.kernel", "8 15"},
                                                           {"1.recurrent_kernel", "5 15"},
                                                           {"1.bias", "2 15"},
                                                           {"3.kernel", "5 6"},
                                                           {"3.recurrent_kernel", "6 6"},
                                                           {"3.bias", "6"},
                                                           {"4.kernel", "6 7"},
                                                           {"4.bias", "7"}});
  CHECK(keras.matrix("0.kernel", 2, 32).transpose() == model.parameter("layer.0.weight_ih"));
  CHECK(keras.vector("0.bias") == model.parameter("layer.0.bias_ih") + model.parameter("layer.0.bias_hh"));
  const auto update_first = [](const Matrix& ours) {  // r, z, n → z, r, n
    Matrix theirs = ours;
    theirs.topRows(5) = ours.middleRows(5, 5), theirs.middleRows(5, 5) = ours.topRows(5);
    return theirs;
  };
  CHECK(keras.matrix("1.recurrent_kernel", 5, 15).transpose() == update_first(model.parameter("layer.1.weight_hh")));
  CHECK(keras.matrix("1.bias", 2, 15).row(0).transpose() == update_first(model.parameter("layer.1.bias_ih")));
  CHECK(keras.matrix("1.bias", 2, 15).row(1).transpose() == update_first(model.parameter("layer.1.bias_hh")));
}

TEST_CASE("Both directions of a recurrent layer, and a decoder that is as large as an image", "[layout]") {
  ec::Network<ec::Sequential<ec::sequence(4, 2), ec::Bidirectional<ec::GRU<2, ec::Returns::state>>,
                             ec::RecurrentDecoder<ec::GRU<4>, 3, 4>>,
              double>
      model;
  fill(model);
  const Tensors file = tensors(model), keras = tensors(model, ec::Layout::keras);
  CHECK(file.matrix("0.weight_hh_l0_reverse", 6, 2) == model.parameter("layer.0.weight_hh_reverse"));
  CHECK(file.vector("0.bias_ih_l0_reverse") == model.parameter("layer.0.bias_ih_reverse"));
  CHECK(file.matrix("1.weight_ih_l0", 12, 4) == model.parameter("layer.1.weight_ih"));
  CHECK(file.matrix("1.output_weight", 4, 4) == model.parameter("layer.1.output_weight"));
  CHECK(file.shapes.size() == 14);
  CHECK(keras.matrix("0.kernel_reverse", 2, 6).middleCols(2, 2).transpose() ==
        model.parameter("layer.0.weight_ih_reverse").topRows(2));
  CHECK(keras.shapes.at("0.bias_reverse") == "2 6");
  CHECK(keras.matrix("1.recurrent_kernel", 4, 12).leftCols(4).transpose() ==
        model.parameter("layer.1.weight_hh").middleRows(4, 4));
  CHECK(keras.matrix("1.output_weight", 4, 4).transpose() == model.parameter("layer.1.output_weight"));
  CHECK(keras.shapes.size() == 11);
}

TEST_CASE("An Embedding has a row for every token", "[layout]") {
  ec::Network<ec::Sequential<ec::sequence(5, 1), ec::Embedding<5, 3>>, double> model;
  fill(model);
  const Matrix expected = model.parameter("layer.0.weight").transpose();
  CHECK(tensors(model).matrix("0.weight", 5, 3) == expected);
  CHECK(tensors(model).shapes.at("0.weight") == "5 3");
  CHECK(tensors(model, ec::Layout::keras).matrix("0.embeddings", 5, 3) == expected);
}
