// SPDX-License-Identifier: MIT
#include "golden/golden.hpp"
#include "support/catch.hpp"
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/testing/gradient_check.hpp>

// Weights of samples inside a whole network.
namespace ec = eigencoder;
using ec::Index;
using Matrix = Eigen::MatrixXd;

namespace {

struct Result {
  double value = 0;
  Eigen::VectorXd gradient;
};

/// The objective of a batch and its gradient, with a weight for every column of the batch: draws of a sample side by side.
template <class Model, class Part>
Result differentiate(const Model& model, const Part& part, const Matrix& samples, const double* weights) {
  const auto objective = ec::as_objective(part);
  using C = typename Model::Chain;
  using P = ec::Program<C, std::decay_t<decltype(objective)>>;
  static_assert(P::takes_sample_weights);
  const Matrix x = Matrix::NullaryExpr(samples.rows(), samples.cols() * P::draws,
                                       [&](Index i, Index j) { return samples(i, j / P::draws); });
  Result result{0, Eigen::VectorXd::Zero(C::parameter_count)};
  ec::LaneMemory<double> lane = ec::Lane<P>::memory(x.cols());
  std::vector<double> sums(static_cast<std::size_t>(P::totals)), values(P::terms);
  ec::Arena<double> packed(static_cast<std::size_t>(C::packed_at[C::size]));
  ec::prepare<C>(model.layers(), model.parameters().data(), packed.data());
  const ec::Shard<P> shard(model.layers(), objective,
                          {.memory = lane,
                           .parameters = {model.parameters().data(), model.state().data(), packed.data()},
                           .gradient = result.gradient.data(),
                           .x = x.data(),
                           .target = x.data(),
                           .weights = weights,
                           .first = 0,
                           .columns = x.cols(),
                           .batch = x.cols(),
                           .share = sums,
                           .totals = sums,
                           .values = values,
                           .shared = nullptr,
                           .seed = ec::Seed{5},
                           .step = 1});
  static_assert(P::training.phases == 1);
  ec::Execute<P, ec::Mode::train>::phase(0, shard);
  std::size_t k = 0;
  std::apply([&](const auto&... terms) { ((result.value += terms.weight * values[k++]), ...); }, objective.terms);
  return result;
}

template <class Model, class Part>
void check_differences(Model model, const Part& part, const Matrix& x, const double* weights) {
  const Eigen::VectorXd theta = model.parameters(), analytic = differentiate(model, part, x, weights).gradient;
  constexpr double h = 1e-5;
  Eigen::VectorXd numeric(theta.size());
  for (Index i = 0; i < theta.size(); ++i) {
    const auto at = [&](double by) {
      Eigen::VectorXd moved = theta;
      moved[i] += by;
      model.set_parameters(moved);
      return differentiate(model, part, x, weights).value;
    };
    numeric[i] = (at(h) - at(-h)) / (2 * h);
  }
  CHECK((numeric - analytic).cwiseAbs().maxCoeff() < 1e-8 * std::max(1.0, analytic.cwiseAbs().maxCoeff()));
}

using Encoder = ec::Encoder<ec::features(5), ec::Dense<3>, ec::Tanh>;
using Probabilities = ec::Autoencoder<Encoder, ec::Decoder<ec::features(3), ec::Dense<5>, ec::Sigmoid>, double>;
using Variational =
    ec::VariationalAutoencoder<Encoder, ec::Latent<2>, ec::Decoder<ec::features(2), ec::Dense<5>, ec::Sigmoid>, double>;

Matrix samples(Index count) {
  Matrix x(5, count);
  golden::fill(4, 1, 0, x);
  return x;
}

template <class Part>
constexpr bool takes = ec::Terms<Probabilities::Chain, decltype(ec::as_objective(std::declval<Part>()))>::takes_sample_weights;
static_assert(takes<ec::MeanSquaredError>);
static_assert(takes<decltype(ec::BinaryCrossEntropy{} + 0.1 * ec::L1Activity{})>);
static_assert(!takes<decltype(ec::MeanSquaredError{} + 0.1 * ec::CalibratedGaussian{})>);

}  // namespace

TEST_CASE("sample weights: the closed form, and a penalty that counts every sample alike") {
  const Probabilities model{ec::Seed{2}};
  const Matrix x = samples(7), y = model.reconstruct(x), code = model.encode(x);
  const Eigen::VectorXd weights{{0.5, 2, 0, 1, 3, 0.25, 1}};
  const double squares = (y - x).colwise().squaredNorm().dot(weights) / (5 * 7), codes = code.cwiseAbs().sum() / 7;
  CHECK(differentiate(model, ec::MeanSquaredError{}, x, weights.data()).value == Approx(squares).epsilon(1e-13));
  CHECK(differentiate(model, ec::MeanSquaredError{} + 0.3 * ec::L1Activity{}, x, weights.data()).value ==
        Approx(squares + 0.3 * codes).epsilon(1e-13));
  const Matrix logs = (x.array() * y.array().log() + (1 - x.array()) * (1 - y.array()).log()).matrix();
  CHECK(differentiate(model, ec::BinaryCrossEntropy{}, x, weights.data()).value ==
        Approx(-logs.colwise().sum().dot(weights) / (5 * 7)).epsilon(1e-13));
}

TEST_CASE("sample weights: finite differences, of several losses, on logits and with several draws") {
  const Eigen::VectorXd weights{{0.5, 2, 0, 1, 3, 0.25}};
  check_differences(Probabilities{ec::Seed{2}}, 0.4 * ec::BinaryCrossEntropy{} + ec::Huber{.delta = 0.1}, samples(6),
                    weights.data());
  check_differences(Probabilities{ec::Seed{2}}, ec::Bernoulli{}, samples(6), weights.data());
  const Eigen::VectorXd of_draws = weights.transpose().replicate(2, 1).reshaped();
  check_differences(Variational{ec::Seed{2}}, ec::ImportanceWeighted<2>{}, samples(6), of_draws.data());
}

TEST_CASE("sample weights: a weight of 2 is the sample twice, and weights of 1 are none") {
  const Probabilities model{ec::Seed{2}};
  const Matrix x = samples(4);
  Matrix twice(5, 5);
  twice << x, x.col(2);
  const Eigen::VectorXd weights{{1, 1, 2, 1}}, ones = Eigen::VectorXd::Ones(4);
  const auto check = [&](const auto& loss) {
    const Result weighted = differentiate(model, loss, x, weights.data()),
                 repeated = differentiate(model, loss, twice, nullptr);
    CHECK(4 * weighted.value == Approx(5 * repeated.value).epsilon(1e-13));
    CHECK((4 * weighted.gradient - 5 * repeated.gradient).norm() < 1e-13 * weighted.gradient.norm());
    const Result one = differentiate(model, loss, x, ones.data()), none = differentiate(model, loss, x, nullptr);
    CHECK(one.value == Approx(none.value).epsilon(1e-14));
    CHECK((one.gradient - none.gradient).norm() < 1e-14 * none.gradient.norm());
  };
  check(ec::MeanSquaredError{});
  check(ec::BinaryCrossEntropy{});
  check(ec::Laplace{.scale = 0.3});
}
