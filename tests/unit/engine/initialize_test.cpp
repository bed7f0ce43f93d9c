// SPDX-License-Identifier: MIT
#include <eigencoder/eigencoder.hpp>

#include "support/catch.hpp"

namespace ec = eigencoder;

namespace {

struct Moments {
  double mean, variance, most;
};
Moments moments(ec::Init init, ec::Index fan_in = 0, ec::Index fan_out = 0) {
  const ec::Block block{.name = "weight", .rows = 200, .cols = 300, .init = init, .fan_in = fan_in, .fan_out = fan_out};
  Eigen::ArrayXd values(block.size());
  ec::initialize(block, values.data(), ec::Random(ec::Seed{4}, 0, 1));
  return {values.mean(), (values - values.mean()).square().mean(), values.abs().maxCoeff()};
}

}  // namespace

TEST_CASE("initialisers: variance and range as their papers say") {
  // 60,000 draws: the sample variance is within 5 standard errors of its expectation.
  const auto close = [](const Moments& found, double variance) {
    CHECK(std::abs(found.mean) < 5 * std::sqrt(variance / 60'000));
    CHECK(found.variance == Approx(variance).epsilon(5 * std::sqrt(2.0 / 60'000)));
  };
  close(moments(ec::Init::glorot_uniform), 2.0 / 500);
  close(moments(ec::Init::glorot_normal), 2.0 / 500);
  close(moments(ec::Init::he_uniform), 2.0 / 300);
  close(moments(ec::Init::he_normal), 2.0 / 300);
  close(moments(ec::Init::he_normal, 50, 70), 2.0 / 50);  // a block that knows its fans better, such as a convolution's
  close(moments(ec::Init::glorot_uniform, 50, 70), 2.0 / 120);
  CHECK(moments(ec::Init::glorot_uniform).most <= std::sqrt(6.0 / 500));
  CHECK(moments(ec::Init::he_uniform).most <= std::sqrt(6.0 / 300));
  CHECK(moments(ec::Init::zeros).most == 0);
  CHECK(moments(ec::Init::ones).mean == 1);
  CHECK(moments(ec::Init::ones).variance == 0);
}

TEST_CASE("initialisers: one seed gives float and double models the same start, another seed another") {
  using E = ec::Encoder<ec::features(6), ec::Dense<5, ec::Init::he_normal>, ec::Dense<5>>;
  using D = ec::Decoder<E::output, ec::Dense<6>>;
  const ec::Autoencoder<E, D> single{ec::Seed{3}}, other{ec::Seed{4}};
  const ec::Autoencoder<E, D, double> twice{ec::Seed{3}};
  CHECK(single.parameters() == twice.parameters().cast<float>());
  CHECK(single.parameters() != other.parameters());
  CHECK(twice.parameters().segment(35, 20) != twice.parameters().segment(0, 20));  // layers do not repeat one another
}
