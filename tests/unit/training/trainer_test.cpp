// SPDX-License-Identifier: MIT
#include <eigencoder/eigencoder.hpp>

#include "support/no_threads.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;

namespace {

using Encoder = ec::Encoder<ec::features(6), ec::Dense<4>, ec::Tanh>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<6>>;
using Model = ec::Autoencoder<Encoder, Decoder>;

Eigen::MatrixXf samples(ec::Index count) {
  const ec::Random random(ec::Seed{11}, 0, 0);
  return Eigen::MatrixXf::NullaryExpr(6, count, [&](ec::Index i, ec::Index j) { return float(random.uniform(j, i)); });
}

auto make(Model& model, double learning_rate = 1e-2, std::size_t threads = 1) {
  return ec::Trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = learning_rate}, {.threads = threads, .seed = ec::Seed{3}}};
}

constexpr auto quiet = ec::Progress::quiet;

}  // namespace

TEST_CASE("trainer: learns, and reports what evaluate finds") {
  Model model{ec::Seed{1}};
  auto trainer = make(model);
  const Eigen::MatrixXf x = samples(100), held_out = samples(30);
  const ec::History history = trainer.fit(x, {.epochs = 30, .batch_size = 16, .validation = held_out, .progress = quiet});
  REQUIRE(history.epochs.size() == 30);
  CHECK(history.last().train.loss < 0.3 * history.epochs[0].train.loss);
  CHECK(history.last().validation.loss == Approx(trainer.evaluate(held_out).loss).epsilon(1e-6));
  CHECK(history.terms == std::vector<std::string>{"MeanSquaredError"});
  CHECK(history.last().epoch == 30);
  CHECK(trainer.updates() == 30 * 7);
}

TEST_CASE("trainer: the last batch of an epoch counts at its true size") {
  Model model{ec::Seed{1}};
  const Eigen::MatrixXf x = samples(23);
  // A step that changes nothing measurable: the epoch's loss is then the mean over all samples, whatever the batches.
  auto trainer = make(model, 1e-30);
  const double whole = trainer.evaluate(x, 23).loss;
  for (const ec::Index batch_size : {1, 5, 8, 23, 1000}) {
    INFO("batch_size " << batch_size);
    CHECK(trainer.fit(x, {.batch_size = batch_size, .progress = quiet}).last().train.loss == Approx(whole).epsilon(1e-6));
    CHECK(trainer.evaluate(x, batch_size).loss == Approx(whole).epsilon(1e-6));
  }
}

TEST_CASE("trainer: the same seed and threads give the same bits, another number of threads the same up to rounding") {
  const Eigen::MatrixXf x = samples(200);
  const auto train = [&](std::size_t threads, std::uint64_t seed) {
    using Wide = ec::Autoencoder<ec::Encoder<ec::features(6), ec::Dense<200>, ec::Tanh>, ec::Decoder<ec::features(200), ec::Dense<6>>>;
    Wide model{ec::Seed{1}};
    ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}, {.threads = threads, .seed = ec::Seed{seed}}};
    trainer.fit(x, {.epochs = 3, .batch_size = 64, .progress = quiet});
    return Eigen::VectorXf(model.parameters());
  };
  for (const std::size_t threads : {1U, 2U, 3U}) CHECK(train(threads, 5) == train(threads, 5));
  CHECK((train(1, 5) - train(2, 5)).cwiseAbs().maxCoeff() < 1e-5F);
  CHECK(train(1, 5) != train(1, 6));
  if (!NoThreads::possible) return;
  const Eigen::VectorXf with_three = train(3, 5);
  const NoThreads none;  // three parts, which the caller does alone
  CHECK(train(3, 5) == with_three);
}

TEST_CASE("trainer: without shuffling the samples come in their order, with it in another each epoch") {
  const Eigen::MatrixXf x = samples(64);
  const auto losses = [&](bool shuffle) {
    Model model{ec::Seed{1}};
    auto trainer = make(model);
    std::vector<double> first;
    trainer.fit(x, {.epochs = 2, .batch_size = 8, .shuffle = shuffle,
                    .callbacks = {{.after_batch = [&](const ec::BatchReport& report) {
                      if (report.samples == 8) first.push_back(report.loss);
                    }}},
                    .progress = quiet});
    return first;
  };
  Model model{ec::Seed{1}};
  auto trainer = make(model);
  CHECK(losses(false)[0] == Approx(trainer.evaluate(x.leftCols(8)).loss).epsilon(1e-6));
  CHECK(losses(true)[0] != Approx(losses(false)[0]).epsilon(1e-6));
}

TEST_CASE("trainer: 8-bit pixels train as their 255ths do, bit for bit") {
  using Bytes = Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic>;
  const ec::Random random(ec::Seed{12}, 0, 0);
  const Bytes pixels = Bytes::NullaryExpr(6, 103, [&](ec::Index i, ec::Index j) { return std::uint8_t(random.below(256, j, i)); });
  const Eigen::MatrixXf values = pixels.cast<float>() / 255.0F;
  const auto train = [](const ec::Samples<float>& x, bool shuffled, const ec::Samples<float>& validation) {
    Model model{ec::Seed{1}};
    auto trainer = make(model, 1e-2, 2);
    const auto history = trainer.fit(x, {.epochs = 2, .batch_size = 16, .shuffle = shuffled, .validation = validation, .progress = quiet});
    return std::pair{Eigen::VectorXf(model.parameters()), history.last().validation.loss};
  };
  for (const bool shuffled : {true, false}) {
    CHECK(train(pixels, shuffled, pixels) == train(values, shuffled, values));
    CHECK(train(pixels.leftCols(50), shuffled, values) == train(values.leftCols(50), shuffled, pixels));
  }
}

TEST_CASE("trainer: targets of their own, blocks with gaps between columns") {
  Model model{ec::Seed{1}}, copy{ec::Seed{1}};
  const Eigen::MatrixXf x = samples(40), wide = (Eigen::MatrixXf(12, 40) << x, -x).finished();
  const Eigen::MatrixXf target = -x;
  auto trainer = make(model), other = make(copy);
  trainer.fit(x, target, {.epochs = 2, .batch_size = 16, .progress = quiet});
  other.fit(wide.topRows(6), wide.bottomRows(6), {.epochs = 2, .batch_size = 16, .progress = quiet});
  CHECK(model.parameters() == copy.parameters());
  CHECK(trainer.evaluate(x, target).loss < trainer.evaluate(x).loss);
}

TEST_CASE("trainer: a fraction for validation is the last part if it is to be, and is not trained on") {
  Model model{ec::Seed{1}}, copy{ec::Seed{1}};
  const Eigen::MatrixXf x = samples(50);
  const auto by_fraction = make(model).fit(x, {.epochs = 2, .batch_size = 16, .validation_fraction = 0.2, .validation_shuffle = false, .progress = quiet});
  const auto by_hand = make(copy).fit(x.leftCols(40), {.epochs = 2, .batch_size = 16, .validation = x.rightCols(10), .progress = quiet});
  CHECK(model.parameters() == copy.parameters());
  CHECK(by_fraction.last().validation.loss == by_hand.last().validation.loss);
}

TEST_CASE("trainer: a callback sees every epoch and may stop the fit") {
  Model model{ec::Seed{1}};
  auto trainer = make(model);
  ec::Index seen = 0;
  const ec::History history = trainer.fit(samples(20), {.epochs = 100, .callbacks = {{.after_epoch = [&](const ec::EpochReport& report) {
                                                                           seen = report.epoch;
                                                                           return seen == 3 ? ec::Training::stop : ec::Training::go_on;
                                                                         }}},
                                                        .progress = quiet});
  CHECK(seen == 3);
  CHECK(history.epochs.size() == 3);
}

TEST_CASE("trainer: epochs without end, for a callback to end, take no memory beforehand") {
  Model model{ec::Seed{1}};
  auto trainer = make(model);
  const ec::Callback enough{.after_epoch = [](const ec::EpochReport& report) {
    return report.epoch == 2 ? ec::Training::stop : ec::Training::go_on;
  }};
  for (const ec::Index epochs : {ec::Index{std::numeric_limits<int>::max()}, std::numeric_limits<ec::Index>::max()}) {
    CHECK(trainer.fit(samples(20), {.epochs = epochs, .callbacks = {enough}, .progress = quiet}).epochs.size() == 2);
  }
}

TEST_CASE("trainer: terms are weighed in the loss and reported unweighted") {
  Model model{ec::Seed{1}};
  ec::Trainer trainer{model, 0.25 * ec::MeanSquaredError{} + ec::MeanAbsoluteError{} * 2, ec::SGD{}, {.threads = 1}};
  const ec::Evaluation sum = trainer.evaluate(samples(9));
  REQUIRE(sum.terms.size() == 2);
  CHECK(sum.loss == Approx(0.25 * sum.terms[0] + 2 * sum.terms[1]));
  CHECK(sum.terms[0] == Approx(make(model).evaluate(samples(9)).loss).epsilon(1e-6));
}

TEST_CASE("trainer: bad input is refused before anything changes") {
  Model model{ec::Seed{1}};
  auto trainer = make(model);
  Eigen::MatrixXf x = samples(10);
  const Eigen::VectorXf before = model.parameters();

  expect_error<ec::ShapeError>([&] { trainer.fit(Eigen::MatrixXf(5, 10)); }, {"inputs", "expected 6 rows", "found a matrix of 5 × 10"});
  expect_error<ec::ShapeError>([&] { trainer.fit(Eigen::MatrixXf(6, 0)); }, {"at least one sample", "found none"});
  expect_error<ec::ShapeError>([&] { trainer.fit(x, Eigen::MatrixXf(7, 10)); }, {"targets", "expected 6 rows", "7 × 10"});
  expect_error<ec::ShapeError>([&] { trainer.fit(x, x.leftCols(9)); }, {"targets", "expected 10 samples", "found 9"});
  expect_error<ec::ShapeError>([&] { trainer.fit(x, {.validation = Eigen::MatrixXf(4, 3)}); }, {"validation", "expected 6 rows"});
  expect_error<ec::ShapeError>([&] { trainer.fit(x, {.validation = x, .validation_targets = x.leftCols(2)}); },
                               {"validation_targets", "expected 10 samples", "found 2"});
  expect_error<ec::OptionError>([&] { trainer.fit(x, {.validation_targets = x}); }, {"validation_targets needs validation"});
  expect_error<ec::OptionError>([&] { trainer.fit(x, {.validation_targets = x, .validation_fraction = 0.5}); }, {"needs validation"});
  expect_error<ec::OptionError>([&] { make(model, 1e-2, 5000); }, {"threads must be at most 4095", "found 5000"});
  expect_error<ec::OptionError>([&] { trainer.fit(x, {.batch_size = 0}); }, {"batch_size", "at least 1", "found 0"});
  expect_error<ec::OptionError>([&] { trainer.fit(x, {.batch_size = -8}); }, {"batch_size", "found -8"});
  expect_error<ec::OptionError>([&] { trainer.fit(x, {.epochs = 0}); }, {"epochs", "found 0"});
  for (const double fraction : {-0.1, 1.0, std::nan("")}) {
    expect_error<ec::OptionError>([&] { trainer.fit(x, {.validation_fraction = fraction}); }, {"validation_fraction", "[0, 1)"});
  }
  expect_error<ec::OptionError>([&] { trainer.fit(x, {.validation_fraction = 0.95}); }, {"0.95", "none of 10", "train on"});
  for (const double fraction : {1e-17, 1e-9, 0.04}) {
    expect_error<ec::OptionError>([&] { trainer.fit(x, {.validation_fraction = fraction}); }, {"none of 10", "to validate on", "0 is for"});
  }
  expect_error<ec::OptionError>([&] { trainer.fit(x, {.validation = x, .validation_fraction = 0.5}); }, {"exclude each other"});
  expect_error<ec::OptionError>([&] { trainer.evaluate(x, 0); }, {"batch_size"});
  expect_error<ec::ShapeError>([&] { trainer.evaluate(x.topRows(3)); }, {"expected 6 rows"});
  expect_error<ec::ShapeError>([&] { trainer.train_on_batch(x.topRows(3)); }, {"expected 6 rows"});
  for (const double rate : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    expect_error<ec::OptionError>([&] { make(model, rate); }, {"learning_rate", "finite and positive"});
  }
  for (const auto optimizer : {ec::Adam{.epsilon = 1e-50}, ec::Adam{.learning_rate = 1e-50}}) {
    expect_error<ec::OptionError>([&] { ec::Trainer(model, ec::MeanSquaredError{}, optimizer); }, {"Adam", "in a model of float"});
    expect_error<ec::OptionError>([&] { trainer.set_optimizer(optimizer); }, {"Adam", "in a model of float"});
  }
  expect_error<ec::OptionError>([&] { ec::Trainer(model, std::nan("") * ec::MeanSquaredError{}, ec::Adam{}); }, {"weight", "finite"});
  expect_error<ec::OptionError>([&] { ec::Trainer(model, ec::Huber{.delta = -1}, ec::Adam{}); }, {"Huber", "delta", "-1"});

  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Eigen::MatrixXf spoilt = x;
    spoilt(4, 7) = bad;
    expect_error<ec::NonFiniteError>([&] { trainer.fit(spoilt); }, {"inputs", "row 4 of sample 7", "check_data"});
    expect_error<ec::NonFiniteError>([&] { trainer.fit(x, spoilt); }, {"targets", "row 4 of sample 7"});
    expect_error<ec::NonFiniteError>([&] { trainer.fit(x, {.validation = spoilt}); }, {"validation", "row 4 of sample 7"});
  }
  CHECK(model.parameters() == before);
  CHECK(trainer.updates() == 0);
}

TEST_CASE("trainer: targets outside the range of a loss are refused, with their place") {
  ec::Autoencoder<Encoder, ec::Decoder<Encoder::output, ec::Dense<6>, ec::Sigmoid>> model{ec::Seed{1}};
  const Eigen::VectorXf before = model.parameters();
  ec::Trainer trainer{model, 0.5 * ec::BinaryCrossEntropy{} + ec::MeanSquaredError{}, ec::Adam{}, {.threads = 1}};
  const Eigen::MatrixXf x = samples(10);
  Eigen::MatrixXf outside = x;
  outside(4, 7) = 255;
  const auto refuses = [&](auto call, std::string_view name, std::string_view advice = "scale the data") {
    expect_error<ec::OptionError>(call, {name, "BinaryCrossEntropy expects targets in [0, 1]", "found 255 in row 4 of sample 7", advice});
  };
  refuses([&] { trainer.fit(outside, {.progress = quiet}); }, "inputs: ", "or set check_data = false");
  refuses([&] { trainer.fit(x, outside, {.progress = quiet}); }, "targets: ");
  refuses([&] { trainer.fit(x, {.validation = outside, .progress = quiet}); }, "validation: ");
  refuses([&] { trainer.fit(x, {.validation = x, .validation_targets = outside, .progress = quiet}); }, "validation_targets: ");
  refuses([&] { trainer.train_on_batch(outside); }, "inputs: ");
  refuses([&] { trainer.train_on_batch(x, outside); }, "targets: ");
  refuses([&] { trainer.evaluate(x, outside); }, "targets: ");
  outside(4, 7) = -1e-3F;
  expect_error<ec::OptionError>([&] { trainer.evaluate(outside); }, {"found -0.001 in row 4 of sample 7"});
  using Signed = Eigen::Matrix<std::int8_t, Eigen::Dynamic, Eigen::Dynamic>;
  expect_error<ec::OptionError>([&] { trainer.evaluate(Signed::Constant(6, 2, -64)); }, {"found -0.5 in row 0 of sample 0"});
  CHECK(model.parameters() == before);

  // Both ends are in it, inputs may be anything, and so may targets for those who say so.
  const Eigen::MatrixXf ends = (x.array() > 0.5F).cast<float>();
  trainer.fit(ends, {.progress = quiet});
  trainer.fit(255 * x, x, {.validation = -x, .validation_targets = x, .progress = quiet});
  trainer.fit(outside, {.progress = quiet, .check_data = false});
  CHECK(std::isfinite(trainer.evaluate(Signed::Constant(6, 2, 127)).loss));
}

TEST_CASE("trainer: its type may be written out, as a member's must be") {
  Model model{ec::Seed{1}};
  const ec::Trainer deduced{model, ec::MeanSquaredError{}, ec::Adam{}, {.threads = 1}};
  CHECK(std::is_same_v<decltype(deduced), const ec::Trainer<Model, ec::MeanSquaredError, ec::Adam>>);

  struct Denoiser {
    Model model{ec::Seed{1}};
    ec::Trainer<Model, ec::MeanSquaredError, ec::Adam> trainer{model, {}, {.learning_rate = 1e-2}, {.threads = 1}};
  } denoiser;
  using Sum = decltype(ec::MeanSquaredError{} + 0.1 * ec::L2Weights{});
  ec::Trainer<Model, Sum, ec::SGD> of_sum{model, ec::MeanSquaredError{} + 1e-3 * ec::L2Weights{}, {}, {.threads = 1}};
  const Eigen::MatrixXf x = samples(10);
  CHECK(denoiser.trainer.evaluate(x).loss == make(model).evaluate(x).loss);
  CHECK(of_sum.evaluate(x).terms.size() == 2);
}

TEST_CASE("trainer: a loss that diverges stops the run, names the place and keeps the best parameters") {
  Model model{ec::Seed{1}};
  const Eigen::MatrixXf x = samples(32);
  Eigen::VectorXf best;
  {
    auto trainer = make(model);
    trainer.fit(x, {.epochs = 3, .progress = quiet});
    best = model.parameters();
  }
  Eigen::MatrixXf spoilt = x;
  spoilt(2, 5) = std::numeric_limits<float>::quiet_NaN();
  auto trainer = make(model);
  expect_error<ec::NonFiniteError>([&] { trainer.fit(spoilt, {.progress = quiet, .check_data = false}); },
                                   {"epoch 1", "nan", "in the inputs", "learning_rate", "before the first epoch"});
  CHECK(model.parameters() == best);
  expect_error<ec::NonFiniteError>([&] { trainer.train_on_batch(spoilt); }, {"in the inputs", "as before this step"});
  CHECK(model.parameters() == best);

  // A weight far too large: the squared error overflows.
  using Linear = ec::Network<ec::Sequential<ec::features(6), ec::Dense<6>>>;
  Linear linear{ec::Seed{1}};
  ec::Trainer wild{linear, ec::MeanSquaredError{}, ec::SGD{.learning_rate = 1e20}, {.threads = 1}};
  expect_error<ec::NonFiniteError>([&] { wild.fit(x, {.epochs = 50, .batch_size = 8, .progress = quiet}); }, {"loss became", "learning_rate"});
  CHECK(linear.parameters().allFinite());

  // Nothing of the discarded step is left over: the next good one is as if it had never been.
  Model left{ec::Seed{1}}, right{ec::Seed{1}};
  auto interrupted = make(left), fresh = make(right);
  CHECK_THROWS_AS(interrupted.train_on_batch(spoilt), ec::NonFiniteError);
  CHECK(interrupted.train_on_batch(x) == fresh.train_on_batch(x));
  CHECK(left.parameters() == right.parameters());
}

TEST_CASE("trainer: a model that has been moved away is missed by every call, until it has parameters again") {
  const Eigen::MatrixXf x = samples(10);
  Model model{ec::Seed{1}};
  auto trainer = make(model);
  trainer.train_on_batch(x);
  const ec::Snapshot<float> before = trainer.snapshot();
  Model elsewhere = std::move(model);
  const auto misses = [](auto call) { expect_error<ec::Error>(call, {"this model has been moved from"}); };
  misses([&] { trainer.fit(x, {.progress = quiet}); });
  misses([&] { trainer.train_on_batch(x); });
  misses([&] { trainer.evaluate(x); });
  misses([&] { trainer.snapshot(); });
  misses([&] { trainer.restore(before); });
  CHECK(trainer.updates() == 1);

  model = std::move(elsewhere);
  Model twin_model{ec::Seed{1}};
  auto twin = make(twin_model);
  twin.train_on_batch(x);
  CHECK(trainer.train_on_batch(x) == twin.train_on_batch(x));
}

TEST_CASE("diagnose: names the layer after which values stop being finite") {
  Model model{ec::Seed{1}};
  const Eigen::MatrixXf x = samples(4);
  CHECK(ec::diagnose(model, ec::Samples<float>(x)) == "every activation is finite, the loss itself is not.");
  model.parameter("encoder.0.bias").setConstant(100);  // every code is 1, and four of 3e38 overflow
  model.parameter("decoder.0.weight").setConstant(3e38F);
  CHECK(ec::diagnose(model, ec::Samples<float>(x)) ==
        "the first values that are not finite are after layer decoder.0, Dense<6>.");
  model.parameter("encoder.0.bias")(2, 0) = std::numeric_limits<float>::infinity();
  CHECK(ec::diagnose(model, ec::Samples<float>(x)) == "the first values that are not finite are in parameter encoder.0.bias.");
}
