// SPDX-License-Identifier: MIT
#include "training_golden.hpp"

#include "eigencoder/data/part.hpp"
#include "eigencoder/testing/thread_communicator.hpp"
#include "support/throws.hpp"

// Ranks that train together, as threads. tests/mpi has the same with processes.
using namespace training;

namespace {

constexpr auto quiet = ec::Progress::quiet;

/// All that ranks must agree on: a noise and a mask for each sample, totals forward and backward, a penalty on the batch's mean, one on
/// pairs of samples.
const auto encoder = ec::encoder<ec::image(4, 4)>(ec::GaussianNoise{0.2f}, ec::Conv2D<3, 3>{}, ec::BatchNorm{}, ec::ReLU{},
                                                 ec::Dropout{0.3f}, ec::Dense<3>{}, ec::Sigmoid{});
const auto decoder = ec::decoder<encoder.output>(ec::Dense<16>{}, ec::Sigmoid{});
using Coupled = ec::Autoencoder<std::remove_cvref_t<decltype(encoder)>, std::remove_cvref_t<decltype(decoder)>, double>;
Eigen::MatrixXd samples(ec::Index rows, ec::Index count) {
  return Eigen::MatrixXd::NullaryExpr(rows, count, [](ec::Index i, ec::Index j) { return 0.5 + 0.5 * std::sin(0.7 * double(i) + 1.3 * double(j * j % 31)); });
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
Result trained(int size, std::size_t threads, ec::Index count, const ec::FitOptions<double>& wanted, const ec::GradientClip& clip = {}) {
  const Eigen::MatrixXd x = samples(16, count), test = samples(16, 21);
  Result result;
  ec::run_ranks(size, [&](const ec::ThreadCommunicator& ranks) {
    Coupled model{encoder, decoder, ec::Seed{static_cast<std::uint64_t>(1 + ranks.rank())}};  // all train the first one's
    ec::TrainerOptions options = options_of(ranks, threads);
    options.clip = clip;
    ec::Trainer trainer{model, ec::MeanSquaredError{} + 0.1 * ec::KLSparsity{} + 0.2 * ec::MaximumMeanDiscrepancy{}, ec::Adam{.learning_rate = 0.01}, options};
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
  const auto check = [](const char* name, ec::Index count, const ec::FitOptions<double>& options, const ec::GradientClip& clip = {}) {
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
