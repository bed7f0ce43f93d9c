// SPDX-License-Identifier: MIT
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/testing/gradient_check.hpp>

#include "support/catch.hpp"

// Lengths through networks that branch, that are cut, and whose pools round: against the same samples alone, and against finite
// differences.
namespace ec = eigencoder;
using ec::Index;
using Matrix = Eigen::MatrixXd;

namespace {

constexpr double anything = std::numeric_limits<double>::quiet_NaN();

Matrix random(Index rows, Index columns, std::uint64_t seed) {
  return Matrix::NullaryExpr(rows, columns, [&](Index i, Index j) { return 2 * ec::Random(ec::Seed{seed}, 0, 0).uniform(j, i) - 1; });
}

/// `Long` is made for more steps than `Short`, of the same layers: padded samples are what they are alone, and so is their gradient.
template <class Long, class Short>
void check_alone() {
  using L = ec::Network<Long, double>;
  using S = ec::Network<Short, double>;
  L network{ec::Seed{3}};
  S alone{ec::Seed{4}};
  alone.set_layers(network);
  const Index samples = 3, own = S::input.size();
  Matrix x = Matrix::Constant(L::input.size(), samples, anything);
  x.topRows(own) = random(own, samples, 1);
  const std::vector<Index> lengths(static_cast<std::size_t>(samples), S::input.width);
  const Matrix y = network.predict(x, lengths), expected = alone.predict(x.topRows(own));
  CHECK((y.topRows(S::output.size()) - expected).cwiseAbs().maxCoeff() < 1e-13);
  CHECK(y.bottomRows(y.rows() - expected.rows()).isZero(0));

  Matrix t = Matrix::Constant(L::output.size(), samples, anything);
  t.topRows(S::output.size()) = random(S::output.size(), samples, 2);
  ec::Trainer padded{network, ec::MeanSquaredError{}, ec::SGD{.learning_rate = 1}, {.threads = 1}};
  ec::Trainer whole{alone, ec::MeanSquaredError{}, ec::SGD{.learning_rate = 1}, {.threads = 1}};
  CHECK(padded.train_on_batch(x, t, {}, {}, lengths) == Approx(whole.train_on_batch(x.topRows(own), t.topRows(S::output.size()))));
  CHECK((network.parameters() - alone.parameters()).cwiseAbs().maxCoeff() < 1e-13);
}

template <Index Steps>
using Projected = ec::Sequential<ec::sequence(Steps, 2), ec::Conv1D<4, 2, 2, ec::Padding::valid>,
                                 ec::Residual<ec::Projection<ec::Conv1D<3, 2, 2, ec::Padding::valid>>, ec::Conv1D<3, 2, 2, ec::Padding::valid>, ec::Tanh>,
                                 ec::GlobalAvgPool2D>;
template <Index Steps>
using Cut = ec::Sequential<ec::sequence(Steps, 2), ec::LSTM<3, ec::Returns::sequence, ec::Direction::backward, ec::Truncation{3}>>;

template <class Layers>
double gradient_error(Index shortest) {
  ec::Network<Layers, double> network{ec::Seed{5}};
  std::vector<Index> lengths;
  for (Index n = shortest; n <= network.input.width; ++n) lengths.push_back(n);
  const Matrix x = random(network.input.size(), std::ssize(lengths), 6), t = random(network.output.size(), std::ssize(lengths), 7);
  return ec::check_model_gradient(network, ec::MeanSquaredError{}, x, t, {.lengths = lengths}).error;
}

}  // namespace

TEST_CASE("Lengths through branches and truncation are those of the sample alone", "[lengths]") {
  check_alone<Projected<16>, Projected<8>>();
  check_alone<Cut<8>, Cut<4>>();
}

TEST_CASE("A join has the steps of its longer side", "[lengths]") {
  using Layers = ec::Sequential<ec::sequence(16, 1), ec::MaxPool1D<2>, ec::Skip<ec::MaxPool1D<2>, ec::UpSample1D<2>>>;
  const ec::Network<Layers, double> network;
  const Matrix x = Eigen::VectorXd::LinSpaced(16, 1, 16);
  const std::vector<Index> lengths{6};
  const Matrix y = network.predict(x, lengths).reshaped(2, 8);  // what goes down and up again, above what the first pool leaves
  for (Index t = 0; t < 8; ++t) {
    CHECK(y(0, t) == (t < 2 ? 4.0 : 0.0));
    CHECK(y(1, t) == (t < 3 ? 2.0 * static_cast<double>(t + 1) : 0.0));
  }
}

TEST_CASE("Gradients where pools round odd lengths", "[lengths]") {
  CHECK(gradient_error<ec::Sequential<ec::sequence(8, 2), ec::Conv1D<2, 3>, ec::MaxPool1D<2>,
                                      ec::UpSample1D<2, ec::Interpolation::bilinear>, ec::Conv1D<2, 3>>>(2) < 1e-6);
  CHECK(gradient_error<ec::Sequential<ec::sequence(8, 2), ec::Conv1D<2, 3>, ec::AvgPool1D<2, 2, ec::Padding::same>, ec::UpSample1D<2>, ec::Conv1D<2, 3>>>(1) < 1e-6);
}

TEST_CASE("Upsampling and a convolution are the same as one, of odd lengths too", "[lengths]") {
  using Apart = ec::Sequential<ec::sequence(10, 1), ec::MaxPool1D<2, 2, ec::Padding::same>, ec::UpSample1D<2>, ec::ReverseSteps, ec::ReverseSteps, ec::Conv1D<2, 3>>;
  using Fused = ec::Sequential<ec::sequence(10, 1), ec::MaxPool1D<2, 2, ec::Padding::same>, ec::UpSample1D<2>, ec::Conv1D<2, 3>>;
  const ec::Network<Apart, double> apart{ec::Seed{1}};
  ec::Network<Fused, double> fused;
  fused.set_parameters(apart.parameters());
  const std::vector<Index> lengths{5, 7, 1, 10, 2};
  const Matrix x = random(10, 5, 8);
  CHECK((apart.predict(x, lengths) - fused.predict(x, lengths)).cwiseAbs().maxCoeff() < 1e-14);
}

TEST_CASE("A decoder that is given targets is not given their padding", "[lengths]") {
  using Encoder = ec::Encoder<ec::sequence(6, 2), ec::GRU<4, ec::Returns::state>>;
  using Decoder = ec::Decoder<Encoder::output, ec::RecurrentDecoder<ec::GRU<4>, 6, 2>>;
  ec::SequenceAutoencoder<Encoder, Decoder, double> model{ec::Seed{1}};
  Matrix x = random(12, 4, 9), t = x;
  const std::vector<Index> lengths{3, 6, 1, 2};
  for (Index j = 0; j < 4; ++j) {
    x.col(j).tail(12 - 2 * lengths[static_cast<std::size_t>(j)]).setConstant(anything);
    t.col(j).tail(12 - 2 * lengths[static_cast<std::size_t>(j)]).setConstant(anything);
  }
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}, {.threads = 1}};
  CHECK(std::isfinite(trainer.train_on_batch(x, t, {}, {}, lengths)));
}
