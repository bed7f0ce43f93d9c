// SPDX-License-Identifier: MIT
#include "training_golden.hpp"

// What a fit validates on and what it says of it, and where it ends.
using namespace training;
using ec::Index;

namespace {

constexpr auto quiet = ec::Progress::quiet;
using Options = ec::FitOptions<double>;

auto make(Model& model, std::uint64_t seed = 3, std::size_t threads = 1) {
  start(model);
  return ec::Trainer{
      model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = 0.02}, {.threads = threads, .seed = ec::Seed{seed}}};
}

/// Sample j has j / 1000 in its first row, by which a metric tells which samples are held out.
Eigen::MatrixXd numbered(Index count) {
  Eigen::MatrixXd x = filled(1, 6, count);
  x.row(0) = Eigen::RowVectorXd::LinSpaced(count, 0, static_cast<double>(count - 1) / 1000);
  return x;
}
std::vector<Index> held_out(ec::Trainer<Model, ec::MeanSquaredError, ec::Adam>& trainer, const Eigen::MatrixXd& x,
                            Options options) {
  std::vector<Index> numbers;
  options.metrics = {{"numbers", [&](const auto&, const auto& targets) {
                        numbers.clear();
                        for (Index j = 0; j < targets.cols(); ++j) numbers.push_back(std::lround(1000 * targets(0, j)));
                        return 0.0;
                      }}};
  trainer.fit(x, options);
  return numbers;
}

}  // namespace

TEST_CASE("validation fraction: the seed draws the samples, whichever fit it is, and they are not trained on") {
  const Eigen::MatrixXd x = numbered(50);
  const Options options{.epochs = 2, .batch_size = 16, .validation_fraction = 0.2, .progress = quiet};
  Model model;
  auto trainer = make(model);
  const std::vector<Index> held = held_out(trainer, x, options);
  REQUIRE(held.size() == 10);
  CHECK(std::is_sorted(held.begin(), held.end()));
  CHECK(std::adjacent_find(held.begin(), held.end()) == held.end());
  CHECK(held.front() < 40);
  CHECK(held_out(trainer, x, options) == held);  // a second fit of the trainer
  Model others[3];
  auto resumed = make(others[0]), other_seed = make(others[1], 4), last = make(others[2]);
  resumed.restore(trainer.snapshot());
  CHECK(held_out(resumed, x, options) == held);
  CHECK(held_out(other_seed, x, options) != held);
  Options of_last = options;
  of_last.validation_shuffle = false;
  const std::vector<Index> tail = held_out(last, x, of_last);
  CHECK((tail.size() == 10 && tail.front() == 40 && tail.back() == 49));

  // By hand: the others in their order, and the held out ones.
  std::vector<Index> kept;
  for (Index j = 0; j < 50; ++j) {
    if (!std::binary_search(held.begin(), held.end(), j)) kept.push_back(j);
  }
  Eigen::MatrixXd rest(6, 40), apart(6, 10);
  for (Index j = 0; j < 40; ++j) rest.col(j) = x.col(kept[static_cast<std::size_t>(j)]);
  for (Index j = 0; j < 10; ++j) apart.col(j) = x.col(held[static_cast<std::size_t>(j)]);
  const Eigen::VectorXd weights = filled(5, 50, 1, 2, 0), of_rest = weights(kept), of_apart = weights(held);
  const Eigen::MatrixXd target = -x, rest_target = -rest, apart_target = -apart;
  for (const bool shuffle : {false, true}) {
    Model split_model, hand_model;
    auto split = make(split_model, 3, 2), by_hand = make(hand_model, 3, 2);
    const auto found = split.fit(x, target,
                                 {.epochs = 2,
                                  .batch_size = 16,
                                  .shuffle = shuffle,
                                  .validation_fraction = 0.2,
                                  .sample_weights = weights,
                                  .progress = quiet});
    const auto expected = by_hand.fit(rest, rest_target,
                                      {.epochs = 2,
                                       .batch_size = 16,
                                       .shuffle = shuffle,
                                       .validation = apart,
                                       .validation_targets = apart_target,
                                       .sample_weights = of_rest,
                                       .validation_weights = of_apart,
                                       .progress = quiet});
    CHECK(split_model.parameters() == hand_model.parameters());
    CHECK(found.last().validation.loss == expected.last().validation.loss);
    CHECK(found.last().train.loss == expected.last().train.loss);
  }
}

TEST_CASE("metrics: numbers on predictions of the validation set, by name, in reports and history") {
  const Eigen::MatrixXd x = filled(1, 6, 60), other = filled(2, 6, 131), target = -other;
  for (const std::size_t threads : {1U, 2U}) {
    for (const bool averaged : {false, true}) {
      Model model;
      start(model);
      ec::Trainer trainer{model,
                          ec::MeanSquaredError{},
                          ec::Adam{.learning_rate = 0.02},
                          {.threads = threads, .average = {.decay = averaged ? 0.8 : 0}}};
      std::vector<double> by_hand;
      std::vector<std::string> planned;
      const ec::Callback look{.before_fit = [&](ec::AnyTrainer&, const ec::FitPlan& plan) { planned = plan.metrics; },
                              .after_epoch =
                                  [&](const ec::EpochReport& report) {
                                    const auto now = trainer.averaged();
                                    by_hand.push_back((now.reconstruct(other) - target).cwiseAbs().maxCoeff());
                                    CHECK(report.metrics.size() == 3);
                                    return ec::Training::go_on;
                                  }};
      const auto history = trainer.fit(
          x, {.epochs = 3,
              .batch_size = 16,
              .validation = other,
              .validation_targets = target,
              .metrics = {{"largest error", [](const auto& y, const auto& t) { return (y - t).cwiseAbs().maxCoeff(); }},
                          {"mse", [](const Eigen::MatrixXd& y,
                                     const Eigen::MatrixXd& t) { return (y - t).squaredNorm() / double(y.size()); }},
                          {"none", [](const auto&, const auto&) { return std::nan(""); }}},
              .callbacks = {look},
              .progress = quiet});
      CHECK(history.metrics == std::vector<std::string>{"largest error", "mse", "none"});
      CHECK(planned == history.metrics);
      REQUIRE(history.epochs.size() == 3);
      for (std::size_t e = 0; e < 3; ++e) {
        const auto& report = history.epochs[e];
        CHECK(report.metrics[0] == Approx(by_hand[e]).epsilon(1e-12));
        CHECK(report.metrics[1] == Approx(report.validation.loss).epsilon(1e-12));
        CHECK(std::isnan(report.metrics[2]));
      }
    }
  }
}

TEST_CASE("metrics: of bytes that are gathered, what they stand for; what makes no sense is refused") {
  using Bytes = Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic>;
  const Bytes bytes = (filled(1, 6, 30, 255, 0).array()).cast<std::uint8_t>();
  const auto worst = [](const Eigen::MatrixXd& y, const Eigen::MatrixXd& t) { return (y - t).cwiseAbs().maxCoeff(); };
  const auto fit = [&](const ec::Samples<double>& x) {
    Model model;
    auto trainer = make(model);
    return trainer.fit(x, {.validation_fraction = 0.3, .metrics = {{"worst", worst}}, .progress = quiet}).last().metrics;
  };
  CHECK(fit(bytes) == fit(bytes.cast<double>() / 255.0));

  Model model;
  auto trainer = make(model);
  const Eigen::MatrixXd x = inputs();
  const Eigen::VectorXd before = model.parameters();
  expect_error<ec::OptionError>(
      [&] {
        trainer.fit(x, {.metrics = {{"worst", worst}}, .progress = quiet});
      },
      {"metrics need validation or validation_fraction"});
  expect_error<ec::OptionError>(
      [&] {
        trainer.fit(x, {.validation = x, .metrics = {{"", worst}}, .progress = quiet});
      },
      {"must have a name"});
  expect_error<ec::OptionError>(
      [&] {
        trainer.fit(x, {.validation = x, .metrics = {{"worst", {}}}, .progress = quiet});
      },
      {"\"worst\" has no function"});
  CHECK(model.parameters() == before);
}

TEST_CASE("stop: within an epoch it ends after the step at work, with a history of whole epochs and the best of them") {
  const Eigen::MatrixXd x = filled(1, 6, 40), other = filled(2, 6, 11);
  for (const bool validates : {true, false}) {
    INFO("validates " << validates);
    Model model, twin;
    auto trainer = make(model), plain = make(twin);
    ec::AnyTrainer* any = nullptr;
    ec::FitPlan plan;
    ec::History seen;
    Index ends = 0;
    const ec::Callback stops{.before_fit =
                                 [&](ec::AnyTrainer& given, const ec::FitPlan& planned) {
                                   any = &given;
                                   plan = planned;
                                 },
                             .after_batch =
                                 [&](const ec::BatchReport& report) {
                                   if (report.epoch == 3 && report.samples == 14) any->stop("enough of it");
                                 },
                             .after_fit =
                                 [&](const ec::History& history) {
                                   ++ends;
                                   seen = history;
                                 }};
    Options options{.epochs = 9, .batch_size = 7, .callbacks = {stops}, .progress = quiet};
    if (validates) options.validation = other;
    trainer.train_on_batch(x.leftCols(5));
    plain.train_on_batch(x.leftCols(5));
    const auto history = trainer.fit(x, options);
    CHECK(any == &trainer);
    CHECK(plan.epochs == 9);
    CHECK(plan.steps_per_epoch == 6);
    CHECK(plan.steps() == 54);
    CHECK(plan.first_update == 1);
    CHECK(plan.terms == std::vector<std::string>{"MeanSquaredError"});
    CHECK(plan.validates == validates);

    CHECK(trainer.updates() == 1 + 6 + 6 + 2);
    CHECK(trainer.epochs() == 2);
    CHECK(history.epochs.size() == 2);
    CHECK(history.stopped == "enough of it");
    CHECK(ends == 1);
    CHECK(seen.stopped == history.stopped);
    CHECK(seen.epochs.size() == 2);

    // The same two epochs, and no more.
    options.epochs = 2;
    options.callbacks.clear();
    plain.fit(x, options);
    CHECK(trainer.best_loss() == plain.best_loss());
    CHECK(trainer.best_epoch() == plain.best_epoch());
    trainer.restore_best();
    plain.restore_best();
    CHECK(model.parameters() == twin.parameters());
    CHECK(trainer.updates() == plain.updates());
    if (validates) CHECK(trainer.evaluate(other).loss == Approx(trainer.best_loss()).epsilon(1e-12));
    trainer.fit(x, {.progress = quiet});  // stop() was for that fit alone
    CHECK(trainer.best_epoch() == 0);
  }
}

TEST_CASE("stop: before the first step there is none, and in the last step of an epoch the epoch is whole") {
  const Eigen::MatrixXd x = filled(1, 6, 40);
  Model model;
  auto trainer = make(model);
  ec::AnyTrainer* any = nullptr;
  const ec::Callback at_once{.before_fit = [](ec::AnyTrainer& given, const ec::FitPlan&) { given.stop("not now"); }};
  const auto none = trainer.fit(x, {.callbacks = {at_once}, .progress = quiet});
  CHECK(none.epochs.empty());
  expect_error<ec::Error>([&] { none.last(); }, {"within its first epoch"});
  CHECK(none.stopped == "not now");
  CHECK(trainer.updates() == 0);

  const ec::Callback in_last{.before_fit = [&](ec::AnyTrainer& given, const ec::FitPlan&) { any = &given; },
                             .after_batch =
                                 [&](const ec::BatchReport& report) {
                                   if (report.samples == report.total) any->stop("full");
                                 }};
  const auto one = trainer.fit(x, {.epochs = 5, .batch_size = 16, .callbacks = {in_last}, .progress = quiet});
  CHECK(one.epochs.size() == 1);
  CHECK(trainer.updates() == 3);
}
