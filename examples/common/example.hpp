// SPDX-License-Identifier: MIT
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <eigencoder/eigencoder.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "common/plot.hpp"

// What the examples share: options, the images, and what is left behind in --out.
namespace example {

namespace ec = eigencoder;
using ec::Index;

struct Options {
  std::filesystem::path data = "data/fashion-mnist", out = "out";
  Index epochs = 10, batch_size = 256, limit = 0;
  std::uint64_t seed = 42;
  std::size_t threads = 0;
  double learning_rate = 1e-3;
  bool quiet = false;

  ec::TrainerOptions trainer() const { return {.threads = threads, .seed = ec::Seed{seed}}; }

  template <class T>
  ec::FitOptions<T> fit(const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>& validation) const {
    return {.epochs = epochs,
            .batch_size = batch_size,
            .validation = validation,
            .progress = quiet ? ec::Progress::quiet : ec::Progress::automatic};
  }
};

/// A whole number from `least` on.
inline CLI::Validator at_least(long long least) {
  return {[least](const std::string& text) {
            long long number = 0;
            const bool fine = CLI::detail::lexical_cast(text, number) && number >= least;
            return fine ? std::string() : ec::message("expected a whole number of at least ", least, ", found ", text);
          },
          ec::message("at least ", least)};
}

/// A command line with the common options; an example adds its own to `app`.
struct Program {
  std::string name;
  CLI::App app;
  Options options;

  Program(std::string program_name, const std::string& description) : name(std::move(program_name)), app(description, name) {
    options.out = std::filesystem::path("out") / name;
    const auto add = [this](const std::string& flag, auto& value, const std::string& text) {
      return app.add_option(flag, value, text)->capture_default_str();
    };
    add("--data", options.data, "folder of IDX files: the images shipped here, all of Fashion-MNIST, or MNIST");
    add("--out", options.out, "folder for pictures and metrics.json");
    add("--epochs", options.epochs, "passes over the training images")->check(at_least(1));
    add("--batch-size", options.batch_size, "images a step")->check(at_least(1));
    add("--limit", options.limit, "use the first N training and test images; 0: all")->check(at_least(0));
    add("--seed", options.seed, "of weights and shuffling");
    add("--threads", options.threads, "0: as many as the machine has cores")->check(CLI::Range(0, 1024));
    add("--learning-rate", options.learning_rate, "of Adam");
    app.add_flag("--quiet", options.quiet, "print nothing but errors");
  }

  /// Parses the command line and runs the example; what goes wrong is one line on standard error and exit status 1.
  template <class Body>
  int run(int argc, char** argv, Body body) {
    CLI11_PARSE(app, argc, argv);
    try {
      std::error_code reason;
      std::filesystem::create_directories(options.out, reason);
      if (reason) throw ec::FileError(ec::message(options.out.string(), ": cannot be made a folder (", reason.message(), ")"));
      body();
      return 0;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s: %s\n", name.c_str(), error.what());
      return 1;
    }
  }

  ec::Split<float> load() const {
    auto split = ec::load_idx_dataset(options.data);
    if (options.limit > 0) {
      split.train = split.train.first(std::min(options.limit, split.train.size()));
      split.test = split.test.first(std::min(options.limit, split.test.size()));
    }
    return split;
  }

  void print(const std::string& text) const {
    if (!options.quiet) std::fputs(text.c_str(), stdout), std::fflush(stdout);
  }

  std::filesystem::path path(const std::string& file) const { return options.out / file; }

  void write(const std::string& file, const std::vector<ec::ImageRow>& rows, ec::Shape shape) const {
    ec::write_png(path(file), ec::image_grid(rows, shape));
    print(ec::message("wrote ", path(file).string(), '\n'));
  }

  void plot(const std::string& file, const std::vector<Curve>& curves, const std::string& loss) const {
    print(plot_losses(path(file), curves, loss));
  }

  /// The numbers that every example reports.
  template <class Model>
  nlohmann::ordered_json metrics(const Model&, const ec::History& history, Index train_samples, Index validation_samples,
                                 std::size_t threads) const {
    double seconds = 0;
    for (const ec::EpochReport& epoch : history.epochs) seconds += epoch.seconds;
    const auto epochs = static_cast<double>(history.epochs.size());
    return {{"example", name},
            {"epochs", history.epochs.size()},
            {"train_samples", train_samples},
            {"validation_samples", validation_samples},
            {"train_loss", history.last().train.loss},
            {"validation_loss", history.last().validation.loss},
            {"seconds", seconds},
            {"samples_per_second", epochs * static_cast<double>(train_samples) / std::max(seconds, 1e-9)},
            {"parameters", Model::parameter_count},
            {"threads", threads},
            {"seed", options.seed}};
  }

  void write_metrics(const nlohmann::ordered_json& metrics) const {
    ec::write_file(path("metrics.json"), std::string_view(metrics.dump(2) + '\n'));
    print(ec::message("wrote ", path("metrics.json").string(), '\n'));
  }
};

}  // namespace example
