// SPDX-License-Identifier: MIT
#include "check_contractive.hpp"

namespace ec = eigencoder;
using contractive::check_golden;
using contractive::check_gradient;
using contractive::Matrix;
using contractive::model_of;
using contractive::value_of;

template <class T, ec::Shape In, ec::Index... Units>
static void check_dense(const std::string& name, auto... activations) {
  const auto encoder = std::tuple_cat(std::tuple{ec::Dense<Units>{}, activations}...);
  check_golden(name, std::apply([](auto... layers) { return model_of<T, In>(layers...); }, encoder), ec::DeepContractive{});
}

TEST_CASE("deep contractive: PyTorch's Jacobian") {
  check_dense<double, ec::features(13), 7>("13-7 sigmoid", ec::Sigmoid{});
  check_golden("9-3 none", model_of<double, ec::features(9)>(ec::Dense<3>{}), ec::DeepContractive{});
  check_dense<double, ec::features(11), 8, 5>("11-8-5 tanh", ec::Tanh{}, ec::Tanh{});
  check_dense<double, ec::features(6), 9, 17, 2>("6-9-17-2 sigmoid", ec::Sigmoid{}, ec::Sigmoid{}, ec::Sigmoid{});
  check_dense<double, ec::features(50), 20, 12, 5>("50-20-12-5 tanh sigmoid softplus", ec::Tanh{}, ec::Sigmoid{},
                                                   ec::Softplus{});
  check_dense<double, ec::features(50), 20, 12, 5>("50-20-12-5 relu elu none", ec::ReLU{}, ec::ELU{}, ec::Identity{});
  check_dense<double, ec::features(5), 12, 20, 50>("5-12-20-50 softplus leaky tanh", ec::Softplus{}, ec::LeakyReLU{0.3},
                                                   ec::Tanh{});
  check_dense<double, ec::features(200), 33, 17>("200-33-17 relu sigmoid", ec::ReLU{}, ec::Sigmoid{});
}

TEST_CASE("deep contractive: PyTorch's Jacobian in float, by rows and by columns") {
  check_dense<float, ec::features(11), 8, 5>("11-8-5 tanh", ec::Tanh{}, ec::Tanh{});
  check_dense<float, ec::features(5), 12, 20, 50>("5-12-20-50 softplus leaky tanh", ec::Softplus{}, ec::LeakyReLU{0.3},
                                                  ec::Tanh{});
  check_dense<float, ec::features(200), 33, 17>("200-33-17 relu sigmoid", ec::ReLU{}, ec::Sigmoid{});
}

TEST_CASE("deep contractive: finite differences") {
  constexpr ec::StochasticContractive<2> estimate;
  const auto dense = model_of<double, ec::features(5)>(ec::Dense<7>{}, ec::ELU{}, ec::Dense<3>{}, ec::Softplus{});
  const auto convolution = model_of<double, ec::image(5, 6, 2)>(ec::Conv2D<3, 3>{}, ec::Tanh{}, ec::AvgPool2D<2, 1>{},
                                                                ec::Reshape<ec::features(60)>{}, ec::Dense<2>{}, ec::Sigmoid{});
  for (const ec::Index batch : {1, 7}) {
    check_gradient(dense, ec::DeepContractive{}, batch);
    check_gradient(dense, estimate, batch);
    check_gradient(convolution, ec::DeepContractive{}, batch);
    check_gradient(convolution, estimate, batch);
  }
}

TEST_CASE("deep contractive: pools, alone and with the activation before them") {
  constexpr ec::StochasticContractive<2> estimate;
  check_gradient(
      model_of<double, ec::image(6, 4)>(ec::Conv2D<5, 3>{}, ec::Tanh{}, ec::MaxPool2D<2>{}, ec::Conv2D<3, 3>{}, ec::Sigmoid{}),
      estimate, 3);
  check_gradient(model_of<double, ec::image(6, 4)>(ec::Conv2D<5, 3>{}, ec::MaxPool2D<2>{}, ec::Tanh{}, ec::Dense<3>{}),
                 estimate, 3);
  check_gradient(model_of<double, ec::image(4, 4)>(ec::Conv2D<3, 3>{}, ec::Tanh{}, ec::MaxPool2D<2>{}), estimate, 3);
}

TEST_CASE("deep contractive: evaluation sees what training sees, on any number of threads") {
  const Matrix<double> x = Matrix<double>::Random(24, 300);
  const auto objective = ec::MeanSquaredError{} + 0.1 * ec::DeepContractive{};
  double expected = 0;
  for (const std::size_t threads : {1U, 2U, 3U}) {
    auto model = model_of<double, ec::image(6, 4)>(ec::Conv2D<5, 3>{}, ec::Tanh{}, ec::MaxPool2D<2>{}, ec::Conv2D<3, 3>{},
                                                   ec::Sigmoid{});
    ec::Trainer trainer{model, objective, ec::Adam{}, {.threads = threads}};
    const double before = trainer.evaluate(x).loss;
    CHECK(trainer.train_on_batch(x) == Approx(before).epsilon(1e-12));
    const double after = trainer.evaluate(x).loss;
    CHECK(after < before);
    if (threads == 1) expected = after;
    CHECK(after == Approx(expected).epsilon(1e-12));
  }
}

TEST_CASE("deep contractive: the estimate's mean is the exact value, and directions differ from sample to sample") {
  const auto model = model_of<double, ec::features(11)>(ec::Dense<8>{}, ec::Tanh{}, ec::Dense<5>{}, ec::Tanh{});
  const Matrix<double> x = Matrix<double>::Random(11, 1).replicate(1, 20000);
  const double exact = value_of(model, ec::DeepContractive{}, x);
  CHECK(value_of(model, ec::StochasticContractive<1>{}, x) == Approx(exact).epsilon(5 * std::sqrt(2.0 / 20000)));
  CHECK(value_of(model, ec::StochasticContractive<3>{}, x) == Approx(exact).epsilon(5 * std::sqrt(2.0 / 60000)));
}

TEST_CASE("deep contractive: dropout lets the same values through") {
  check_gradient(model_of<double, ec::features(9)>(ec::Dense<8>{}, ec::Tanh{}, ec::Dropout{0.4}, ec::Dense<3>{}, ec::Tanh{}),
                 ec::StochasticContractive<3>{}, 7);
}
