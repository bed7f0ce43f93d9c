// SPDX-License-Identifier: MIT
#include "check_variational.hpp"
#include "golden/golden.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
using variational::Bounded;
using variational::Free;

TEST_CASE("ImportanceWeighted: finite differences with frozen noise, and the same for any number of threads") {
  using Conditional = ec::ConditionalVariationalAutoencoder<variational::Encoder, ec::Latent<3>, ec::Condition<2>,
                                                            ec::Decoder<ec::features(3), ec::Dense<9>, ec::Sigmoid>, double>;
  contract::check(Conditional{ec::Seed{3}}, 0.9 * ec::ImportanceWeighted<3>{});
}

TEST_CASE("ImportanceWeighted: convolutions on both sides, and a layer that writes over the code") {
  using E = ec::Encoder<ec::image(4, 4), ec::Conv2D<3, 3>, ec::Tanh, ec::AvgPool2D<2>>;
  const auto decoder = ec::decoder<ec::features(2)>(ec::Dropout{0.2}, ec::Dense<12>{}, ec::Tanh{}, ec::Reshape<ec::image(2, 2, 3)>{},
                                                    ec::UpSample2D<2>{}, ec::Conv2D<1, 3>{}, ec::Sigmoid{});
  using Model = ec::VariationalAutoencoder<E, ec::Latent<2>, std::remove_const_t<decltype(decoder)>, double>;
  contract::check(Model{E{}, decoder, ec::Seed{3}}, ec::as_objective(ec::ImportanceWeighted<2>{}));
}

TEST_CASE("ImportanceWeighted: the bound tightens as draws are added") {
  using E = ec::Encoder<ec::features(20), ec::Dense<12>, ec::Tanh>;
  using D = ec::Decoder<ec::features(3), ec::Dense<12>, ec::Tanh, ec::Dense<20>, ec::Sigmoid>;
  ec::VariationalAutoencoder<E, ec::Latent<3>, D, double> model{ec::Seed{1}};
  Eigen::MatrixXd x(20, 400);
  golden::fill(3, 1, 0, x);
  x = x.array().round();
  ec::Trainer trainer{model, ec::Elbo{ec::Bernoulli{}}, ec::Adam{.learning_rate = 3e-3}, {.threads = 1}};
  trainer.fit(x, {.epochs = 20, .batch_size = 32, .progress = ec::Progress::quiet});
  const auto bound = [&](auto term) { return ec::Trainer{model, term, ec::SGD{}, {.threads = 2}}.evaluate(x).loss; };
  const double elbo = trainer.evaluate(x).loss, one = bound(ec::ImportanceWeighted<1>{}), four = bound(ec::ImportanceWeighted<4>{}),
               many = bound(ec::ImportanceWeighted<64>{});
  CHECK(one == Approx(elbo).epsilon(0.01));
  CHECK(four < std::min(one, elbo));
  CHECK(many < four);
}

TEST_CASE("ImportanceWeighted: what its likelihood asks is asked") {
  Free model;
  expect_error<ec::OptionError>([&] { ec::Trainer(model, ec::ImportanceWeighted<2, ec::Gaussian>{{.variance = 0}}, ec::SGD{}); },
                                {"Gaussian: variance", "found 0"});
  Bounded bounded;
  Eigen::MatrixXd x = variational::samples(3);
  x(1, 2) = 1.5;
  expect_error<ec::OptionError>([&] { ec::Trainer(bounded, ec::ImportanceWeighted<2>{}, ec::SGD{}).evaluate(x); },
                                {"targets in [0, 1]", "found 1.5"});
}
