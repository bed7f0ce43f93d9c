// SPDX-License-Identifier: MIT
#include <eigencoder/eigencoder.hpp>

#include "support/throws.hpp"

namespace ec = eigencoder;

namespace {

template <class S>
using Matrix = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;
template <class S>
using RowMajor = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

using Encoder = ec::Encoder<ec::features(6), ec::Dense<4>, ec::Tanh>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<6>>;
using Model = ec::Autoencoder<Encoder, Decoder>;

constexpr ec::Index count = 70;

const Eigen::MatrixXf& samples() {
  static const Eigen::MatrixXf x = Eigen::MatrixXf::NullaryExpr(6, count, [](ec::Index i, ec::Index j) {
    return float(ec::Random(ec::Seed{11}, 0, 0).uniform(j, i));
  });
  return x;
}

/// Integers of every bit pattern, from the least to the greatest.
template <class S>
Matrix<S> integers() {
  using Limits = std::numeric_limits<S>;
  Matrix<S> x = Matrix<S>::NullaryExpr(6, count, [](ec::Index i, ec::Index j) {
    return S(ec::Random(ec::Seed{12}, 0, 0).below(std::uint32_t(Limits::max()) - std::uint32_t(Limits::min()) + 1, j, i));
  });
  x(0, 0) = Limits::min();
  x(1, 0) = Limits::max();
  return x;
}

Eigen::MatrixXf values(const ec::Samples<float>& x) {
  Eigen::MatrixXf all(x.rows(), x.cols());
  for (ec::Index j = 0; j < x.cols(); ++j) x.copy_column(j, all.col(j).data());
  return all;
}

/// What training on inputs and validation on them leaves: parameters, and a loss.
Eigen::VectorXf train(const ec::Samples<float>& x, bool shuffle) {
  Model model{ec::Seed{1}};
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = 1e-2}, {.threads = 2, .seed = ec::Seed{3}}};
  const auto history =
      trainer.fit(x, {.batch_size = 16, .shuffle = shuffle, .validation = x, .progress = ec::Progress::quiet});
  return (Eigen::VectorXf(Model::parameter_count + 1) << model.parameters(), float(history.last().validation.loss)).finished();
}

/// Everything that takes samples does with `given` what it does with x.
template <class Given>
void check_same(const Given& given, const Eigen::MatrixXf& x) {
  const Model model{ec::Seed{1}};
  CHECK(values(given) == x);
  CHECK(model.encode(given) == model.encode(x));
  CHECK(model.reconstruct(given) == model.reconstruct(x));
  CHECK(model.decode(given.topRows(4)) == model.decode(x.topRows(4)));
  CHECK(model.encoder().predict(given) == model.encode(x));
  for (const bool shuffle : {true, false}) CHECK(train(given, shuffle) == train(x, shuffle));
}

template <class S>
void check_integers(float one) {
  const Matrix<S> x = integers<S>();
  check_same(x, x.template cast<float>() / one);
  const Matrix<S> wide = (Matrix<S>(9, count) << x, x.topRows(3)).finished();
  CHECK(values(wide.topRows(6)) == x.template cast<float>() / one);
  CHECK(values(x.cwiseMax(S(1))) == x.cwiseMax(S(1)).template cast<float>() / one);
  CHECK(ec::Samples<double>(x).value(1, 0) == double(x(1, 0)) / double(one));
}

}  // namespace

TEST_CASE("samples: integers of 8 and 16 bits stand for their shares of 1, bit for bit, everywhere") {
  check_integers<std::uint8_t>(255);
  check_integers<std::uint16_t>(65535);
  check_integers<std::int8_t>(128);
  check_integers<std::int16_t>(32768);
}

TEST_CASE("samples: whatever its order or strides, a matrix or expression is what it holds") {
  const Eigen::MatrixXf& x = samples();
  const RowMajor<float> rows = x;
  check_same(rows, x);
  const Eigen::MatrixXf turned = x.transpose(), tall = (Eigen::MatrixXf(12, count) << x, -x).finished();
  CHECK(values(turned.transpose()) == x);
  CHECK(values(2 * x - x) == x);
  CHECK(values(x.array()) == x);
  CHECK(values(Eigen::MatrixXf::Identity(6, 6) * x) == x);
  CHECK(values(tall(Eigen::seq(0, 10, 2), Eigen::seq(0, count - 1))) == tall(Eigen::seq(0, 10, 2), Eigen::seq(0, count - 1)));
  CHECK(values(Eigen::Map<const Eigen::MatrixXf, 0, Eigen::Stride<Eigen::Dynamic, 2>>(tall.data(), 6, count, {12, 2})) ==
        tall(Eigen::seq(0, 10, 2), Eigen::seq(0, count - 1)));
  CHECK(values(turned.row(3).transpose().replicate(1, 2)) == turned.row(3).transpose().replicate(1, 2));
  CHECK(values(Eigen::RowVectorXf::LinSpaced(5, 0, 1)) == Eigen::RowVectorXf::LinSpaced(5, 0, 1));
  CHECK(train(2 * x - x, true) == train(x, true));
}

TEST_CASE("samples: what has a name is viewed, what has none is kept") {
  Eigen::MatrixXf x = samples();
  CHECK(ec::Samples<float>(x).column(1) == &x(0, 1));
  CHECK(ec::Samples<float>(std::as_const(x)).column(1) == &x(0, 1));
  CHECK(ec::Samples<float>(x.rightCols(9)).column(0) == &x(0, count - 9));
  CHECK(ec::Samples<float>(x.topRows(3)).column(1) == &x(0, 1));
  const Eigen::Map<const Eigen::MatrixXf> map(x.data(), 6, count);
  CHECK(ec::Samples<float>(map).column(1) == &x(0, 1));
  CHECK(ec::Samples<float>(Eigen::Map<const Eigen::MatrixXf>(x.data(), 6, count)).column(1) == &x(0, 1));
  const Eigen::Ref<const Eigen::MatrixXf> ref = x;
  CHECK(ec::Samples<float>(ref).column(1) == &x(0, 1));

  // The options outlive the matrices that they were made of: under the address sanitizer this shows.
  const auto make = [] { return Eigen::MatrixXf(samples()); };
  const auto referred = [] { return Eigen::Ref<const Eigen::MatrixXf>(2 * samples()); };  // holds what it refers to
  const ec::FitOptions<float> options{.validation = make(), .validation_targets = referred(), .progress = ec::Progress::quiet};
  CHECK(values(options.validation) == x);
  CHECK(values(options.validation_targets) == 2 * x);
  Model model{ec::Seed{1}};
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}, {.threads = 1}};
  const double validated = trainer.fit(x, options).last().validation.loss;
  CHECK(validated == trainer.evaluate(x, 2 * x, options.batch_size).loss);
  const float* const memory = x.data();
  CHECK(ec::Samples<float>(std::move(x)).column(0) == memory);
}

TEST_CASE("samples: predictions say what does not fit") {
  const Model model{ec::Seed{1}};
  Model::Workspace workspace = model.workspace(4);
  Eigen::MatrixXf y(6, 3);
  expect_error<ec::ShapeError>([&] { model.encode(Matrix<std::uint8_t>::Zero(5, 3)); }, {"encode", "6 rows", "found 5"});
  expect_error<ec::ShapeError>([&] { model.reconstruct(samples().topRows(5), y, workspace); }, {"reconstruct", "6 rows", "found 5"});
  expect_error<ec::ShapeError>([&] { model.reconstruct(samples(), y, workspace); }, {"reconstruct", "70 columns", "found 3"});
  CHECK(model.encode(samples().leftCols(0)).cols() == 0);
}

TEST_CASE("samples: a conditional model takes what the others take") {
  using Cvae = ec::ConditionalVariationalAutoencoder<ec::Encoder<ec::features(6), ec::Dense<4>, ec::Tanh>, ec::Latent<2>,
                                                     ec::Condition<2>, ec::Decoder<ec::features(2), ec::Dense<6>>>;
  const Cvae model{ec::Seed{1}};
  const Matrix<std::uint8_t> bytes = integers<std::uint8_t>();
  const Eigen::MatrixXf x = bytes.cast<float>() / 255.0F;
  const Eigen::VectorXi labels = Eigen::VectorXi::NullaryExpr(count, [](ec::Index j) { return int(j % 2); });
  CHECK(model.encode(bytes, labels) == model.encode(x, labels));
  CHECK(model.reconstruct(bytes, labels) == model.reconstruct(x, labels));
  CHECK(values(ec::with_classes(bytes, labels, 2)) == ec::with_classes(x, labels, 2));
}
