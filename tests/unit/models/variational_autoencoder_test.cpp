// SPDX-License-Identifier: MIT
#include <eigencoder/tasks/latent_statistics.hpp>

#include "support/model_blocks.hpp"
#include "support/throws.hpp"
#include "unit/engine/contract.hpp"

namespace ec = eigencoder;

namespace {

using Encoder = ec::Encoder<ec::features(20), ec::Dense<12>, ec::Tanh>;
using Logits = ec::Decoder<ec::features(3), ec::Dense<12>, ec::Tanh, ec::Dense<20>>;
using Probabilities = ec::Decoder<ec::features(3), ec::Dense<12>, ec::Tanh, ec::Dense<20>, ec::Sigmoid>;

template <class T>
using Free = ec::VariationalAutoencoder<Encoder, ec::Latent<3>, Logits, T>;
template <class T>
using Bounded = ec::VariationalAutoencoder<Encoder, ec::Latent<3>, Probabilities, T>;
template <class T>
using Conditional = ec::ConditionalVariationalAutoencoder<Encoder, ec::Latent<3>, ec::Condition<4>, Probabilities, T>;

/// Terms and every gradient of PyTorch's network, on 1, 2 and 3 threads.
template <class Model, class Part>
void check_golden(const std::string& name, Part part) {
  using T = typename Model::Scalar;
  const double tolerance = std::is_same_v<T, double> ? 1e-12 : 2e-5;
  static const nlohmann::json file = golden::load("variational.json");
  const nlohmann::json& expected = file["cases"][name];
  CAPTURE(name, ec::type_name<T>());

  Model model;
  const auto blocks = golden::blocks_of(model);
  golden::draw_blocks(blocks);
  const auto batch = file["batch"].get<ec::Index>();
  typename Model::Matrix target(20, batch);
  golden::fill(1, 1, 0, target);
  typename Model::Matrix x = target;
  if constexpr (Model::input.size() > 20) {
    x = ec::with_classes(target, Eigen::VectorXi::NullaryExpr(batch, [](ec::Index j) { return static_cast<int>(j % 4); }), 4);
  }

  const auto objective = ec::as_objective(part);
  using Stepper = ec::Stepper<Model, std::decay_t<decltype(objective)>, ec::Adam>;
  Eigen::Matrix<T, Eigen::Dynamic, 1> gradient(Model::parameter_count);
  for (const std::size_t threads : {1U, 2U, 3U}) {
    Stepper stepper(threads, ec::Seed{file["seed"].get<std::uint64_t>()}, 0);
    stepper.reserve_training(batch);
    const auto step = file["step"].get<std::uint64_t>();
    const auto terms = stepper.differentiate(model, objective, {x, target, nullptr, batch}, step, gradient.data());
    REQUIRE(terms.size() == expected["terms"].size());
    for (std::size_t k = 0; k < terms.size(); ++k) CHECK(terms[k] == Approx(expected["terms"][k].get<double>()).epsilon(tolerance));
    CAPTURE(threads);
    golden::check_blocks(expected["gradients"], blocks, gradient.data(), tolerance);
  }
}

Eigen::MatrixXd some_samples(ec::Index rows, ec::Index count) {
  Eigen::MatrixXd x(rows, count);
  golden::fill(3, 1, 0, x);
  return x;
}

}  // namespace

TEMPLATE_TEST_CASE("variational: PyTorch's values and gradients with the same noise", "", float, double) {
  using T = TestType;
  const ec::ElboOptions weighted{.beta = 0.7};
  check_golden<Bounded<T>>("bernoulli", ec::Elbo{ec::Bernoulli{}, weighted});
  check_golden<Bounded<T>>("annealed", ec::Elbo{ec::Bernoulli{}, {.beta = 0.7, .annealing = ec::linear_annealing(5)}});
  check_golden<Bounded<T>>("free_bits", ec::Bernoulli{} + 0.7 * ec::FreeBits{.nats = 0.02});
  check_golden<Bounded<T>>("importance_weighted", ec::ImportanceWeighted<5>{});
  check_golden<Free<T>>("gaussian", ec::Elbo{ec::Gaussian{.variance = 0.3}, weighted});
  check_golden<Free<T>>("calibrated", ec::Elbo{ec::CalibratedGaussian{}, weighted});
  check_golden<Free<T>>("laplace", ec::Elbo{ec::Laplace{.scale = 0.4}, weighted});
}

TEST_CASE("variational: PyTorch's values and gradients of what is put together from these") {
  check_golden<Bounded<double>>("capacity", ec::Bernoulli{} + 0.7 * ec::Capacity{.nats = 4, .steps = 5});
  check_golden<Free<double>>("importance_weighted_gaussian", ec::ImportanceWeighted<3, ec::Gaussian>{{.variance = 0.3}});
  check_golden<Conditional<double>>("conditional", ec::Elbo{ec::Bernoulli{}, {.beta = 0.7}});
}

TEST_CASE("variational: what a model gives") {
  const Bounded<double> model{ec::Seed{1}};
  STATIC_REQUIRE(Bounded<double>::code == ec::features(3));
  STATIC_REQUIRE(Bounded<double>::parameter_count == 20 * 12 + 12 + 12 * 6 + 6 + 3 * 12 + 12 + 12 * 20 + 20);
  const Eigen::MatrixXd x = some_samples(20, 11);
  const auto [mean, log_variance] = model.encode_distribution(x);
  CHECK(mean == model.encode(x));
  CHECK(log_variance.rows() == 3);
  CHECK(model.reconstruct(x) == model.decode(mean));
  CHECK(model.reconstruct(x) == model.reconstruct(x));  // predictions draw nothing
  CHECK(model.encoder().predict(x) == mean);

  auto workspace = model.workspace(4);
  Eigen::MatrixXd both(6, 11);
  model.encode_distribution(x, both, workspace);
  CHECK(both.topRows(3).isApprox(mean, 1e-12));
  CHECK(both.bottomRows(3).isApprox(log_variance, 1e-12));

  const Eigen::MatrixXd samples = model.sample(5, ec::Seed{7});
  CHECK(samples.cols() == 5);
  CHECK(samples.leftCols(3) == model.sample(3, ec::Seed{7}));  // a longer list goes on
  CHECK(samples != model.sample(5, ec::Seed{8}));
  for (const ec::Path path : {ec::Path::linear, ec::Path::spherical}) {
    const Eigen::VectorXd a = mean.col(0), b = mean.col(1);
    const Eigen::MatrixXd way = model.interpolate(a, b, 5, path);
    CHECK(way.cols() == 5);
    CHECK(way.col(0).isApprox(model.decode(a), 1e-12));
    CHECK(way.col(4).isApprox(model.decode(b), 1e-12));
    expect_error<ec::ShapeError>([&] { model.interpolate(a, b.head(2), 5, path); }, {"3", "2"});
    expect_error<ec::ShapeError>([&] { model.interpolate(a.head(2), b.head(2), 5, path); }, {"3 rows", "found 2"});
  }
  expect_error<ec::OptionError>([&] { model.sample(-1, {}); }, {"normal_codes", "not be negative", "-1"});
  expect_error<ec::ShapeError>([&] { model.decode(Eigen::MatrixXd::Zero(4, 1)); }, {"decode", "3 rows", "4"});
}

TEST_CASE("variational: with and without a class") {
  const Conditional<double> model{ec::Seed{1}};
  const Eigen::MatrixXd x = some_samples(20, 6);
  Eigen::VectorXi labels(6);
  labels << 0, 1, 2, 3, 0, 1;
  const Eigen::MatrixXd codes = model.encode(x, labels);
  CHECK(codes.rows() == 3);
  CHECK(model.decode(codes, labels).isApprox(model.reconstruct(x, labels), 1e-12));
  STATIC_REQUIRE(decltype(model)::code == ec::features(3));  // what penalties on the code see: without the class
  CHECK(model.encode(x.leftCols(1), labels.segment(1, 1)) != model.encode(x.leftCols(1), labels.segment(2, 1)));
  const Eigen::MatrixXd drawn = model.sample(labels, ec::Seed{1});
  CHECK(drawn.rows() == 20);
  CHECK(drawn == model.sample(labels, ec::Seed{1}));

  labels[2] = 4;
  expect_error<ec::OptionError>([&] { model.encode(x, labels); }, {"labels from 0 to 3", "found 4", "sample 2"});
  labels[2] = -1;
  expect_error<ec::OptionError>([&] { model.sample(labels, {}); }, {"labels from 0 to 3", "found -1"});
  expect_error<ec::ShapeError>([&] { model.encode(x, labels.head(5)); }, {"6 labels", "found 5"});
}

TEST_CASE("variational: draws are standard normal around the mean, with the variance given") {
  using E = ec::Encoder<ec::features(2), ec::Dense<1>>;
  ec::VariationalAutoencoder<E, ec::Latent<2>, ec::Decoder<ec::features(2), ec::Dense<2>>, double> model;
  model.set_parameters(0 * model.parameters());
  model.parameter("encoder.1.bias") << 1, -2, std::log(4.0), std::log(0.25);
  model.parameter("decoder.0.weight").setIdentity();
  // With y = z and 0 for a target, the mean of (y − 0)² over both is (1 + 4 + 4 + 0.25) / 2.
  ec::Trainer trainer{model, ec::MeanSquaredError{} + 1.0 * ec::GaussianKL{}, ec::SGD{}, {.threads = 1}};
  const Eigen::MatrixXd x = Eigen::MatrixXd::Zero(2, 200'000);
  const ec::Evaluation drawn = trainer.evaluate(x);
  CHECK(drawn.terms[0] == Approx(9.25 / 2).epsilon(0.01));
  CHECK(drawn.terms[1] == Approx(0.5 * (1 + 4 + 4 + 0.25 - 2 - std::log(4.0) - std::log(0.25))).epsilon(1e-12));
  CHECK(trainer.evaluate(x).terms[0] == drawn.terms[0]);  // the same draws each time
}

TEST_CASE("latent statistics: by hand") {
  ec::NormalDistribution<Eigen::MatrixXd> codes;
  codes.mean = (Eigen::MatrixXd(2, 2) << 1, -1, 0.5, 0.5).finished();
  codes.log_variance = (Eigen::MatrixXd(2, 2) << 0, 0, std::log(2.0), std::log(2.0)).finished();
  const ec::LatentStatistics found = ec::latent_statistics(codes);
  CHECK(found.kl[0] == Approx(0.5));
  CHECK(found.kl[1] == Approx(0.5 * (0.25 + 2 - 1 - std::log(2.0))));
  CHECK(found.variance_of_mean[0] == Approx(1));
  CHECK(found.variance_of_mean[1] == Approx(0).margin(1e-15));
  CHECK(found.active_units() == 1);
  CHECK(found.total_kl() == Approx(found.kl.sum()));
  expect_error<ec::ShapeError>([] { ec::latent_statistics(ec::NormalDistribution<Eigen::MatrixXd>{}); }, {"latent_statistics", "none"});
}
