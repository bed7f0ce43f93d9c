// SPDX-License-Identifier: MIT
#include <eigencoder/tasks/latent_statistics.hpp>

#include "check_variational.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
using variational::Bounded;
using variational::Free;

TEST_CASE("Gaussian divergences: finite differences with frozen noise, and the same for any number of threads") {
  contract::check(Bounded{ec::Seed{3}}, ec::Elbo{ec::Bernoulli{}, {.beta = 0.7, .annealing = ec::linear_annealing(3)}});
  contract::check(Free{ec::Seed{3}}, ec::Gaussian{} + 0.6 * ec::FreeBits{.nats = 0.02});
  contract::check(Free{ec::Seed{3}}, ec::CalibratedGaussian{} + 0.6 * ec::Capacity{.nats = 3, .steps = 5});
}

TEST_CASE("Gaussian divergences: on means and variances that are given, by the closed form") {
  Free model{ec::Seed{1}};
  model.set_parameters(0 * model.parameters());
  const Eigen::VectorXd mean{{0.5, -1, 0}}, log_variance{{0, std::log(2.0), std::log(0.5)}};
  model.parameter("encoder.2.bias") << mean, log_variance;
  const Eigen::VectorXd each = 0.5 * (mean.array().square() + log_variance.array().exp() - 1 - log_variance.array());
  const auto value = [&](auto term) {
    return ec::Trainer{model, ec::Gaussian{} + 1.0 * term, ec::SGD{}, {.threads = 1}}.evaluate(variational::samples(7)).terms[1];
  };
  CHECK(value(ec::GaussianKL{}) == Approx(each.sum()).epsilon(1e-13));
  CHECK(value(ec::GaussianKL{ec::linear_annealing(1000)}) == Approx(each.sum()).epsilon(1e-13));  // evaluations are not annealed
  CHECK(value(ec::FreeBits{.nats = 0.2}) == Approx(each.cwiseMax(0.2).sum()).epsilon(1e-13));
  CHECK(value(ec::Capacity{.nats = 3}) == Approx(3 - each.sum()).epsilon(1e-13));
}

TEST_CASE("GaussianKL: a code that carries nothing is noticed") {
  Bounded model{ec::Seed{1}};
  const Eigen::MatrixXd x = variational::samples(64);
  ec::Trainer trainer{model, ec::Elbo{ec::Bernoulli{}, {.beta = 1000}}, ec::Adam{.learning_rate = 0.01}, {.threads = 1}};
  const ec::History history = trainer.fit(x, {.epochs = 60, .batch_size = 16, .progress = ec::Progress::quiet});
  REQUIRE(history.warnings.size() == 1);
  CHECK(history.warnings[0].starts_with("GaussianKL: "));
  CHECK(history.warnings[0].find("posterior collapse") != std::string::npos);
  CHECK(ec::latent_statistics(model.encode_distribution(x)).active_units() == 0);
}

TEST_CASE("Gaussian divergences: options out of range are refused") {
  Free model;
  for (const double bad : {-1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    expect_error<ec::OptionError>([&] { ec::Elbo{ec::Gaussian{}, {.beta = bad}}; }, {"Elbo: beta", "finite and not negative", "found"});
    expect_error<ec::OptionError>([&] { ec::Trainer(model, ec::Gaussian{} + 1.0 * ec::FreeBits{bad}, ec::SGD{}); }, {"FreeBits: nats"});
    expect_error<ec::OptionError>([&] { ec::Capacity{bad}.check(); }, {"Capacity: nats"});
    expect_error<ec::OptionError>([&] { ec::cyclic_annealing(10, bad); }, {"cyclic_annealing: rising", "(0, 1]"});
  }
}

TEST_CASE("annealing: linear, cyclic, none") {
  constexpr ec::Annealing none, linear = ec::linear_annealing(4), cyclic = ec::cyclic_annealing(4, 0.5);
  STATIC_REQUIRE(none(1) == 1.0);
  CHECK(std::array{linear(1), linear(2), linear(4), linear(100)} == std::array{0.25, 0.5, 1.0, 1.0});
  CHECK(std::array{cyclic(1), cyclic(2), cyclic(3), cyclic(4), cyclic(5)} == std::array{0.5, 1.0, 1.0, 0.0, 0.5});
}
