// SPDX-License-Identifier: MIT
#include "golden/totals.hpp"
#include "support/catch.hpp"
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/testing/gradient_check.hpp>

namespace ec = eigencoder;

namespace {

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

template <class T, ec::Index Input, class... Encoder>
auto model_of(Encoder... layers) {
  constexpr ec::Shape code = ec::Encoder<ec::features(Input), Encoder...>::output;
  return ec::Autoencoder<ec::Encoder<ec::features(Input), Encoder...>, ec::Decoder<code, ec::Dense<Input>>, T>(
      ec::encoder<ec::features(Input)>(layers...), ec::decoder<code>(ec::Dense<Input>{}), ec::Seed{1});
}

/// Penalty and every gradient against PyTorch's, on one thread and on two.
template <class Model, class Penalty>
void check_golden(const std::string& name, Model model, const Penalty& penalty) {
  using T = typename Model::Scalar;
  INFO(name);
  const double tolerance = std::is_same_v<T, double> ? 1e-10 : 1e-5;
  static const nlohmann::json file = golden::load("contractive.json");
  const nlohmann::json& expected = file[name];
  std::uint64_t stream = 1000;
  model.for_each_block([&](const std::string&, const ec::Block& block, auto view) {
    const double limit = block.cols > 0 ? std::sqrt(6.0 / static_cast<double>(block.rows + block.cols)) : 0.1;
    golden::fill(stream++, 2 * limit, -limit, view);
  });
  Matrix<T> x(Model::input.size(), expected["batch"].get<ec::Index>());
  golden::fill(1, 2, -1, x);

  const auto objective = ec::MeanSquaredError{} + expected["weight"].get<double>() * penalty;
  for (const std::size_t threads : {1U, 2U}) {
    ec::Stepper<Model, std::remove_const_t<decltype(objective)>, ec::Adam> stepper(threads, {});
    stepper.reserve_training(x.cols());
    Eigen::Matrix<T, Eigen::Dynamic, 1> gradient(Model::parameter_count);
    const auto values = stepper.differentiate(model, objective, {x, x, nullptr, x.cols()}, 1, gradient.data());
    CHECK(values[1] == Approx(expected["penalty"].get<double>()).epsilon(tolerance));
    std::size_t k = 0;
    const T* at = gradient.data();
    std::as_const(model).for_each_block([&](const std::string& block_name, const ec::Block&, auto view) {
      INFO("gradient of " << block_name);
      golden::check_totals(expected["gradients"][k++], ec::MatrixView<const T>(at, view.rows(), view.cols()), tolerance);
      at += view.size();
    });
  }
  ec::Trainer trainer{model, objective, ec::Adam{}};
  CHECK(trainer.evaluate(x).terms[1] == Approx(expected["penalty"].get<double>()).epsilon(tolerance));
}

template <class Model>
void check_gradient(Model model, ec::Index batch) {
  const Matrix<double> x = Matrix<double>::Random(Model::input.size(), batch);
  const ec::GradientReport report =
      ec::check_model_gradient(model, 0.5 * ec::MeanSquaredError{} + 0.7 * ec::Contractive{}, x, x);
  INFO(report.text());
  CHECK(report.error < 1e-6);
}

}  // namespace

TEMPLATE_TEST_CASE("contractive: PyTorch's Jacobian", "", float, double) {
  using T = TestType;
  const ec::Contractive penalty;
  check_golden("13-7 sigmoid", model_of<T, 13>(ec::Dense<7>{}, ec::Sigmoid{}), penalty);
  check_golden("13-7 tanh", model_of<T, 13>(ec::Dense<7>{}, ec::Tanh{}), penalty);
  check_golden("33-17 relu", model_of<T, 33>(ec::Dense<17>{}, ec::ReLU{}), penalty);
  check_golden("5-300 elu", model_of<T, 5>(ec::Dense<300>{}, ec::ELU{}), penalty);
  check_golden("1-1 softplus", model_of<T, 1>(ec::Dense<1>{}, ec::Softplus{}), penalty);
  check_golden("16-32 leaky", model_of<T, 16>(ec::Dense<32>{}, ec::LeakyReLU{0.3}), penalty);
  check_golden("9-3 none", model_of<T, 9>(ec::Dense<3>{}), penalty);
}

TEST_CASE("contractive: finite differences") {
  for (const ec::Index batch : {1, 7}) {
    check_gradient(model_of<double, 13>(ec::Dense<7>{}, ec::Sigmoid{}), batch);
    check_gradient(model_of<double, 9>(ec::Dense<19, ec::Bias::none>{}, ec::ELU{0.7}), batch);
    check_gradient(model_of<double, 3>(ec::Dense<2>{}), batch);
  }
}

TEST_CASE("contractive: one unit by hand") {
  auto model = model_of<double, 2>(ec::Dense<1>{}, ec::Tanh{});
  model.parameters() << 3, 4, 0, 1, 1, 0, 0;  // W = (3, 4), b = 0
  const Matrix<double> x{{0, 0.1}, {0, 0}};
  const double slope = 1 - std::tanh(0.3) * std::tanh(0.3);
  ec::Trainer trainer{model, ec::MeanSquaredError{} + 0.0 * ec::Contractive{}, ec::Adam{}};
  CHECK(trainer.evaluate(x).terms[1] == Approx(25 * (1 + slope * slope) / 2).epsilon(1e-14));
}

TEST_CASE("contractive: a NaN in the weights shows") {
  auto model = model_of<float, 19>(ec::Dense<17>{}, ec::ReLU{});
  model.parameters()[17 * 19 - 1] = std::numeric_limits<float>::quiet_NaN();
  ec::Trainer trainer{model, ec::MeanSquaredError{} + ec::Contractive{}, ec::Adam{}};
  CHECK_FALSE(std::isfinite(trainer.evaluate(Matrix<float>::Ones(19, 3).eval()).terms[1]));
}

TEST_CASE("contractive: the same for every number of threads") {
  const Matrix<double> x = Matrix<double>::Random(31, 1000);
  std::vector<double> values;
  for (const std::size_t threads : {1U, 2U, 3U}) {
    auto model = model_of<double, 31>(ec::Dense<20>{}, ec::Sigmoid{});
    ec::Trainer trainer{model, ec::MeanSquaredError{} + 0.1 * ec::Contractive{}, ec::Adam{}, {.threads = threads}};
    trainer.train_on_batch(x);
    values.push_back(trainer.evaluate(x).terms[1]);
  }
  CHECK(values[1] == Approx(values[0]).epsilon(1e-12));
  CHECK(values[2] == Approx(values[0]).epsilon(1e-12));
}
