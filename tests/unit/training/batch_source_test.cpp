// SPDX-License-Identifier: MIT
#include <span>
#include <stdexcept>
#include <thread>

#include "eigencoder/data/part.hpp"
#include "eigencoder/testing/thread_communicator.hpp"
#include "support/allocations.hpp"
#include "training_golden.hpp"

// Batches that a function fills.
using namespace training;
using ec::Index;

namespace {

constexpr auto quiet = ec::Progress::quiet;
using Matrix = ec::MatrixView<double>;
using Source = ec::BatchSource<double>;
using Options = ec::FitOptions<double>;

auto make(Model& model) {
  start(model);
  return ec::Trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = 0.02}, {.threads = 1, .seed = ec::Seed{3}}};
}

/// Walks over a matrix, again in each epoch.
struct Walk {
  const Eigen::MatrixXd& x;
  Index at = 0;
  std::vector<std::uint64_t> epochs{};

  Index fill(Matrix inputs) {
    const Index count = std::min(inputs.cols(), x.cols() - at);
    inputs.leftCols(count) = x.middleCols(at, count);
    at += count;
    return count;
  }
  Source source(bool ahead = false, Index steps = 0) {
    return {.fill = [this](Matrix inputs) { return fill(inputs); },
            .begin_epoch =
                [this](std::uint64_t number) {
                  epochs.push_back(number);
                  at = 0;
                },
            .steps_per_epoch = steps,
            .ahead = ahead};
  }
};

}  // namespace

TEST_CASE("batch source: one that walks over a matrix has the bits of a fit without shuffle, and its reports") {
  for (const Index samples : {100, 96}) {  // the last batch is a part, or there is none after the last
    const Eigen::MatrixXd x = filled(1, 6, samples), other = filled(2, 6, 50);
    Model expected_model;
    auto expected_trainer = make(expected_model);
    const auto expected =
        expected_trainer.fit(x, {.epochs = 3, .batch_size = 32, .shuffle = false, .validation = other, .progress = quiet});
    for (const bool ahead : {false, true}) {
      for (const Index steps : {0, 4}) {
        if (steps > 0 && samples == 96) continue;
        Model model;
        auto trainer = make(model);
        Walk walk{x};
        ec::FitPlan planned;
        std::vector<Index> seen;
        const ec::Callback look{.before_fit = [&](ec::AnyTrainer&, const ec::FitPlan& plan) { planned = plan; },
                                .after_batch =
                                    [&](const ec::BatchReport& report) {
                                      seen.push_back(report.samples);
                                      CHECK(report.total == 32 * steps);
                                      CHECK(report.loss > 0);
                                    }};
        const auto found =
            trainer.fit(walk.source(ahead, steps),
                        {.epochs = 3, .batch_size = 32, .validation = other, .callbacks = {look}, .progress = quiet});
        CHECK(model.parameters() == expected_model.parameters());
        CHECK(planned.steps_per_epoch == steps);
        CHECK(walk.epochs == std::vector<std::uint64_t>{0, 1, 2});
        REQUIRE(found.epochs.size() == 3);
        for (std::size_t e = 0; e < 3; ++e) {
          CHECK(found.epochs[e].train.loss == Approx(expected.epochs[e].train.loss).epsilon(1e-13));
          CHECK(found.epochs[e].train.terms[0] == Approx(expected.epochs[e].train.terms[0]).epsilon(1e-13));
          CHECK(found.epochs[e].gradient_norm == Approx(expected.epochs[e].gradient_norm).epsilon(1e-13));
          CHECK(found.epochs[e].validation.loss == expected.epochs[e].validation.loss);
        }
        CHECK((seen.front() == 32 && seen.back() == samples));
        trainer.fit(walk.source(), {.batch_size = 32, .progress = quiet});
        CHECK(walk.epochs.back() == 3);  // goes on from fit to fit
      }
    }
  }
}

TEST_CASE("batch source: its own targets and weights, and as many steps as it is given") {
  const Eigen::MatrixXd x = filled(1, 6, 96), y = -x;
  const Eigen::VectorXd weights = filled(4, 96, 1, 1, 0.5);
  Model expected_model, model, no_weights_model, expected_unweighted;
  auto by_hand = make(expected_model), trainer = make(model), unweighted = make(no_weights_model),
       plain = make(expected_unweighted);
  Index at = 0;
  const auto both = [&](Matrix inputs, Matrix targets) {
    inputs = x.middleCols(at, 32);
    targets = y.middleCols(at, 32);
    at = (at + 32) % 96;
    return 32;
  };
  const auto all = [&](Matrix inputs, Matrix targets, std::span<double> values) {
    std::copy_n(weights.data() + at, 32, values.data());
    return both(inputs, targets);
  };
  // Without end and without begin_epoch: the second epoch goes on where the first one ended.
  trainer.fit(Source{.fill = all, .steps_per_epoch = 2}, {.epochs = 2, .batch_size = 32, .progress = quiet});
  CHECK(at == 32);
  at = 0;
  unweighted.fit(Source{.fill = both, .steps_per_epoch = 4}, {.batch_size = 32, .progress = quiet});
  for (const Index first : {0, 32, 64, 0}) {
    by_hand.train_on_batch(x.middleCols(first, 32), y.middleCols(first, 32), weights.segment(first, 32));
    plain.train_on_batch(x.middleCols(first, 32), y.middleCols(first, 32));
  }
  CHECK(model.parameters() == expected_model.parameters());
  CHECK(no_weights_model.parameters() == expected_unweighted.parameters());
}

TEST_CASE("batch source: what its function throws ends the fit, with the model as after the last step") {
  const Eigen::MatrixXd x = filled(1, 6, 320);
  for (const bool ahead : {false, true}) {
    Model model, expected_model;
    auto trainer = make(model), by_hand = make(expected_model);
    Walk walk{x};
    Source source = walk.source(ahead);
    source.fill = [&](Matrix inputs) {
      if (walk.at == 160) throw std::domain_error("the decoder failed");
      return walk.fill(inputs);
    };
    CHECK_THROWS_AS(trainer.fit(source, {.batch_size = 32, .progress = quiet}), std::domain_error);
    for (Index k = 0; k < 5; ++k) by_hand.train_on_batch(x.middleCols(32 * k, 32));
    CHECK(model.parameters() == expected_model.parameters());
    CHECK(trainer.updates() == 5);
    source.begin_epoch = [](std::uint64_t) { throw std::domain_error("there is no beginning"); };
    CHECK_THROWS_AS(trainer.fit(source, {.progress = quiet}), std::domain_error);
  }
}

TEST_CASE("batch source: what it fills is checked, batch by batch") {
  const auto fit = [](auto change, const Options& options = {.epochs = 2, .batch_size = 8, .progress = quiet}) {
    Model model;
    start(model);
    ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}, {.threads = 1}};
    Index batch = 0;
    const Source source{.fill = [&, change](Matrix inputs, Matrix targets, std::span<double> weights) {
      inputs.setConstant(0.5);
      targets.setConstant(0.5);
      std::fill(weights.begin(), weights.end(), 1.0);
      return change(++batch, inputs, targets, weights);
    }};
    trainer.fit(source, options);
  };
  expect_error<ec::ShapeError>([&] { fit([](Index, auto&&...) { return 0; }); }, {"at least one sample", "begin_epoch"});
  expect_error<ec::ShapeError>([&] { fit([](Index k, auto&&...) { return k < 2 ? 4 : 0; }); }, {"at least one sample"});
  expect_error<ec::OptionError>([&] { fit([](Index k, auto&&...) { return k < 3 ? 8 : 9; }); },
                                {"0 to 8 columns", "found 9", "batch 3 of the epoch"});
  expect_error<ec::OptionError>([&] { fit([](Index, auto&&...) { return -1; }); }, {"found -1"});
  const auto broken = [](Index k, Matrix inputs, Matrix, std::span<double>) {
    if (k == 5) inputs(2, 3) = std::nan("");
    return 8;
  };
  expect_error<ec::NonFiniteError>([&] { fit(broken); },
                                   {"batch 5 of the epoch", "inputs", "row 2 of sample 3", "check_data = false"});
  // Without a look the loss tells, and the sample is counted from the epoch's first one.
  expect_error<ec::NonFiniteError>([&] { fit(broken, {.batch_size = 8, .progress = quiet, .check_data = false}); },
                                   {"in the inputs, sample 35"});
  expect_error<ec::OptionError>(
      [&] {
        fit([](Index k, Matrix, Matrix, std::span<double> weights) {
          if (k == 2) weights[1] = -3;
          return 8;
        });
      },
      {"weights", "found -3", "batch 2"});
}

TEST_CASE("batch source: options that make no sense with it are refused before anything is called") {
  Model model;
  auto trainer = make(model);
  const Eigen::MatrixXd x = filled(1, 6, 40);
  bool called = false;
  const Source source{.fill = [&](Matrix) {
    called = true;
    return 0;
  }};
  const std::vector<Index> lengths(40, 1);
  const auto refuses = [&](const Options& options, std::initializer_list<std::string_view> parts) {
    expect_error<ec::OptionError>([&] { trainer.fit(source, options); }, parts);
  };
  refuses({.validation_fraction = 0.1}, {"validation_fraction", "BatchSource", "give validation"});
  refuses({.sample_weights = Eigen::VectorXd::Ones(40)}, {"sample_weights", "may fill them"});
  refuses({.element_weights = x}, {"element_weights", "train_on_batch"});
  refuses({.lengths = lengths}, {"lengths", "train_on_batch"});
  refuses({.epochs = 0}, {"epochs must be at least 1"});
  refuses({.batch_size = 0}, {"batch_size must be at least 1"});
  refuses({.validation_targets = x}, {"validation_targets needs validation"});
  expect_error<ec::ShapeError>([&] { trainer.fit(source, {.validation = x.topRows(3)}); }, {"validation", "expected 6 rows"});
  expect_error<ec::OptionError>([&] { trainer.fit(Source{}); }, {"fill", "found none"});
  expect_error<ec::OptionError>([&] { trainer.fit(Source{.fill = source.fill, .steps_per_epoch = -1}); },
                                {"steps_per_epoch", "-1"});
  CHECK_FALSE(called);

  ec::Network<ec::Sequential<ec::features(6), ec::Dense<2>>, double> other;
  ec::Trainer narrow{other, ec::MeanSquaredError{}, ec::Adam{}};
  expect_error<ec::ShapeError>([&] { narrow.fit(source); }, {"fills targets"});
}

TEST_CASE("batch source: every rank fills its share of a batch, also where one ends before the others") {
  // Rank 0 has 50 samples and rank 1 has 14, of batches of 16: four of both, and three of rank 0 alone.
  const Eigen::MatrixXd x = filled(1, 6, 64), other = filled(2, 6, 20);
  Model expected_model;
  auto by_hand = make(expected_model);
  for (Index k = 0; k < 7; ++k) {
    const Index first = std::min<Index>(8, 50 - 8 * k), second = std::clamp<Index>(14 - 8 * k, 0, 8);
    Eigen::MatrixXd batch(6, first + second);
    batch << x.middleCols(8 * k, first), x.middleCols(50 + std::min<Index>(8 * k, 14), second);
    by_hand.train_on_batch(batch);
  }
  for (const bool reproducible : {false, true}) {
    for (const bool ahead : {false, true}) {
      Eigen::MatrixXd found;
      std::vector<double> losses(2);
      ec::run_ranks(2, [&](const ec::ThreadCommunicator& ranks) {
        Model model;
        start(model);
        ec::Trainer trainer{model,
                            ec::MeanSquaredError{},
                            ec::Adam{.learning_rate = 0.02},
                            {.threads = 1, .communicator = ranks, .reproducible = reproducible, .parts = 8}};
        const Eigen::MatrixXd mine = ranks.rank() == 0 ? x.leftCols(50) : x.rightCols(14);
        const Eigen::MatrixXd validation = ec::part_of(other, ranks.rank(), 2, 8);
        Walk walk{mine};
        const auto history = trainer.fit(walk.source(ahead), {.batch_size = 16, .validation = validation, .progress = quiet});
        losses[static_cast<std::size_t>(ranks.rank())] = history.last().validation.loss;
        if (ranks.rank() == 0) found = model.parameter("encoder.0.weight");
      });
      CHECK(distance(found, expected_model.parameter("encoder.0.weight")) < 1e-12);
      CHECK(losses[0] == Approx(by_hand.evaluate(other).loss).epsilon(1e-12));
      CHECK(losses[0] == losses[1]);
    }
  }
}

TEST_CASE("batch source: no step allocates, on either thread; a stop ends the fit and the thread") {
  const Eigen::MatrixXd x = filled(1, 6, 6400);
  for (const bool ahead : {false, true}) {
    Model model;
    auto trainer = make(model);
    Walk walk{x};
    std::vector<long> counts;
    counts.reserve(300);
    std::thread::id filled_by{};
    Source source = walk.source(ahead);
    source.fill = [&](Matrix inputs) {
      filled_by = std::this_thread::get_id();
      return walk.fill(inputs);
    };
    const ec::Callback look{.after_batch = [&](const ec::BatchReport&) {
      counts.push_back(allocations::count());
      if (counts.size() == 150) trainer.stop("enough");
    }};
    const ec::History history = trainer.fit(source, {.epochs = 9, .batch_size = 32, .callbacks = {look}, .progress = quiet});
    CHECK((history.epochs.empty() && history.stopped == "enough" && counts.size() == 150));
    CHECK((filled_by != std::this_thread::get_id()) == ahead);
    for (std::size_t i = 3; i < counts.size() && allocations::counted; ++i) CHECK(counts[i] == counts[i - 1]);
  }
}
