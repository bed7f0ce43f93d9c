// SPDX-License-Identifier: MIT
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/testing/gradient_check.hpp>

#include "support/allocations.hpp"
#include "support/model_blocks.hpp"

namespace ec = eigencoder;
using Eigen::MatrixXd;

namespace {

using ResidualNetwork = ec::Network<
    ec::Sequential<ec::image(6, 5, 2), ec::Conv2D<4, 3>, ec::ReLU,
                   ec::Residual<ec::Projection<ec::Conv2D<6, 1>>, ec::Conv2D<6, 3, 1, ec::Bias::none>, ec::BatchNorm, ec::ReLU,
                                ec::Conv2D<6, 3>>,
                   ec::ReLU, ec::Conv2D<2, 3>>,
    double>;

using UNet = ec::Network<
    ec::Sequential<ec::image(8, 8), ec::Conv2D<4, 3>, ec::ReLU,
                   ec::Skip<ec::MaxPool2D<2>, ec::Conv2D<6, 3>, ec::ReLU,
                            ec::Skip<ec::MaxPool2D<2>, ec::Conv2D<8, 3>, ec::ReLU, ec::UpSample2D<2>>, ec::Conv2D<6, 3>, ec::ReLU,
                            ec::UpSample2D<2>>,
                   ec::Conv2D<4, 3>, ec::ReLU, ec::Conv2D<1, 3>, ec::Sigmoid>,
    double>;

/// All that may be between the ends of a branch, smooth, for finite differences.
using Smooth = ec::Network<
    ec::Sequential<ec::image(4, 4), ec::Skip<ec::Conv2D<2, 3>, ec::Tanh, ec::AvgPool2D<2>,
                                             ec::Skip<ec::AvgPool2D<2>, ec::Conv2D<3, 1>, ec::BatchNorm, ec::Tanh, ec::UpSample2D<2>>,
                                             ec::Residual<ec::Conv2D<5, 1>, ec::BatchNorm>, ec::Tanh,
                                             ec::Residual<ec::Projection<ec::Conv2D<2, 1>>, ec::Tanh, ec::Conv2D<2, 3>>, ec::UpSample2D<2>>,
                   ec::Conv2D<1, 3>>,
    double>;

/// The decoder joins an activation of the encoder, by its position in the network, and one of its own.
using Crossing = ec::Autoencoder<ec::Encoder<ec::features(7), ec::Dense<5>, ec::Tanh, ec::Dense<3>>,
                                 ec::Decoder<ec::features(3), ec::Dense<5>, ec::Add<1>, ec::Residual<ec::Dense<5>, ec::Tanh>, ec::Dense<7>>,
                                 double>;

MatrixXd samples(ec::Index rows, ec::Index cols) {
  MatrixXd x(rows, cols);
  golden::fill(1, 1, 0, x);
  return x;
}

/// Output of prediction or training, loss, gradients by every number of threads, and steps of Adam, against PyTorch.
template <class Model, class Loss>
void check_golden(const char* name, const Loss& loss, bool predicts) {
  static const nlohmann::json file = golden::load("branches.json");
  const nlohmann::json& expected = file["networks"][name];
  Model model;
  const auto blocks = golden::blocks_of(model);
  golden::draw_blocks(blocks);
  const MatrixXd x = samples(Model::input.size(), file["batch"]);
  if (predicts) golden::check_digest(expected["output"], model.predict(x), 1e-9);

  Eigen::VectorXd gradient(Model::parameter_count);
  for (const std::size_t threads : {1U, 2U, 3U}) {
    ec::Stepper<Model, ec::Objective<Loss>, ec::Adam> stepper(threads, {}, 0);
    stepper.reserve_training(x.cols());
    stepper.differentiate(model, ec::as_objective(loss), {x, x, nullptr, x.cols()}, 1, gradient.data());
    INFO(name << ", gradient, " << threads << " threads");
    golden::check_blocks(expected["gradients"], blocks, gradient.data(), 1e-9);
  }
  ec::Trainer trainer{model, loss, ec::Adam{}, {.threads = 2}};
  for (const auto& value : expected["losses"]) CHECK(trainer.train_on_batch(x) == Approx(value.get<double>()).epsilon(1e-9));
  golden::check_blocks(expected["parameters"], blocks, model.parameters().data(), 1e-9);
}

template <class Model>
void check_gradient(ec::Index batch) {
  Model model{ec::Seed{3}};
  const ec::GradientReport report =
      ec::check_model_gradient(model, ec::MeanSquaredError{}, samples(Model::input.size(), batch), samples(Model::output.size(), batch));
  INFO(report.text());
  CHECK(report.checked == Model::parameter_count);
  CHECK(report.error < 1e-6);
}

}  // namespace

TEST_CASE("branches: a residual block with a projection and batch normalisation is PyTorch's") {
  check_golden<ResidualNetwork>("residual", ec::MeanSquaredError{}, false);
}

TEST_CASE("branches: nested skips are PyTorch's U-Net") { check_golden<UNet>("unet", ec::BinaryCrossEntropy{}, true); }

TEST_CASE("branches: gradients are those of finite differences") {
  check_gradient<Smooth>(7);
  check_gradient<Crossing>(1);
  check_gradient<Crossing>(7);
}

TEST_CASE("branches: a prediction keeps what is joined, piece by piece, without allocating") {
  const UNet model{ec::Seed{2}};
  const MatrixXd x = samples(64, 10), whole = model.predict(x);
  auto workspace = model.workspace(3);
  MatrixXd y(64, 10);
  const long before = allocations::count();
  model.predict(x, y, workspace);
  CHECK(allocations::count() == before);
  CHECK((y - whole).cwiseAbs().maxCoeff() < 1e-14);
  // Two buffers for what follows one another, and what is joined: 8 × 8 × 4 and 4 × 4 × 6.
  CHECK(UNet::bytes(64) - UNet::bytes(32) >= 32 * 8 * (8 * 8 * 4 + 4 * 4 * 6));
}

TEST_CASE("branches: training on a network that branches does not allocate after its first step") {
  ResidualNetwork model{ec::Seed{1}};
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}, {.threads = 2}};
  const MatrixXd x = samples(60, 12);
  trainer.train_on_batch(x);
  const long before = allocations::count();
  trainer.train_on_batch(x);
  CHECK(allocations::count() == before);
}

TEST_CASE("branches: a decoder joins what its encoder has, and is reconstructed with it") {
  Crossing model{ec::Seed{5}};
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::SGD{}};
  const MatrixXd x = samples(7, 4);
  CHECK(trainer.evaluate(x).loss == Approx((model.reconstruct(x) - x).squaredNorm() / 28).epsilon(1e-12));
  CHECK(model.encode(x).rows() == 3);
}

TEST_CASE("branches: a summary says what is joined") {
  const std::string text = ec::summary(UNet{});
  INFO(text);
  CHECK(text.find("Concatenate<-5> of layer.4") != std::string::npos);
  CHECK(text.find("Concatenate<-12> of layer.1") != std::string::npos);
  using AtOnce = ec::Network<ec::Sequential<ec::features(3), ec::Residual<ec::Dense<3>>>>;
  CHECK(ec::summary(AtOnce{}).find("Add<-2> of the input") != std::string::npos);
}

TEST_CASE("branches: groups made from values keep their layers' options") {
  const auto recipe = ec::sequential<ec::features(3)>(ec::residual(ec::projection(ec::LeakyReLU{0.25}), ec::Dense<3>{}, ec::LeakyReLU{0.5}),
                                                      ec::skip(ec::ELU{2.0}));
  CHECK(std::get<0>(recipe.layers).slope == 0.25);
  CHECK(std::get<3>(recipe.layers).slope == 0.5);
  CHECK(std::get<5>(recipe.layers).alpha == 2.0);
  CHECK(recipe.output == ec::features(6));
}
