// SPDX-License-Identifier: MIT
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/layers/lstm.hpp>
#include <eigencoder/layers/gru.hpp>
#include <eigencoder/models/sequence_autoencoder.hpp>
#include <eigencoder/models/stream.hpp>
#include <eigencoder/testing/gradient_check.hpp>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
using ec::Index;
using Matrix = Eigen::MatrixXd;

namespace {

constexpr Index steps = 6, channels = 2;
using Encoder = ec::Encoder<ec::sequence(steps, channels), ec::LSTM<5, ec::Returns::state>>;
using Decoder = ec::Decoder<Encoder::output, ec::RecurrentDecoder<ec::LSTM<5, ec::Direction::backward>, steps, channels>>;
using Model = ec::SequenceAutoencoder<Encoder, Decoder, double>;

const std::vector<Index> lengths{6, 2, 5, 1, 3};

Matrix samples() { return Matrix::Random(steps * channels, std::ssize(lengths)); }

Model made(const ec::TeacherForcing& forcing) {
  return Model{ec::encoder<ec::sequence(steps, channels)>(ec::LSTM<5, ec::Returns::state>{}),
               ec::decoder<ec::features(10)>(ec::RecurrentDecoder<ec::LSTM<5, ec::Direction::backward>, steps, channels>{forcing}), ec::Seed{1}};
}

}  // namespace

TEST_CASE("SequenceAutoencoder: gradients, with teacher forcing, lengths and reversed targets", "[sequence]") {
  const Matrix x = samples();
  for (const double ratio : {0.0, 0.5, 1.0}) {
    Model model = made(ec::TeacherForcing{ratio});
    const ec::GradientReport whole = ec::check_model_gradient(model, ec::MeanSquaredError{}, x, x);
    CAPTURE(ratio, whole.text());
    CHECK(whole.error < 1e-6);
    const ec::GradientReport some = ec::check_model_gradient(model, ec::MeanSquaredError{}, x, x, {.lengths = lengths});
    CAPTURE(some.text());
    CHECK(some.error < 1e-6);
  }
}

TEST_CASE("SequenceAutoencoder: a shorter sequence is what it would be alone", "[sequence]") {
  const Matrix x = samples();
  const Model model = made({});
  const Matrix codes = model.encode(x, lengths), y = model.decode(codes, lengths);
  CHECK(y == model.reconstruct(x, lengths));
  ec::Network<ec::Encoder<ec::sequence(3, channels), ec::LSTM<5, ec::Returns::state>>, double> encoder;
  ec::Network<ec::Decoder<ec::features(10), ec::RecurrentDecoder<ec::LSTM<5, ec::Direction::backward>, 3, channels>>, double> decoder;
  encoder.set_layers(model.encoder());
  decoder.set_layers(model.decoder());
  const Matrix code = encoder.predict(x.col(4).head(3 * channels));
  CHECK(code.isApprox(codes.col(4), 1e-14));
  CHECK(decoder.predict(code).isApprox(y.col(4).head(3 * channels), 1e-14));
  CHECK(y.col(4).tail(3 * channels).isZero(0));
}

TEST_CASE("SequenceAutoencoder: training sees targets, evaluation and prediction do not", "[sequence]") {
  const Matrix x = samples();
  Model model = made(ec::TeacherForcing{1.0});
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = 0.01}, {.threads = 1}};
  CHECK(trainer.evaluate(x).loss == Approx((model.reconstruct(x) - x).squaredNorm() / static_cast<double>(x.size())));
  CHECK(trainer.train_on_batch(x) != Approx((model.reconstruct(x) - x).squaredNorm() / static_cast<double>(x.size())));
  const long before = allocations::count();
  const ec::Samples<double> view(x);
  trainer.train_on_batch(view, view, {}, {}, lengths);
  CHECK(allocations::count() == before);
}

TEST_CASE("TeacherForcing: from one ratio to another", "[sequence]") {
  constexpr ec::TeacherForcing falling{1, 0.2, 5};
  CHECK(falling.ratio(1) == 1);
  CHECK(falling.ratio(3) == Approx(0.6));
  CHECK(falling.ratio(5) == 0.2);
  CHECK(falling.ratio(1000) == 0.2);
  CHECK(ec::TeacherForcing{}.ratio(7) == 1);
  expect_error<ec::OptionError>([] { ec::TeacherForcing{1.5}; }, {"in [0, 1]", "1.5"});
  expect_error<ec::OptionError>([] { ec::TeacherForcing(1, 0, -1); }, {"negative", "-1"});
}

TEST_CASE("Stream: steps as they come", "[stream]") {
  ec::Network<ec::Sequential<ec::sequence(steps, channels), ec::LSTM<4, ec::Returns::sequence>, ec::GRU<3, ec::Returns::sequence>, ec::Tanh>, double> network{ec::Seed{1}};
  const Matrix x = samples(), y = network.predict(x);
  ec::Stream stream{network, x.cols()};
  Matrix found(3, x.cols());
  const auto step = [&](Index t) { return Matrix(x.middleRows(t * channels, channels)); };
  for (Index t = 0; t < steps; ++t) {
    stream.next(step(t), found);
    CHECK(found.isApprox(y.middleRows(3 * t, 3), 1e-14));
  }
  stream.reset();
  CHECK(stream.next(step(0)).isApprox(y.topRows(3), 1e-14));
  const Eigen::VectorXd kept = stream.state();
  stream.next(step(4), found);
  stream.set_state(kept);
  CHECK(stream.next(step(1)).isApprox(y.middleRows(3, 3), 1e-14));

  const Matrix next = step(2);
  const long before = allocations::count();
  stream.next(next, found);
  CHECK(allocations::count() == before);

  expect_error<ec::ShapeError>([&] { stream.next(x, found); }, {"input of 2 × 5", "found 12 × 5"});
  expect_error<ec::ShapeError>([&] { stream.next(next.leftCols(1), found); }, {"found 2 × 1"});
  expect_error<ec::ShapeError>([&] { stream.set_state(kept.head(3)); }, {"state() has", "found 3"});
  expect_error<ec::OptionError>([&] { static_cast<void>(ec::Stream{network, 0}); }, {"at least 1 column", "found 0"});
}

TEST_CASE("Stream: a code so far, and a code's steps as they are wanted", "[stream]") {
  const Matrix x = samples();
  using Forwards = ec::Decoder<Encoder::output, ec::RecurrentDecoder<ec::LSTM<5>, steps, channels>>;
  const ec::SequenceAutoencoder<Encoder, Forwards, double> model{ec::Seed{1}};
  const auto encoder = model.encoder();
  const auto decoder = model.decoder();
  ec::Stream codes{encoder, x.cols()};
  ec::Stream restored{decoder, x.cols()};
  for (Index t = 0; t < steps; ++t) {
    const std::vector<Index> so_far(lengths.size(), t + 1);
    const Matrix now = x.middleRows(t * channels, channels);
    CHECK(codes.next(now).isApprox(model.encode(x, so_far), 1e-14));
  }
  const Matrix code = model.encode(x), y = model.decode(code);
  for (Index t = 0; t < steps; ++t) CHECK(restored.next(code).isApprox(y.middleRows(t * channels, channels), 1e-13));
}
