// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/throws.hpp"
#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;

namespace {

Eigen::MatrixXd drawn(const ec::Block& block, ec::Index stream = 0) {
  Eigen::MatrixXd values(block.rows, std::max<ec::Index>(block.cols, 1));
  ec::initialize(block, values.data(), ec::Random(ec::Seed{4}, 0, 1), stream);
  return values;
}

struct Moments {
  double mean, variance, most;
};
Moments moments(ec::Init init, ec::Index fan_in = 0, ec::Index fan_out = 0) {
  const Eigen::ArrayXXd values =
      drawn({.name = "weight", .rows = 200, .cols = 300, .init = init, .fan_in = fan_in, .fan_out = fan_out});
  return {values.mean(), (values - values.mean()).square().mean(), values.abs().maxCoeff()};
}

}  // namespace

TEST_CASE("initialisers: variance and range as their papers say") {
  // 60,000 draws: the sample variance is within 5 standard errors of its expectation.
  const auto close = [](const Moments& found, double variance) {
    CHECK(std::abs(found.mean) < 5 * std::sqrt(variance / 60'000));
    CHECK(found.variance == Approx(variance).epsilon(5 * std::sqrt(2.0 / 60'000)));
  };
  const Moments glorot = moments(ec::Init::glorot_uniform), he = moments(ec::Init::he_uniform), ones = moments(ec::Init::ones);
  close(glorot, 2.0 / 500);
  close(moments(ec::Init::glorot_normal), 2.0 / 500);
  close(he, 2.0 / 300);
  close(moments(ec::Init::he_normal), 2.0 / 300);
  close(moments(ec::Init::he_normal, 50, 70), 2.0 / 50);  // a block that knows its fans better, such as a convolution's
  close(moments(ec::Init::glorot_uniform, 50, 70), 2.0 / 120);
  CHECK(glorot.most <= std::sqrt(6.0 / 500));
  CHECK(he.most <= std::sqrt(6.0 / 300));
  CHECK(moments(ec::Init::zeros).most == 0);
  CHECK(ones.mean == 1);
  CHECK(ones.variance == 0);
}

TEST_CASE("initialisers: truncated normals end at two deviations, and have the variance that is asked for") {
  using Init = ec::Init;
  // Of N(0, 1) between −2 and 2 the variance is 0.773741, so the deviation before the cut is √v / 0.879626, as in Keras.
  const auto check = [](const Moments& found, double variance) {
    CAPTURE(variance);
    CHECK(std::abs(found.mean) < 5 * std::sqrt(variance / 60'000));
    CHECK(found.variance == Approx(variance).epsilon(5 * std::sqrt(2.0 / 60'000)));
    const double bound = 2 * std::sqrt(variance) / 0.87962566103423978;
    CHECK(found.most <= bound * (1 + 1e-12));
    CHECK(found.most > 0.999 * bound);
  };
  check(moments(Init::variance_scaling(2, Init::Fan::in, Init::Law::truncated_normal)), 2.0 / 300);
  check(moments(Init::variance_scaling(1, Init::Fan::mean, Init::Law::truncated_normal), 50, 70), 1.0 / 60);
  check(moments(Init::variance_scaling(1, Init::Fan::out, Init::Law::truncated_normal), 50, 70), 1.0 / 70);
  check(moments(Init::truncated_normal(0.05)), 0.05 * 0.05 * 0.7737413035);
  // A draw is cut, or is that of the whole distribution.
  const ec::Block cut{.name = "weight", .rows = 50, .cols = 4, .init = Init::truncated_normal(1)},
      whole{.name = "weight", .rows = 50, .cols = 4, .init = Init::variance_scaling(1, Init::Fan::none, Init::Law::normal)};
  const Eigen::ArrayXXd some = drawn(cut), all = drawn(whole);
  CHECK((all.abs() > 2).any());
  CHECK(((all.abs() > 2) || ((some - all).abs() < 1e-12)).all());
}

TEST_CASE("initialisers: orthogonal blocks are, and differ from one another") {
  const auto check = [](ec::Index rows, ec::Index cols, ec::Init init, double square) {
    CAPTURE(rows, cols);
    const ec::Block block{.name = "weight", .rows = rows, .cols = cols, .init = init};
    const Eigen::MatrixXd q = drawn(block);
    const Eigen::MatrixXd tall = rows < q.cols() ? Eigen::MatrixXd(q.transpose()) : q, gram = tall.transpose() * tall;
    CHECK((gram - square * Eigen::MatrixXd::Identity(gram.rows(), gram.cols())).cwiseAbs().maxCoeff() < 1e-12);
    CHECK((q - drawn(block, 1)).norm() > 0.1);
  };
  check(1, 1, ec::Init::variance_scaling(3, ec::Init::Fan::none, ec::Init::Law::orthogonal), 9);
  check(7, 0, ec::Init::orthogonal, 1);
  check(13, 5, ec::Init::orthogonal, 1);
  check(5, 13, ec::Init::orthogonal, 1);
  check(120, 120, ec::Init::orthogonal, 1);

  // Uniformly distributed: of many 3 × 2, every value has mean 0 and variance 1 / 3.
  Eigen::ArrayXXd sum = Eigen::ArrayXXd::Zero(3, 2), squares = sum;
  constexpr ec::Index many = 4000;
  for (ec::Index stream = 0; stream < many; ++stream) {
    const Eigen::ArrayXXd q = drawn({.name = "weight", .rows = 3, .cols = 2, .init = ec::Init::orthogonal}, stream);
    sum += q;
    squares += q.square();
  }
  CHECK((sum.abs() / many < 5 * std::sqrt(1.0 / 3 / many)).all());
  // E q⁴ = 3 / (n (n + 2)) = 1 / 5, so the variance of q² is 1 / 5 − 1 / 9.
  CHECK(((squares / many - 1.0 / 3).abs() < 5 * std::sqrt((1.0 / 5 - 1.0 / 9) / many)).all());
}

TEST_CASE("initialisers: constants, and ones in some of the rows") {
  using E = ec::Encoder<ec::features(3), ec::Dense<2, ec::Init::constant(-0.1)>>;
  CHECK(ec::Network<E, double>(ec::Seed{1}).parameter("encoder.0.weight") == Eigen::MatrixXd::Constant(2, 3, -0.1));
  static_assert(ec::Init::constant(1) == ec::Init::ones && ec::Init::constant(0) == ec::Init::zeros);

  ec::Block bias{.name = "bias", .rows = 6, .init = ec::Init::ones_in_rows(2, 4)};
  CHECK(drawn(bias) == (Eigen::VectorXd(6) << 0, 0, 1, 1, 0, 0).finished());
  bias.cols = 2;
  CHECK(drawn(bias).col(1) == (Eigen::VectorXd(6) << 0, 0, 1, 1, 0, 0).finished());
  bias.rows = 3;
  expect_error<ec::OptionError>([&] { drawn(bias); }, {"'bias' has 3 rows", "[2, 4)"});
}

TEST_CASE("initialisers: values that describe none are refused") {
  using ec::Init;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double bad : {0.0, -1.0, nan, std::numeric_limits<double>::infinity()}) {
    expect_error<ec::OptionError>([=] { Init::truncated_normal(bad); }, {"Init::truncated_normal", "expected", "found"});
    expect_error<ec::OptionError>([=] { Init::variance_scaling(bad, Init::Fan::in, Init::Law::normal); },
                                  {"Init::variance_scaling", "expected", "found"});
  }
  expect_error<ec::OptionError>([=] { Init::constant(nan); }, {"Init::constant", "finite", "found"});
  expect_error<ec::OptionError>([] { Init::ones_in_rows(2, 2); }, {"Init::ones_in_rows", "found 2 and 2"});
  expect_error<ec::OptionError>([] { Init::ones_in_rows(-1, 2); }, {"Init::ones_in_rows", "found -1 and 2"});
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
