// SPDX-License-Identifier: MIT
#include "support/model_blocks.hpp"
#include "support/throws.hpp"
#include "unit/engine/contract.hpp"

namespace ec = eigencoder;

namespace {

template <class... Code>
using Encoder = ec::Encoder<ec::features(20), ec::Dense<12>, ec::Tanh, ec::Dense<6>, Code...>;
using Decoder = ec::Decoder<ec::features(6), ec::Dense<20>>;

/// Terms and every gradient of PyTorch's network, on 1, 2 and 3 threads.
template <class T, class... Code, class... Penalty>
void check_golden(const std::string& name, Penalty... penalty) {
  using Model = ec::Autoencoder<Encoder<Code...>, Decoder, T>;
  const double tolerance = std::is_same_v<T, double> ? 1e-12 : 1e-5;
  static const nlohmann::json file = golden::load("penalties.json");
  const nlohmann::json& expected = file["cases"][name];
  CAPTURE(name, ec::type_name<T>());

  Model model;
  const auto blocks = golden::blocks_of(model);
  golden::draw_blocks(blocks);
  const auto batch = file["batch"].get<ec::Index>();
  typename Model::Matrix x(20, batch);
  golden::fill(1, 1, 0, x);

  const auto objective = (ec::as_objective(ec::MeanSquaredError{}) + ... + (file["weight"].get<double>() * penalty));
  using Stepper = ec::Stepper<Model, std::decay_t<decltype(objective)>, ec::Adam>;
  Eigen::Matrix<T, Eigen::Dynamic, 1> gradient(Model::parameter_count);
  for (const std::size_t threads : {1U, 2U, 3U}) {
    Stepper stepper(threads, ec::Seed{1}, 0);
    stepper.reserve_training(batch);
    const auto terms = stepper.differentiate(model, objective, {x, x, nullptr, batch}, 1, gradient.data());
    CHECK(terms[0] == Approx(expected["loss"].get<double>()).epsilon(tolerance));
    if constexpr (sizeof...(Penalty) > 0) CHECK(terms[1] == Approx(expected["penalty"].get<double>()).epsilon(tolerance));
    CAPTURE(threads);
    golden::check_blocks(expected["gradients"], blocks, gradient.data(), tolerance);
  }
}

using Sigmoid = ec::Encoder<ec::image(3, 3), ec::Dense<7>, ec::SiLU, ec::Dense<5>, ec::Sigmoid>;
using Tanh = ec::Encoder<ec::image(3, 3), ec::Dense<7>, ec::Tanh, ec::Dense<5>, ec::Tanh>;
using Logits = ec::Decoder<ec::features(5), ec::Dense<9>, ec::Sigmoid>;

}  // namespace

TEMPLATE_TEST_CASE("penalties: PyTorch's values and gradients inside a network", "", float, double) {
  using T = TestType;
  check_golden<T, ec::Tanh>("l1_activity", ec::L1Activity{});
  check_golden<T, ec::Tanh>("l2_activity", ec::L2Activity{});
  check_golden<T, ec::Sigmoid>("kl_sigmoid", ec::KLSparsity{.target = 0.2});
  check_golden<T, ec::Tanh>("l1_weights", ec::L1Weights{});
  check_golden<T, ec::Tanh>("l2_weights", ec::L2Weights{});
}

TEST_CASE("penalties: PyTorch's values and gradients on an inner layer, of codes of either sign, of a code of few values") {
  check_golden<double, ec::Tanh>("l1_activity_on_layer_1", ec::on_layer<1>(ec::L1Activity{}));
  check_golden<double, ec::Tanh>("kl_tanh", ec::KLSparsity{.target = 0.2});
  check_golden<double, ec::KSparse<2>>("k_sparse");
}

TEST_CASE("penalties: finite differences, on every layer, and the same for any number of threads") {
  // The loss stays on logits, with a penalty on them, and cannot where one looks at the output.
  contract::check_types<Tanh, Logits>(ec::BinaryCrossEntropy{} + 0.3 * ec::L1Activity{} +
                                      0.2 * ec::on_layer<1>(ec::L2Activity{}) + 0.3 * ec::on_layer<0>(ec::L2Activity{}) +
                                      0.3 * ec::on_layer<4>(ec::L2Activity{}));
  contract::check_types<Sigmoid, Logits>(0.1 * ec::L1Weights{} + ec::BinaryCrossEntropy{} + 0.2 * ec::L2Weights{} +
                                         0.3 * ec::KLSparsity{.target = 0.05});
  contract::check_types<Tanh, Logits>(0.4 * ec::KLSparsity{.target = 0.1} + ec::BinaryCrossEntropy{} +
                                      0.3 * ec::on_layer<1>(ec::KLSparsity{.target = 0.7}) +
                                      0.3 * ec::on_layer<5>(ec::KLSparsity{.target = 0.4}));
}

TEST_CASE("KLSparsity: a unit that is dead for a whole batch has finite values and a slope towards life") {
  using E = ec::Encoder<ec::features(2), ec::Dense<1>, ec::Sigmoid>;
  using Inputs = ec::Decoder<E::output, ec::Dense<2>>;
  ec::Autoencoder<E, Inputs, float> model;
  const Eigen::MatrixXf x = Eigen::MatrixXf::Ones(2, 5);
  for (const float bias : {-200.0F, 200.0F}) {
    model.parameter("encoder.0.bias")(0) = bias;
    ec::Trainer trainer{model, ec::MeanSquaredError{} + 1.0 * ec::KLSparsity{}, ec::SGD{}, {.threads = 1}};
    const double value = trainer.evaluate(x).terms[1];
    CHECK(std::isfinite(value));
    CHECK(value > 0.5);
  }
  ec::Autoencoder<E, Inputs, double> dead{};
  dead.set_parameters(Eigen::VectorXd{{0, 0, -17, 0, 0, 0, 0}});  // a mean of 4e-8, less than the bound: on the tangent
  const Eigen::MatrixXd one = Eigen::MatrixXd::Ones(2, 3);
  const ec::GradientReport report = ec::check_model_gradient(dead, ec::MeanSquaredError{} + 1.0 * ec::KLSparsity{}, one, one);
  INFO(report.text());
  CHECK(report.error < 1e-6);
}

TEST_CASE("KLSparsity: 0 where every mean is the target, and NaN where a code is") {
  using E = ec::Encoder<ec::features(2), ec::Sigmoid>;
  ec::Autoencoder<E, ec::Decoder<E::output, ec::Dense<2>>, double> model;
  ec::Trainer trainer{model, ec::MeanSquaredError{} + 1.0 * ec::KLSparsity{.target = 0.5}, ec::SGD{}, {.threads = 1}};
  Eigen::MatrixXd x{{1, -1}, {-2, 2}};
  CHECK(std::abs(trainer.evaluate(x).terms[1]) < 1e-15);
  x(0, 0) = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(trainer.evaluate(x).terms[1]));
}

TEST_CASE("weight penalties spare biases") {
  using E = ec::Encoder<ec::features(2), ec::Dense<2>, ec::BatchNorm>;
  ec::Autoencoder<E, ec::Decoder<E::output, ec::Dense<2, ec::Bias::none>>, double> model;
  const Eigen::MatrixXd ones = Eigen::MatrixXd::Ones(2, 300);
  model.set_parameters(Eigen::VectorXd{{1, -2, 3, -4, 100, 100, 100, 100, 100, 100, 5, 6, 7, -8}});
  ec::Trainer trainer{model, ec::MeanSquaredError{} + 1.0 * ec::L1Weights{} + 1.0 * ec::L2Weights{}, ec::SGD{}, {.threads = 2}};
  const ec::Evaluation at = trainer.evaluate(ones, 128);  // three batches: no more than once each
  CHECK(at.terms[1] == Approx(36).epsilon(1e-14));
  CHECK(at.terms[2] == Approx(204).epsilon(1e-14));
}

TEST_CASE("penalties: targets out of range and negative weights are refused") {
  ec::Autoencoder<Sigmoid, Logits> model;
  for (const double bad : {0.0, 1.0, -0.1, std::numeric_limits<double>::quiet_NaN()}) {
    const auto make = [&] { ec::Trainer{model, ec::MeanSquaredError{} + 1.0 * ec::KLSparsity{.target = bad}, ec::Adam{}}; };
    expect_error<ec::OptionError>(make, {"KLSparsity: target", "in (0, 1)", "found"});
  }
  const auto negative = [&] { ec::Trainer{model, ec::MeanSquaredError{} + -0.5 * ec::L1Activity{}, ec::Adam{}}; };
  expect_error<ec::OptionError>(negative, {"the weight of L1Activity", "must not be negative", "found -0.5"});
  const auto weights = [&] { ec::Trainer{model, ec::MeanSquaredError{} + -0.5 * ec::L2Weights{}, ec::Adam{}}; };
  expect_error<ec::OptionError>(weights, {"the weight of L2Weights", "must not be negative"});
}
