// SPDX-License-Identifier: MIT
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/testing/gradient_check.hpp>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/throws.hpp"

// Sequences of different lengths in one set: what is padding counts nowhere.
namespace ec = eigencoder;
using ec::Index;
using Matrix = Eigen::MatrixXd;

namespace {

constexpr Index steps = 8, channels = 3;

using Encoder = ec::Encoder<ec::sequence(steps, channels), ec::Conv1D<6, 3>, ec::Tanh, ec::Dense<4>>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<steps * 2>, ec::Reshape<ec::sequence(steps, 2)>, ec::Conv1D<channels, 3>>;
using Model = ec::Autoencoder<Encoder, Decoder, double>;

const std::vector<Index> lengths{8, 5, 3, 1, 8, 7, 2};

Matrix samples() { return Matrix::Random(steps * channels, std::ssize(lengths)); }

/// The same with something else in the padding.
Matrix padded_with(Matrix x, double value) {
  for (Index j = 0; j < x.cols(); ++j) x.col(j).tail((steps - lengths[static_cast<std::size_t>(j)]) * channels).setConstant(value);
  return x;
}

}  // namespace

TEST_CASE("What is in the padding does not matter", "[lengths]") {
  const Matrix x = samples(), other = padded_with(x, std::numeric_limits<double>::quiet_NaN());
  Model one{ec::Seed{1}}, two{ec::Seed{1}};
  CHECK(one.encode(x, lengths) == one.encode(other, lengths));
  CHECK(one.encode(x, lengths) != one.encode(x));
  CHECK(one.reconstruct(x, lengths) == one.reconstruct(other, lengths));
  const Matrix y = one.reconstruct(x, lengths);
  CHECK(y == one.decode(one.encode(x, lengths), lengths));
  CHECK(y == padded_with(y, 0));

  const auto train = [](Model& model, const Matrix& data, std::size_t threads) {
    ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = 1e-2}, {.threads = threads}};
    return trainer.fit(data, {.epochs = 3, .batch_size = 3, .lengths = lengths, .progress = ec::Progress::quiet}).last().train.loss;
  };
  CHECK(train(one, x, 1) == train(two, other, 1));
  CHECK(one.parameters() == two.parameters());
}

TEST_CASE("A loss is the mean over a sample's own steps", "[lengths]") {
  const Matrix x = samples();
  Model model{ec::Seed{1}};
  const Matrix y = model.reconstruct(x, lengths);
  const auto expected = [&](auto of_value, bool mean) {
    double sum = 0;
    for (Index j = 0; j < x.cols(); ++j) {
      const Index values = lengths[static_cast<std::size_t>(j)] * channels;
      double sample = 0;
      for (Index i = 0; i < values; ++i) sample += of_value(y(i, j) - x(i, j));
      sum += mean ? sample / static_cast<double>(values) : sample;
    }
    return sum / static_cast<double>(x.cols());
  };
  const auto square = [](double e) { return e * e; };
  const auto size = [](double e) { return std::abs(e); };
  ec::Trainer trainer{model, ec::MeanSquaredError{} + 1.0 * ec::MeanAbsoluteError{}, ec::Adam{}};
  const ec::Evaluation found = trainer.evaluate(x, {.lengths = lengths});
  CHECK(found.terms[0] == Approx(expected(square, true)));
  CHECK(found.terms[1] == Approx(expected(size, true)));
  ec::Trainer sums{model, ec::MeanSquaredError{ec::Reduction::sum}, ec::Adam{}};
  CHECK(sums.evaluate(x, {.batch_size = 3, .lengths = lengths}).loss == Approx(expected(square, false)));
}

TEST_CASE("The gradient of a batch of sequences with different lengths", "[lengths]") {
  Model model{ec::Seed{1}};
  const Matrix x = samples();
  const ec::GradientReport report = ec::check_model_gradient(model, ec::MeanSquaredError{}, x, samples(), {.lengths = lengths});
  CAPTURE(report.text());
  CHECK(report.error < 1e-6);
}

TEST_CASE("A validation fraction takes the lengths along", "[lengths]") {
  const Matrix x = padded_with(samples(), 1e3);
  const auto validation = [&](bool shuffle) {
    Model model{ec::Seed{1}};
    ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}};
    const ec::History history = trainer.fit(x, {.validation_fraction = 0.3, .validation_shuffle = shuffle, .lengths = lengths, .progress = ec::Progress::quiet});
    return history.last().validation.loss;
  };
  CHECK(validation(true) < 10);  // with the padding it would be near 1e6
  CHECK(validation(false) < 10);
}

TEST_CASE("Data are checked where they are a sample's own", "[lengths]") {
  Model model{ec::Seed{1}};
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}};
  Matrix x = samples();
  x(lengths[2] * channels - 1, 2) = std::numeric_limits<double>::infinity();
  expect_error<ec::NonFiniteError>([&] { trainer.fit(x, {.lengths = lengths}); }, {"row 8 of sample 2"});

  using Tokens = ec::Sequential<ec::sequence(4, 1), ec::Embedding<10, 2>, ec::Conv1D<1, 1>>;
  ec::Network<Tokens, double> network{ec::Seed{1}};
  ec::Trainer reader{network, ec::MeanSquaredError{}, ec::Adam{}};
  Matrix tokens = Matrix::Constant(4, 3, 9);
  reader.fit(tokens, {.progress = ec::Progress::quiet});
  tokens(3, 1) = 10;
  expect_error<ec::OptionError>([&] { reader.fit(tokens); }, {"Embedding<10, 2>", "whole numbers in [0, 9]", "found 10", "row 3 of sample 1"});
  const std::vector<Index> short_ones{4, 3, 1};
  reader.fit(tokens, {.lengths = short_ones, .progress = ec::Progress::quiet});
  tokens(0, 2) = 0.5;
  expect_error<ec::OptionError>([&] { reader.fit(tokens, {.lengths = short_ones}); }, {"found 0.5", "row 0 of sample 2"});
}

TEST_CASE("Lengths that do not fit are errors that name the sample", "[lengths]") {
  Model model{ec::Seed{1}};
  const Matrix x = samples();
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}};
  const auto with = [](Index sample, Index length) {
    auto changed = lengths;
    changed[static_cast<std::size_t>(sample)] = length;
    return changed;
  };
  expect_error<ec::OptionError>([&] { trainer.fit(x, {.lengths = with(2, 9)}); }, {"from 1 to 8", "found 9 for sample 2"});
  expect_error<ec::OptionError>([&] { trainer.fit(x, {.lengths = with(6, 0)}); }, {"found 0 for sample 6"});
  expect_error<ec::OptionError>([&] { model.encode(x, with(3, -1)); }, {"found -1 for sample 3"});
  expect_error<ec::OptionError>([&] { trainer.fit(x, {.validation = x, .validation_lengths = with(1, 100)}); }, {"validation_lengths", "sample 1"});
  expect_error<ec::OptionError>([&] { trainer.fit(x, {.validation = x, .lengths = lengths}); }, {"validation has no validation_lengths"});
  expect_error<ec::OptionError>([&] { trainer.fit(x, {.validation_lengths = lengths}); }, {"validation_lengths needs validation"});
  expect_error<ec::ShapeError>([&] { trainer.evaluate(x.leftCols(3), {.lengths = lengths}); }, {"expected 3 lengths", "found 7"});

  ec::Network<ec::Sequential<ec::features(24), ec::Dense<2>>, double> vectors;
  expect_error<ec::OptionError>([&] { vectors.predict(x, lengths); }, {"lengths are for sequences"});

  ec::Trainer penalised{model, ec::MeanSquaredError{} + 0.1 * ec::on_layer<0>(ec::L1Activity{}), ec::Adam{}};
  expect_error<ec::OptionError>([&] { penalised.fit(x, {.lengths = lengths}); }, {"L1Activity"});
}

TEST_CASE("Steps and predictions with lengths do not touch the heap", "[lengths]") {
  Model model{ec::Seed{1}};
  const Matrix x = samples();
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}, {.threads = 1}};
  auto workspace = model.workspace(4);
  Matrix y(steps * channels, x.cols());
  trainer.train_on_batch(x, x, {}, {}, lengths);
  const ec::Samples<double> samples_of_x(x);
  const long before = allocations::count();
  trainer.train_on_batch(samples_of_x, samples_of_x, {}, {}, lengths);
  model.reconstruct(x, y, workspace, lengths);
  CHECK(allocations::count() == before);
  CHECK(y == model.reconstruct(x, lengths));
}
