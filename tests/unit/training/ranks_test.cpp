// SPDX-License-Identifier: MIT
#include "eigencoder/data/part.hpp"
#include "eigencoder/testing/thread_communicator.hpp"
#include "eigencoder/training/find_learning_rate.hpp"
#include "support/throws.hpp"
#include "training_golden.hpp"

// Ranks that train together, as threads. tests/mpi has the same with processes.
using namespace training;

namespace {

constexpr auto quiet = ec::Progress::quiet;

/// All that ranks must agree on: a noise and a mask for each sample, totals forward and backward, a penalty on the batch's
/// mean, one on pairs of samples.
const auto encoder = ec::encoder<ec::image(4, 4)>(ec::GaussianNoise{0.2f}, ec::Conv2D<3, 3>{}, ec::BatchNorm{}, ec::ReLU{},
                                                  ec::Dropout{0.3f}, ec::Dense<3>{}, ec::Sigmoid{});
const auto decoder = ec::decoder<encoder.output>(ec::Dense<16>{}, ec::Sigmoid{});
using Coupled = ec::Autoencoder<std::remove_cvref_t<decltype(encoder)>, std::remove_cvref_t<decltype(decoder)>, double>;
Eigen::MatrixXd samples(ec::Index rows, ec::Index count) {
  return Eigen::MatrixXd::NullaryExpr(
      rows, count, [](ec::Index i, ec::Index j) { return 0.5 + 0.5 * std::sin(0.7 * double(i) + 1.3 * double(j * j % 31)); });
}

/// What a rank's thread checks: the macros of the test framework are for one thread at a time.
void require(bool holds, const char* what) {
  if (!holds) throw ec::Error(ec::message("a rank expected ", what));
}

struct Result {
  Eigen::VectorXd parameters, state;
  std::vector<double> numbers;
  friend bool operator==(const Result& a, const Result& b) {
    return a.parameters == b.parameters && a.state == b.state && a.numbers == b.numbers;
  }
};

ec::TrainerOptions options_of(const ec::AnyCommunicator& ranks, std::size_t threads) {
  return {.threads = threads, .seed = ec::Seed{5}, .communicator = ranks, .reproducible = true, .parts = 8};
}

/// Two epochs by so many ranks of so many threads.
Result trained(int size, std::size_t threads, ec::Index count, const ec::FitOptions<double>& wanted,
               const ec::GradientClip& clip = {}) {
  const Eigen::MatrixXd x = samples(16, count), test = samples(16, 21);
  Result result;
  ec::run_ranks(size, [&](const ec::ThreadCommunicator& ranks) {
    Coupled model{encoder, decoder, ec::Seed{static_cast<std::uint64_t>(1 + ranks.rank())}};  // all train the first one's
    ec::TrainerOptions options = options_of(ranks, threads);
    options.clip = clip;
    ec::Trainer trainer{model, ec::MeanSquaredError{} + 0.1 * ec::KLSparsity{} + 0.2 * ec::MaximumMeanDiscrepancy{},
                        ec::Adam{.learning_rate = 0.01}, options};
    ec::FitOptions<double> fit = wanted;
    fit.epochs = 2;
    fit.progress = quiet;
    const auto part = [&](const Eigen::MatrixXd& all) { return ec::part_of(all, ranks.rank(), ranks.size(), 8); };
    const Eigen::MatrixXd mine = part(x), mine_of_test = part(test);
    if (fit.validation_fraction == 0) {
      fit.validation = mine_of_test;
      fit.metrics = {{"largest", [](const auto& y, const auto& t) { return (y - t).cwiseAbs().maxCoeff(); }}};
    }
    const ec::History history = trainer.fit(mine, fit);
    if (ranks.rank() != 0) return;
    result.parameters = model.parameters();
    result.state = model.state();
    for (const auto& epoch : history.epochs) {
      result.numbers.insert(result.numbers.end(), {epoch.train.loss, epoch.validation.loss, epoch.gradient_norm});
      result.numbers.insert(result.numbers.end(), epoch.validation.terms.begin(), epoch.validation.terms.end());
      result.numbers.insert(result.numbers.end(), epoch.metrics.begin(), epoch.metrics.end());
    }
  });
  return result;
}

}  // namespace

TEST_CASE("ranks: reproducible training has the same bits for any number of ranks and threads") {
  const auto check = [](const char* name, ec::Index count, const ec::FitOptions<double>& options,
                        const ec::GradientClip& clip = {}) {
    INFO(name);
    const Result one = trained(1, 1, count, options, clip);
    CHECK(one.parameters.allFinite());
    CHECK(one == trained(1, 2, count, options, clip));
    for (const int size : {2, 3, 4, 8}) {
      CAPTURE(size);
      CHECK(one == trained(size, size == 2 ? 2 : 1, count, options, clip));
    }
    return one;
  };
  const Result plain = check("as it is", 64, {.batch_size = 16});
  CHECK(!(plain == check("clipped", 64, {.batch_size = 16}, {.global_norm = 0.01})));
  check("parts of unequal size, some of a batch empty", 61, {.batch_size = 6});
  check("in order", 40, {.batch_size = 16, .shuffle = false});
  check("a part of each stratum held out", 61, {.batch_size = 16, .validation_fraction = 0.3});
}

namespace {

using Half = ec::Encoder<ec::features(6), ec::Dense<7>, ec::Tanh, ec::BatchNorm>;
using Plain = ec::Autoencoder<Half, ec::Decoder<Half::output, ec::Dense<6>>, double>;

/// Three steps of ranks of unequal parts of a batch, in so many threads; the parameters and the losses.
template <class Objective>
std::pair<Eigen::VectorXd, std::vector<double>> steps(const std::vector<ec::Index>& shares, std::size_t threads,
                                                      const Objective& objective, ec::TrainerOptions options = {}) {
  const Eigen::MatrixXd x = samples(6, 23);
  std::pair<Eigen::VectorXd, std::vector<double>> result;
  ec::run_ranks(static_cast<int>(shares.size()), [&](const ec::ThreadCommunicator& ranks) {
    ec::Index begin = 0;
    for (int r = 0; r < ranks.rank(); ++r) begin += shares[static_cast<std::size_t>(r)];
    Plain model{ec::Seed{static_cast<std::uint64_t>(1 + ranks.rank())}};
    ec::TrainerOptions mine = options;
    mine.threads = threads;
    mine.communicator = ranks;
    ec::Trainer trainer{model, objective, ec::SGD{.learning_rate = 0.5}, mine};
    std::vector<double> losses;
    for (int i = 0; i < 3; ++i) {
      losses.push_back(trainer.train_on_batch(x.middleCols(begin, shares[static_cast<std::size_t>(ranks.rank())])));
      losses.push_back(trainer.gradient_norm());
    }
    if (ranks.rank() == 0) result = {Eigen::VectorXd(model.parameters()), losses};
  });
  return result;
}

}  // namespace

TEST_CASE("ranks: the gradient of any number of them is that of one") {
  const auto check = [](const char* name, const auto& objective, const ec::TrainerOptions& options = {}) {
    INFO(name);
    const auto [one, losses] = steps({23}, 1, objective, options);
    for (const std::vector<ec::Index>& shares : {std::vector<ec::Index>{6, 6, 6, 5}, {1, 22}, {11, 1, 11}}) {
      CAPTURE(shares);
      const auto [several, theirs] = steps(shares, shares.size() == 2 ? 2 : 1, objective, options);
      CHECK(distance(several, one) < 1e-12);
      for (std::size_t i = 0; i < losses.size(); ++i) CHECK(theirs[i] == Approx(losses[i]).epsilon(1e-12));
    }
  };
  check("alone", ec::MeanSquaredError{});
  check("with penalties", ec::MeanSquaredError{} + 0.01 * ec::L2Weights{});
  check("clipped", ec::MeanSquaredError{}, {.clip = {.global_norm = 0.05}});
  check("averaged", ec::MeanSquaredError{}, {.average = {.decay = 0.5}});
}

namespace {

/// Notes how many doubles each sum has.
struct Noting : ec::ThreadCommunicator {
  std::vector<std::size_t>* sizes;
  void sum(std::span<float> values) const { ec::ThreadCommunicator::sum(values); }
  void sum(std::span<double> values) const {
    sizes->push_back(values.size());
    ec::ThreadCommunicator::sum(values);
  }
};

}  // namespace

TEST_CASE("ranks: a message has the totals of its phase, and no other's") {
  using Wide = ec::Encoder<ec::features(6), ec::Dense<7>, ec::BatchNorm, ec::Dense<5>, ec::BatchNorm>;
  std::vector<std::size_t> sizes[2];
  ec::run_ranks(2, [&](const ec::ThreadCommunicator& ranks) {
    ec::Autoencoder<Wide, ec::Decoder<Wide::output, ec::Dense<6>>> model{ec::Seed{1}};
    const Noting noting{ranks, &sizes[static_cast<std::size_t>(ranks.rank())]};
    ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::SGD{}, {.communicator = noting}};
    trainer.fit(Eigen::MatrixXf::Random(6, 8), {.batch_size = 16, .progress = quiet});
  });
  CHECK(sizes[0] == sizes[1]);
  // A number, an origin, a mean and a sum of squares a channel forward; two sums backward; a loss and whether all is finite; whether all go on.
  const std::vector<std::size_t> expected{2 * (1 + 3 * 7), 2 * (1 + 3 * 5), 2 * 2 * 5, 2 * 2 * 7, 2 * 1 + 1, 1};
  REQUIRE(sizes[0].size() >= expected.size());
  CHECK(std::vector<std::size_t>(sizes[0].end() - static_cast<std::ptrdiff_t>(expected.size()), sizes[0].end()) == expected);
}

TEST_CASE("ranks: reproducible steps by a hand-made batch, and what is no rank's part of it") {
  const ec::TrainerOptions options{.reproducible = true, .parts = 4};
  const auto one = steps({23}, 1, ec::MeanSquaredError{}, options);
  CHECK(one == steps({11, 12}, 2, ec::MeanSquaredError{}, options));
  CHECK(one == steps({5, 6, 6, 6}, 1, ec::MeanSquaredError{}, options));
  expect_error<ec::ShapeError>(
      [&] {
        steps({12, 11}, 1, ec::MeanSquaredError{}, options);
      },
      {"rank 0: expected 11 of the 23 samples that all ranks have, as part_of gives them, found 12"});
}

TEST_CASE("ranks: an error of one is an error of all, with its number") {
  const Eigen::MatrixXd x = samples(6, 24);
  const auto fit = [&](int size, auto change, const ec::TrainerOptions& options = {}, bool in_the_middle = false) {
    ec::run_ranks(size, [&](const ec::ThreadCommunicator& ranks) {
      Plain model{ec::Seed{1}};
      ec::TrainerOptions own = options;
      own.communicator = ranks;
      ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::SGD{}, own};
      Eigen::MatrixXd mine = ec::part_of(x, ranks.rank(), ranks.size());
      ec::FitOptions<double> wanted{.epochs = 2, .batch_size = 8, .progress = quiet};
      change(ranks.rank(), mine, wanted);
      const Eigen::VectorXd before = model.parameters();
      try {
        trainer.fit(mine, wanted);
      } catch (...) {
        require(in_the_middle || model.parameters() == before, "the parameters from before");
        throw;
      }
    });
  };
  const auto none = [](int, Eigen::MatrixXd&, ec::FitOptions<double>&) {};
  expect_error<ec::ShapeError>(
      [&] {
        fit(3, [](int rank, Eigen::MatrixXd& mine, auto&) {
          if (rank == 1) mine.conservativeResize(5, 8);
        });
      },
      {"rank 1: inputs", "5"});
  expect_error<ec::NonFiniteError>(
      [&] {
        fit(2, [](int rank, Eigen::MatrixXd& mine, auto&) {
          if (rank == 1) mine(3, 2) = NAN;
        });
      },
      {"rank 1: inputs"});
  expect_error<ec::OptionError>([&] { fit(2, [](int rank, Eigen::MatrixXd&, auto& wanted) { wanted.batch_size += rank; }); },
                                {"rank 1: all ranks must fit alike: expected the batch_size of rank 0, 8, found 9"});
  // What no check foresees ends the others too.
  expect_error<ec::Error>(
      [&] {
        fit(
            2,
            [](int rank, Eigen::MatrixXd&, auto& wanted) {
              wanted.callbacks = {{.after_batch = [rank](const ec::BatchReport&) {
                if (rank == 1) throw ec::Error("the disk is full");
              }}};
            },
            {}, true);
      },
      {"the disk is full"});
  expect_error<ec::OptionError>([&] { fit(1, none, {.reproducible = true, .parts = 6}); },
                                {"parts must be a power of two, found 6"});
  expect_error<ec::OptionError>([&] { fit(3, none, {.reproducible = true, .parts = 2}); },
                                {"parts must be at least the number of ranks, 3, and at most", "found 2"});
}

TEST_CASE("ranks: a batch that is not finite on one of them is taken by none") {
  ec::run_ranks(3, [&](const ec::ThreadCommunicator& ranks) {
    Plain model{ec::Seed{1}};
    ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::SGD{}, {.threads = 1, .communicator = ranks}};
    Eigen::MatrixXd x = samples(6, 8);
    trainer.train_on_batch(x);
    const Eigen::VectorXd before = model.parameters();
    if (ranks.rank() == 1) x(2, 3) = std::numeric_limits<double>::infinity();
    bool thrown = false;
    try {
      trainer.train_on_batch(x);
    } catch (const ec::NonFiniteError&) {
      thrown = true;
    }
    require(thrown && model.parameters() == before, "no step");
    trainer.train_on_batch(samples(6, 8));
    require(model.parameters() != before, "a step");
  });
}

TEST_CASE("ranks: one that stops stops all, and callbacks of the first rank alone are called by it alone") {
  std::array<int, 3> called{}, alone{};
  const Eigen::MatrixXd x = samples(6, 24);
  ec::run_ranks(3, [&](const ec::ThreadCommunicator& ranks) {
    Plain model{ec::Seed{1}};
    ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::SGD{}, {.threads = 1, .communicator = ranks}};
    const auto rank = static_cast<std::size_t>(ranks.rank());
    const ec::Callback count{.after_batch = [&](const ec::BatchReport& report) {
      if (++called[rank] == 4 && rank == 2) trainer.stop("the time is over");
      require(report.total == 24, "the samples of all");
    }};
    const ec::Callback first{.after_epoch =
                                 [&](const ec::EpochReport&) {
                                   ++alone[rank];
                                   return ec::Training::go_on;
                                 },
                             .first_rank_alone = true};
    const auto history = trainer.fit(ec::part_of(x, ranks.rank(), 3),
                                     {.epochs = 9, .batch_size = 8, .callbacks = {count, first}, .progress = quiet});
    require(history.stopped == (rank == 2 ? "the time is over" : "another rank stopped it"), "a reason");
    require(history.epochs.size() == 1, "one epoch");
  });
  CHECK(called == std::array{4, 4, 4});
  CHECK(alone == std::array{1, 0, 0});
}

TEST_CASE("ranks: all have the same bits after every step, also where they are of different sizes and threads") {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Random(40, 60);
  using Wide = ec::Encoder<ec::features(40), ec::Dense<64>, ec::Tanh>;
  using WideModel = ec::Autoencoder<Wide, ec::Decoder<Wide::output, ec::Dense<40>>, double>;
  std::array<Eigen::VectorXd, 3> found;
  std::array<std::vector<double>, 3> norms;
  ec::run_ranks(3, [&](const ec::ThreadCommunicator& ranks) {
    const auto rank = static_cast<std::size_t>(ranks.rank());
    WideModel model{ec::Seed{rank}};
    ec::Trainer trainer{model,
                        ec::MeanSquaredError{},
                        ec::Adam{.learning_rate = 0.01},
                        {.threads = rank == 0 ? 3U : 1U, .clip = {.global_norm = 0.1}, .communicator = ranks}};
    const std::array<ec::Index, 4> borders{0, 44, 50, 60};
    for (int i = 0; i < 5; ++i) {
      trainer.train_on_batch(x.middleCols(borders[rank], borders[rank + 1] - borders[rank]));
      norms[rank].push_back(trainer.gradient_norm());
    }
    found[rank] = model.parameters();
  });
  CHECK((found[0] == found[1] && found[0] == found[2]));
  CHECK((norms[0] == norms[1] && norms[0] == norms[2]));
}

TEST_CASE("ranks: where a rank holds nothing out, metrics look at what the others do") {
  const Eigen::MatrixXd x = samples(6, 20);
  std::array<double, 4> mean{};
  ec::run_ranks(4, [&](const ec::ThreadCommunicator& ranks) {
    Plain model{ec::Seed{1}};
    ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::SGD{.learning_rate = 1e-9}, {.threads = 1, .communicator = ranks}};
    const ec::Metric<double> columns{
        "columns", [](const auto& y, const auto& t) { return static_cast<double>(100 * y.cols() + t.cols()); }};
    const auto history = trainer.fit(ec::part_of(x, ranks.rank(), 4),
                                     {.batch_size = 20, .validation_fraction = 0.1, .metrics = {columns}, .progress = quiet});
    require(history.epochs[0].metrics == std::vector<double>{202}, "the two that are held out");
    mean[static_cast<std::size_t>(ranks.rank())] = history.epochs[0].validation.loss;
  });
  CHECK((mean[0] > 0 && mean[0] == mean[1] && mean[0] == mean[2] && mean[0] == mean[3]));
}

TEST_CASE("ranks: a source that stops on one of them stops all; a learning rate is found by all") {
  const Eigen::MatrixXd x = samples(6, 24);
  ec::run_ranks(2, [&](const ec::ThreadCommunicator& ranks) {
    Plain model{ec::Seed{static_cast<std::uint64_t>(ranks.rank())}};
    ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::SGD{}, {.threads = 1, .communicator = ranks}};
    int filled = 0;
    const ec::BatchSource<double> source{.fill = [&](ec::MatrixView<double> inputs) -> ec::Index {
      if (++filled == 3 && ranks.rank() == 1) trainer.stop("no more");
      inputs = x.leftCols(inputs.cols());
      return inputs.cols();
    }};
    const auto history = trainer.fit(source, {.epochs = 3, .batch_size = 8, .progress = quiet});
    require(history.stopped == (ranks.rank() == 1 ? "no more" : "another rank stopped it"), "a reason");
    require(filled == 3 && history.epochs.empty(), "three batches");

    const ec::FindLearningRateOptions options{.steps = 12, .batch_size = 9};
    const auto curve = ec::find_learning_rate(trainer, ec::part_of(x, ranks.rank(), 2), options);
    std::vector<double> sum = curve.losses;
    const ec::AnyCommunicator any(ranks);
    any.sum(std::span(sum));
    for (std::size_t i = 0; i < sum.size(); ++i) require(sum[i] == 2 * curve.losses[i], "the losses of all");
  });
}
