// SPDX-License-Identifier: MIT
#include "support/allocations.hpp"
#include "support/model_blocks.hpp"
#include "support/throws.hpp"
#include "unit/engine/contract.hpp"

namespace ec = eigencoder;
using ec::Index;

namespace {

constexpr ec::Similarity quadratic = ec::Similarity::inverse_multiquadratic, gaussian = ec::Similarity::gaussian;

template <Index Z>
using Encoder = ec::Encoder<ec::features(20), ec::Dense<12>, ec::Tanh, ec::Dense<Z>>;
template <Index Z, class T>
using Model = ec::Autoencoder<Encoder<Z>, ec::Decoder<ec::features(Z), ec::Dense<20>>, T>;

/// Loss, penalty and every gradient of PyTorch's network, on the same draws.
template <Index Z, class T>
void check_golden(const nlohmann::json& expected) {
  const double tolerance = std::is_same_v<T, double> ? 1e-10 : 1e-4;
  const auto batch = expected["batch"].get<Index>();
  CAPTURE(Z, batch, ec::type_name<T>());
  Model<Z, T> model;
  const auto blocks = golden::blocks_of(model);
  golden::draw_blocks(blocks);
  typename Model<Z, T>::Matrix x(20, batch);
  golden::fill(1, 1, 0, x);

  const ec::MaximumMeanDiscrepancy term{expected["similarity"] == "gaussian" ? gaussian : quadratic, expected["deviation"]};
  const auto objective = ec::MeanSquaredError{} + expected["weight"].get<double>() * term;
  ec::Stepper<Model<Z, T>, std::decay_t<decltype(objective)>, ec::Adam> stepper(1, ec::Seed{1});
  stepper.reserve_training(batch);
  Eigen::Matrix<T, Eigen::Dynamic, 1> gradient(Model<Z, T>::parameter_count);
  const auto terms = stepper.differentiate(model, objective, {x, x, nullptr, batch}, 1, gradient.data());
  CHECK(terms[0] == Approx(expected["loss"].get<double>()).epsilon(tolerance));
  CHECK(terms[1] == Approx(expected["penalty"].get<double>()).epsilon(tolerance));
  golden::check_blocks(expected["gradients"], blocks, gradient.data(), tolerance);
}

}  // namespace

TEST_CASE("MaximumMeanDiscrepancy: PyTorch's values and gradients inside a network") {
  const nlohmann::json file = golden::load("latent_penalties.json");
  for (const nlohmann::json& entry : file["wasserstein"]) {
    const auto latent = entry["latent"].get<Index>();
    if (latent == 1) check_golden<1, double>(entry);
    if (latent == 3) check_golden<3, double>(entry);
    if (latent == 17) check_golden<17, double>(entry), check_golden<17, float>(entry);
    if (latent == 66) check_golden<66, double>(entry), check_golden<66, float>(entry);
  }
}

TEST_CASE("MaximumMeanDiscrepancy: finite differences, and the same for any number of threads") {
  using D = ec::Decoder<ec::features(5), ec::Dense<9>>;
  using Small = ec::Encoder<ec::image(3, 3), ec::Dense<7>, ec::Tanh, ec::Dense<5>, ec::Sigmoid>;
  contract::check_types<Small, D>(ec::MeanSquaredError{} + 0.7 * ec::MaximumMeanDiscrepancy{});
  contract::check_types<Small, D>(0.2 * ec::MaximumMeanDiscrepancy{gaussian, 0.5} + ec::MeanSquaredError{} +
                                  0.1 * ec::L2Activity{});

  using Several = ec::Autoencoder<Small, D, double>;
  const Several model{ec::Seed{2}};
  const Eigen::MatrixXd x = Eigen::MatrixXd::Random(9, 150);
  const auto objective = ec::MeanSquaredError{} + 0.7 * ec::MaximumMeanDiscrepancy{};
  Eigen::VectorXd one(Several::parameter_count), other = one;
  double value = 0;
  for (const std::size_t threads : {1U, 2U, 3U}) {
    ec::Stepper<Several, std::decay_t<decltype(objective)>, ec::Adam> stepper(threads, ec::Seed{9}, 0);
    stepper.reserve_training(150);
    const double found = stepper.differentiate(model, objective, {x, x, nullptr, 150}, 1, other.data())[1];
    if (threads == 1) one = other, value = found;
    INFO(threads << " threads");
    CHECK(found == Approx(value).epsilon(1e-12));
    CHECK((one - other).cwiseAbs().maxCoeff() < 1e-12 * one.cwiseAbs().maxCoeff());
  }
}

namespace {

/// The discrepancy of codes that are given as they are.
double discrepancy(const Eigen::MatrixXd& codes, ec::MaximumMeanDiscrepancy term = {}) {
  using E = ec::Encoder<ec::features(4), ec::Identity>;
  ec::Autoencoder<E, ec::Decoder<ec::features(4), ec::Dense<4>>, double> model;
  ec::Trainer trainer{model, ec::MeanSquaredError{} + 1.0 * term, ec::Adam{}, {.threads = 1}};
  return trainer.evaluate(codes, codes.cols()).terms[1];
}

Eigen::MatrixXd normal(Index count, std::uint64_t seed) {
  const ec::Random random(ec::Seed{seed}, 7, 7);
  return Eigen::MatrixXd::NullaryExpr(4, count, [&](Index i, Index j) { return random.normal(j, i); });
}

}  // namespace

TEST_CASE("MaximumMeanDiscrepancy: 0 on average for codes from the prior, large for others") {
  double mean = 0;
  for (std::uint64_t seed = 100; seed < 140; ++seed) mean += discrepancy(normal(200, seed)) / 40;
  CHECK(std::abs(mean) < 0.003);  // of kernels that sum to 7
  CHECK(discrepancy(3 * normal(200, 1)) > 0.3);
  CHECK(discrepancy(normal(200, 1).array() + 1.0) > 0.3);
  CHECK(discrepancy(Eigen::MatrixXd::Zero(4, 200)) > 0.3);  // a code that says nothing
  const ec::MaximumMeanDiscrepancy wide{.deviation = 3};
  CHECK(discrepancy(3 * normal(200, 1), wide) == Approx(discrepancy(normal(200, 1))).margin(1e-12));
}

TEST_CASE("MaximumMeanDiscrepancy: one sample, samples that are equal, a NaN") {
  CHECK(discrepancy(normal(1, 1)) == 0);
  CHECK(std::isfinite(discrepancy(Eigen::MatrixXd::Constant(4, 3, 1e6))));
  Eigen::MatrixXd codes = normal(70, 1);
  codes(2, 68) = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(discrepancy(codes)));
}

TEST_CASE("MaximumMeanDiscrepancy: a step takes no memory") {
  if (!allocations::counted) return;
  Model<17, float> model{ec::Seed{1}};
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(20, 300);
  for (const std::size_t threads : {1U, 2U}) {
    ec::Trainer trainer{model, ec::MeanSquaredError{} + 1.0 * ec::MaximumMeanDiscrepancy{}, ec::Adam{}, {.threads = threads}};
    trainer.train_on_batch(x);
    for (const Index batch : {300, 37, 1}) {
      const long before = allocations::count();
      trainer.train_on_batch(x.leftCols(batch));
      CHECK(allocations::count() == before);
    }
  }
}

TEST_CASE("MaximumMeanDiscrepancy: a deviation out of range is refused") {
  Model<3, float> model;
  for (const double bad : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    const auto make = [&] {
      ec::Trainer{model, ec::MeanSquaredError{} + 1.0 * ec::MaximumMeanDiscrepancy{.deviation = bad}, ec::Adam{}};
    };
    expect_error<ec::OptionError>(make, {"MaximumMeanDiscrepancy: deviation", "finite and positive", "found"});
  }
}
