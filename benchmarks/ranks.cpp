// SPDX-License-Identifier: MIT
// Processes that train one model together: the time of a step, its messages, and what the messages take by themselves. In turn
// with them, one process of as many threads, and one of a single process's share. Rank 0 prints CSV, of which
// benchmarks/ranks_model.py makes the tables of docs/scaling.md.
//   mpirun -n 2 build/release/benchmarks/ranks > ranks-2.csv
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <map>
#include <optional>
#include <thread>

#include <CLI/CLI.hpp>

#include "support/example_networks.hpp"
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/kernels/elementwise.hpp>
#include <eigencoder/mpi/mpi.hpp>

namespace ec = eigencoder;

namespace {

using Clock = std::chrono::steady_clock;
constexpr double never = std::numeric_limits<double>::infinity();

double microseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

struct Options {
  std::vector<std::string> networks{"M1", "M2", "M3", "M4", "BN"};
  std::vector<ec::Index> batches{8, 16, 32, 64, 128, 256, 512};
  std::size_t threads = 1, parts = 16;
  int rounds = 10;
  double milliseconds = 20;
  bool steps = true, messages = true, mpi = true;
};

// — messages, counted

struct Message {
  long count = 0;
  double least = never;  ///< microseconds that one took
};

/// By what was called, and how many bytes a rank gave.
using Messages = std::map<std::pair<const char*, std::size_t>, Message>;

/// The processes of mpirun, whose messages it counts and times.
class Counting {
 public:
  explicit Counting(ec::Mpi ranks) : ranks_(std::move(ranks)) {}

  int rank() const { return ranks_.rank(); }
  int size() const { return ranks_.size(); }
  int local_size() const { return ranks_.local_size(); }
  void sum(std::span<float> values) const {
    count("sum", values.size_bytes(), [&] { ranks_.sum(values); });
  }
  void sum(std::span<double> values) const {
    count("sum", values.size_bytes(), [&] { ranks_.sum(values); });
  }
  void broadcast(std::span<std::byte> bytes, int root) const {
    count("broadcast", bytes.size(), [&] { ranks_.broadcast(bytes, root); });
  }
  void exchange(int with, std::span<const std::byte> send, std::span<std::byte> receive) const {
    count("exchange", send.size(), [&] { ranks_.exchange(with, send, receive); });
  }
  void barrier() const {
    count("barrier", 0, [&] { ranks_.barrier(); });
  }
  void abandon(const std::string& why) const noexcept { ranks_.abandon(why); }

  Messages& messages() const { return *messages_; }

 private:
  template <class Call>
  void count(const char* what, std::size_t bytes, Call call) const {
    const auto start = Clock::now();
    call();
    Message& message = (*messages_)[{what, bytes}];
    ++message.count;
    message.least = std::min(message.least, microseconds_since(start));
  }

  ec::Mpi ranks_;
  std::shared_ptr<Messages> messages_ = std::make_shared<Messages>();
};

/// Rank 0 does it while the others sleep: one that waited within MPI would keep a core busy.
template <class Work>
void by_the_first_alone(const ec::Mpi& ranks, Work work) {
  if (ranks.rank() == 0) work();
  MPI_Request all = MPI_REQUEST_NULL;
  MPI_Ibarrier(MPI_COMM_WORLD, &all);
  for (int done = 0; done == 0;) {
    MPI_Test(&all, &done, MPI_STATUS_IGNORE);
    if (done == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
}

// — what is printed

struct Row {
  const char* measure;
  std::string network;
  int ranks;
  std::size_t threads;
  const char* way = "";
  ec::Index batch = 0;  ///< samples of a rank in a step
  double bytes = 0, count = 0, microseconds = 0;
};

void print(const Row& row) {
  std::printf("%s,%s,%d,%zu,%s,%td,%.0f,%g,%.3f\n", row.measure, row.network.c_str(), row.ranks, row.threads, row.way,
              row.batch, row.bytes, row.count, row.microseconds);
  std::fflush(stdout);
}

// — steps

/// One way of training a network: fits on samples of its own, and the time of their steps.
template <class Model, class Loss>
class Way {
 public:
  /// By `ranks` processes, of which each has `batch` samples of a step.
  Way(const ec::TrainerOptions& options, int ranks, ec::Index batch)
      : trainer_(model_, Loss{}, ec::Adam{}, options), ranks_(ranks), batch_(batch) {}
  Way(const Way&) = delete;
  Way& operator=(const Way&) = delete;

  /// The least microseconds a step of so many epochs.
  double fit(ec::Index epochs, ec::Index steps) {
    if (samples_.cols() != steps * batch_) {
      samples_ = (Eigen::MatrixXf::Random(Model::input.size(), steps * batch_).array() + 1) / 2;
    }
    const auto history = trainer_.fit(
        samples_, {.epochs = epochs, .batch_size = ranks_ * batch_, .progress = ec::Progress::quiet, .check_data = false});
    double least = never;
    for (const ec::EpochReport& epoch : history.epochs)
      least = std::min(least, epoch.seconds * 1e6 / static_cast<double>(steps));
    return least;
  }

 private:
  Model model_{ec::Seed{1}};
  ec::Trainer<Model, Loss, ec::Adam> trainer_;
  ec::Index ranks_, batch_;
  Eigen::MatrixXf samples_;
};

/// The messages of a step: what a fit of four steps has more than one of two.
template <class Model, class Loss>
Messages messages_of_a_step(Way<Model, Loss>& way, const Counting& counting) {
  Messages sent[2];
  way.fit(1, 1);  // the first one alone takes over an optimizer's vectors
  for (const int half : {0, 1}) {
    counting.messages().clear();
    way.fit(1, 2 * (half + 1));
    sent[half] = counting.messages();
  }
  Messages of_a_step;
  for (const auto& [what, message] : sent[1]) {
    if (const long more = message.count - sent[0][what].count; more >= 2) of_a_step[what].count = more / 2;
  }
  counting.messages().clear();
  return of_a_step;
}

template <class Model, class Loss>
void measure_steps(const std::string& network, ec::Index batch, bool with_messages, const ec::Mpi& ranks,
                   const Options& options) {
  const int size = ranks.size();
  const bool first = ranks.rank() == 0;
  const Counting sum(ranks), tree(ranks);
  const auto together = [&](const Counting& communicator, bool reproducible) {
    return ec::TrainerOptions{
        .threads = options.threads, .communicator = communicator, .reproducible = reproducible, .parts = options.parts};
  };
  const auto alone = [&](std::size_t threads, bool reproducible) {
    return ec::TrainerOptions{.threads = threads, .reproducible = reproducible, .parts = options.parts};
  };
  const std::size_t all_threads = options.threads * static_cast<std::size_t>(size);
  using This = Way<Model, Loss>;

  struct Measured {
    Measured(const ec::TrainerOptions& how, const Counting* counts, const Row& about)
        : way(how, about.ranks, about.batch), counting(counts), row(about) {}
    This way;
    const Counting* counting;  ///< of ranks that train together; none: rank 0 alone
    Row row;
    Messages messages{};
    double least = never;
  };
  std::vector<std::unique_ptr<Measured>> ways;
  const auto add = [&](const ec::TrainerOptions& how, const Counting* counting, int of, ec::Index samples, const char* name) {
    if (counting == nullptr && !first) return;
    ways.push_back(std::make_unique<Measured>(how, counting, Row{"step", network, of, how.threads, name, samples}));
  };
  if (size > 1) {
    add(together(sum, false), &sum, size, batch, "sum");
    add(together(tree, true), &tree, size, batch, "tree");
  }
  const std::size_t shared = ways.size();
  if (options.steps) {
    add(alone(options.threads, false), nullptr, 1, batch, "sum");
    if (size > 1) {
      add(alone(all_threads, false), nullptr, 1, batch * size, "sum");
      add(alone(all_threads, true), nullptr, 1, batch * size, "tree");
    }
  }

  if (with_messages) {
    for (std::size_t w = 0; w < shared; ++w) ways[w]->messages = messages_of_a_step(ways[w]->way, *ways[w]->counting);
  }
  if (options.steps) {
    double steps = 0;
    by_the_first_alone(ranks, [&] {
      This& way = ways[shared]->way;
      way.fit(1, 2);
      steps = std::clamp(options.milliseconds * 1e3 / way.fit(3, 2), 1.0, 4096.0);
    });
    ranks.broadcast(std::as_writable_bytes(std::span(&steps, 1)), 0);
    const auto measure = [&](Measured& it) { it.least = std::min(it.least, it.way.fit(3, static_cast<ec::Index>(steps))); };
    for (int round = 0; round < options.rounds; ++round) {
      for (std::size_t w = 0; w < shared; ++w) measure(*ways[w]);
      by_the_first_alone(ranks, [&] {
        for (std::size_t w = shared; w < ways.size(); ++w) measure(*ways[w]);
      });
    }
  }
  if (!first) return;
  for (const auto& it : ways) {
    Row row = it->row;
    row.microseconds = it->least;
    row.count = options.rounds;
    if (options.steps) print(row);
    if (it->counting == nullptr) continue;
    for (const auto& [what, message] : it->messages) {
      row.measure = what.first;
      row.bytes = static_cast<double>(what.second);
      row.count = static_cast<double>(message.count);
      const double least = it->counting->messages()[what].least;
      row.microseconds = least < never ? least : 0;
      print(row);
    }
  }
}

template <class Model, class Loss>
void measure(const std::string& network, const ec::Mpi& ranks, const Options& options) {
  if (std::find(options.networks.begin(), options.networks.end(), network) == options.networks.end()) return;
  if (ranks.rank() == 0) {
    print({.measure = "gradient",
           .network = network,
           .ranks = ranks.size(),
           .threads = options.threads,
           .bytes = static_cast<double>(Model::parameter_count) * sizeof(float)});
  }
  if (!options.steps) return measure_steps<Model, Loss>(network, 32, true, ranks, options);
  for (const ec::Index batch : options.batches) measure_steps<Model, Loss>(network, batch, options.messages, ranks, options);
}

// — messages by themselves

/// The least microseconds that a call takes, of several rounds of several calls.
template <class Call>
double least_of(const ec::Mpi& ranks, double bytes, const Options& options, Call call) {
  const int calls = std::clamp(static_cast<int>(2e6 / (bytes + 1e3)), 4, 500);
  double least = never;
  for (int round = 0; round < 5 * options.rounds; ++round) {
    ranks.barrier();
    const auto start = Clock::now();
    for (int i = 0; i < calls; ++i) call();
    least = std::min(least, microseconds_since(start) / calls);
  }
  return least;
}

void measure_mpi(const ec::Mpi& ranks, const Options& options) {
  for (std::size_t count = 2; count <= (4U << 20); count *= 4) {
    std::vector<float> values(count, 0.0F), others(count, 0.0F);
    const double bytes = static_cast<double>(count * sizeof(float));
    const auto report = [&](const char* what, double microseconds) {
      if (ranks.rank() == 0) {
        print({.measure = what,
               .network = "",
               .ranks = ranks.size(),
               .threads = options.threads,
               .bytes = bytes,
               .microseconds = microseconds});
      }
    };
    if (ranks.size() > 1) {
      const auto there = std::as_bytes(std::span(values));
      const auto back = std::as_writable_bytes(std::span(others));
      const auto round_trip = [&] {
        if (ranks.rank() == 0) {
          ranks.exchange(1, there, {});
          ranks.exchange(1, {}, back);
        } else if (ranks.rank() == 1) {
          ranks.exchange(0, {}, back);
          ranks.exchange(0, there, {});
        }
      };
      report("one_way", least_of(ranks, bytes, options, round_trip) / 2);
      report("all_reduce", least_of(ranks, bytes, options, [&] { ranks.sum(std::span(values)); }));
    }
    report("add", least_of(ranks, bytes, options,
                           [&] { ec::kernels::add_values(static_cast<ec::Index>(count), values.data(), others.data()); }));
  }
}

// — the networks

using NormalisedEncoder =
    ec::Encoder<ec::image(28, 28), ec::Dense<256>, ec::BatchNorm, ec::ReLU, ec::Dense<64>, ec::BatchNorm, ec::ReLU>;
using NormalisedDecoder = ec::Decoder<ec::features(64), ec::Dense<256>, ec::BatchNorm, ec::ReLU, ec::Dense<784>, ec::Sigmoid>;
using Normalised = ec::Autoencoder<NormalisedEncoder, NormalisedDecoder>;

void run(const Options& options) {
  const ec::Mpi ranks;
  if (ranks.rank() == 0) {
    char version[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length = 0;
    MPI_Get_library_version(version, &length);
    const std::string text(version, static_cast<std::size_t>(length));
    std::printf("# kernels: %s; cores: %u; MPI: %s\n", std::string(name(ec::simd())).c_str(),
                std::thread::hardware_concurrency(), text.substr(0, text.find('\n')).c_str());
    std::printf("measure,network,ranks,threads,way,batch,bytes,count,microseconds\n");
  }
  if (options.mpi) measure_mpi(ranks, options);
  if (!options.steps && !options.messages) return;
  measure<networks::Simple<float>, ec::BinaryCrossEntropy>("M1", ranks, options);
  measure<networks::Deep<float>, ec::MeanSquaredError>("M2", ranks, options);
  measure<networks::Denoiser<float>, ec::BinaryCrossEntropy>("M3", ranks, options);
  measure<networks::Variational<float>, ec::Elbo<ec::Bernoulli>>("M4", ranks, options);
  measure<Normalised, ec::MeanSquaredError>("BN", ranks, options);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::vector<std::string> only{"steps", "messages", "mpi"};
  CLI::App app{"What a training step of several processes costs: mpirun -n 2 ranks > ranks-2.csv"};
  app.add_option("--networks", options.networks, "which of M1 M2 M3 M4 (docs/benchmarks.md), and BN, with batch normalisation")
      ->check(CLI::IsMember({"M1", "M2", "M3", "M4", "BN"}))
      ->capture_default_str();
  app.add_option("--batches", options.batches, "samples of a rank in a step")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--threads", options.threads, "of each rank")->check(CLI::Range(1, 256))->capture_default_str();
  app.add_option("--parts", options.parts, "of the reproducible way")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--rounds", options.rounds, "of all ways in turn; the least time counts")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--milliseconds", options.milliseconds, "of an epoch, which is timed as a whole")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--only", only, "steps: times of steps; messages: how many a step has; mpi: what they take by themselves")
      ->check(CLI::IsMember({"steps", "messages", "mpi"}));
  CLI11_PARSE(app, argc, argv);
  const auto has = [&](const char* part) { return std::find(only.begin(), only.end(), part) != only.end(); };
  options.steps = has("steps");
  options.messages = has("messages");
  options.mpi = has("mpi");
  try {
    run(options);
  } catch (const std::exception& error) {
    ec::Mpi{}.abandon(error.what());
    return 1;
  }
}
