// SPDX-License-Identifier: MIT
#include "check_contractive.hpp"

namespace ec = eigencoder;
using contractive::check_golden;
using contractive::check_gradient;
using contractive::Matrix;
using contractive::model_of;
using contractive::value_of;

TEST_CASE("contractive: PyTorch's Jacobian") {
  const ec::Contractive penalty;
  check_golden("13-7 sigmoid", model_of<double, ec::features(13)>(ec::Dense<7>{}, ec::Sigmoid{}), penalty);
  check_golden("13-7 tanh", model_of<double, ec::features(13)>(ec::Dense<7>{}, ec::Tanh{}), penalty);
  check_golden("33-17 relu", model_of<double, ec::features(33)>(ec::Dense<17>{}, ec::ReLU{}), penalty);
  check_golden("5-300 elu", model_of<double, ec::features(5)>(ec::Dense<300>{}, ec::ELU{}), penalty);
  check_golden("1-1 softplus", model_of<double, ec::features(1)>(ec::Dense<1>{}, ec::Softplus{}), penalty);
  check_golden("16-32 leaky", model_of<double, ec::features(16)>(ec::Dense<32>{}, ec::LeakyReLU{0.3}), penalty);
  check_golden("9-3 none", model_of<double, ec::features(9)>(ec::Dense<3>{}), penalty);
}

TEST_CASE("contractive: PyTorch's Jacobian in float, of a narrow code and of a wide one") {
  check_golden("33-17 relu", model_of<float, ec::features(33)>(ec::Dense<17>{}, ec::ReLU{}), ec::Contractive{});
  check_golden("5-300 elu", model_of<float, ec::features(5)>(ec::Dense<300>{}, ec::ELU{}), ec::Contractive{});
}

TEST_CASE("contractive: finite differences") {
  for (const ec::Index batch : {1, 7}) {
    check_gradient(model_of<double, ec::features(13)>(ec::Dense<7>{}, ec::Sigmoid{}), ec::Contractive{}, batch);
    check_gradient(model_of<double, ec::features(9)>(ec::Dense<19, ec::Bias::none>{}, ec::ELU{0.7}), ec::Contractive{}, batch);
    check_gradient(model_of<double, ec::features(3)>(ec::Dense<2>{}), ec::Contractive{}, batch);
  }
}

TEST_CASE("contractive: one unit by hand") {
  auto model = model_of<double, ec::features(2)>(ec::Dense<1>{}, ec::Tanh{});
  model.set_parameters(Eigen::VectorXd{{3, 4, 0, 1, 1, 0, 0}});  // W = (3, 4), b = 0
  const Matrix<double> x{{0, 0.1}, {0, 0}};
  const double slope = 1 - std::tanh(0.3) * std::tanh(0.3);
  CHECK(value_of(model, ec::Contractive{}, x) == Approx(25 * (1 + slope * slope) / 2).epsilon(1e-14));
}

TEST_CASE("contractive: a NaN in the weights shows") {
  auto model = model_of<float, ec::features(33)>(ec::Dense<17>{}, ec::ReLU{});
  model.memory().theta[17 * 33 - 1] = std::numeric_limits<float>::quiet_NaN();
  CHECK_FALSE(std::isfinite(value_of(model, ec::Contractive{}, Matrix<float>::Ones(33, 3))));
}

TEST_CASE("contractive: the same for every number of threads") {
  const Matrix<double> x = Matrix<double>::Random(13, 1000);
  std::vector<double> values;
  for (const std::size_t threads : {1U, 2U, 3U}) {
    auto model = model_of<double, ec::features(13)>(ec::Dense<7>{}, ec::Sigmoid{});
    ec::Trainer trainer{model, ec::MeanSquaredError{} + 0.1 * ec::Contractive{}, ec::Adam{}, {.threads = threads}};
    trainer.train_on_batch(x);
    values.push_back(trainer.evaluate(x).terms[1]);
  }
  CHECK(values[1] == Approx(values[0]).epsilon(1e-12));
  CHECK(values[2] == Approx(values[0]).epsilon(1e-12));
}
