// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <eigencoder/eigencoder.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

// What the examples share: options, the images, and what is written to --out.
namespace example {

namespace ec = eigencoder;
using ec::Index;

struct Options {
  std::filesystem::path data = "data/fashion-mnist", out;
  Index epochs = 10, batch_size = 256, limit = 0;
  std::uint64_t seed = 42;
  std::size_t threads = 0;
  double learning_rate = 1e-3;
  bool resume = false, quiet = false;
  ec::AnyCommunicator communicator{};  ///< the processes of mpirun, where it has started the program

  ec::TrainerOptions trainer() const { return {.threads = threads, .seed = ec::Seed{seed}, .communicator = communicator}; }

  template <class T>
  ec::FitOptions<T> fit(const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>& validation) const {
    return {.epochs = epochs,
            .batch_size = batch_size,
            .validation = validation,
            .progress = quiet ? ec::Progress::quiet : ec::Progress::automatic};
  }
};

/// A training run to draw. An empty name suits a single one.
struct Curve {
  std::string name;
  ec::History history;
};

/// A series to draw, one value for each place of its panel's axis.
struct Line {
  std::string name;
  Eigen::VectorXd values;
};

/// Series over one axis, with spans of it shaded.
struct Panel {
  std::string title;
  Eigen::VectorXd axis;
  std::vector<Line> lines;
  std::vector<std::array<double, 2>> shaded = {};  ///< from, to
  bool logarithmic = false;                        ///< the values are drawn by their logarithms
};

/// A place on a map of codes, or the corners of a path over it, one a column.
struct Mark {
  std::string name;
  Eigen::MatrixXf places;
};

/// Codes of two values, one a column, to draw.
struct Codes {
  std::string name;
  Eigen::MatrixXf values;
  std::vector<Mark> marks = {};
};

/// What principal component analysis of the training images makes of all: the best that a linear autoencoder can do.
struct LinearFit {
  double train_loss = 0, validation_loss = 0;  ///< mean squared errors
  Index parameters = 0;                        ///< of mean and components
  Eigen::MatrixXf reconstructions;             ///< of the test images
};
LinearFit fit_pca(const ec::Split<float>& data, Index code);

/// An example's command line and its results. The options' values at the time of run() are the defaults. Under mpirun all ranks do
/// the same, but that fit() gives each of them its part of the samples, and that the first alone prints and writes into --out.
class Program {
 public:
  Program(const std::string& name, const std::string& description);
  ~Program();

  Options options;

  /// What --data is, if not images.
  void describe_data(const std::string& text) { data_text_ = text; }

  /// Adds an option that is one of some words.
  void add_choice(const std::string& flag, std::string& value, const std::vector<std::string>& choices, const std::string& text);

  /// Adds an option that is a number.
  void add_number(const std::string& flag, double& value, const std::string& text);

  /// Adds an option that is a file or a folder.
  void add_path(const std::string& flag, std::filesystem::path& value, const std::string& text);

  /// Adds an option that is there or not.
  void add_flag(const std::string& flag, bool& value, const std::string& text);

  /// Parses the command line and runs the example, then writes report.html, which has all that was printed and drawn in one page.
  /// What goes wrong is one line on standard error and exit status 1; after Ctrl-C it is 130.
  int run(int argc, char** argv, const std::function<void()>& body);

  /// Sets --data, --epochs and --batch-size where they were not given: for programs whose defaults depend on another option, and
  /// which have left them empty or 0 before run(), so that --help shows none.
  void set_defaults(const std::filesystem::path& data, Index epochs, Index batch_size);

  /// The images of --data, or the first of them.
  ec::Split<float> load() const;

  /// Trains `model` by its trainer, from the checkpoint in --out on if --resume is given. Ctrl-C ends it after the current step, and
  /// what follows is done with the best weights so far. --out gets checkpoint.safetensors after every epoch and model.safetensors in the
  /// end; where a program trains several models, `name` is in front of both. Samples and options are those of all ranks.
  template <class Trainer, class Model>
  ec::History fit(Trainer& trainer, Model& model, const ec::Samples<float>& all_inputs, const ec::Samples<float>& all_targets,
                  ec::FitOptions<float> fit_options, const std::string& name = "") const {
    const ec::Samples<float> inputs = part(all_inputs), targets = part(all_targets);
    divide(fit_options);
    const std::filesystem::path checkpoint = options.out / prefixed(name, "checkpoint.safetensors");
    // Of several models the later ones may not have begun.
    if (options.resume && (name.empty() || std::filesystem::exists(checkpoint))) trainer.resume(checkpoint);
    const auto done = static_cast<Index>(trainer.epochs());
    if (done > 0) print(ec::message("going on after epoch ", done, " of ", checkpoint.string(), '\n'));
    ec::History history;
    if (done < fit_options.epochs) {
      fit_options.epochs -= done;
      fit_options.callbacks.push_back(ec::ModelCheckpoint{.path = checkpoint});
      fit_options.callbacks.push_back(stop_on_signal());
      history = trainer.fit(inputs, targets, fit_options);
    }
    for (ec::EpochReport& epoch : history.epochs) epoch.epoch += done;
    if (!history.stopped.empty() && history.epochs.empty()) {
      print(ec::message(history.stopped, ", within the first epoch\n"));
    } else if (!history.stopped.empty()) {  // the checkpoint has been written, of the step that it was at
      trainer.restore_best();
      print(ec::message(history.stopped, "; going on with the best weights so far, after epoch ", done + trainer.best_epoch(), '\n'));
    }
    if (history.epochs.empty()) {  // what follows reports the last epoch
      const ec::Samples<float>& validation_targets = fit_options.validation_targets.cols() > 0 ? fit_options.validation_targets : fit_options.validation;
      history.terms = trainer.terms();
      history.epochs.push_back({.epoch = done,
                                .train = trainer.evaluate(inputs, targets),
                                .validation = trainer.evaluate(fit_options.validation, validation_targets),
                                .validated = true});
    }
    ec::save(model, path(prefixed(name, "model.safetensors")));
    record(name, ec::summary(model), history);
    return history;
  }
  template <class Trainer, class Model>
  ec::History fit(Trainer& trainer, Model& model, const ec::Samples<float>& inputs, const ec::FitOptions<float>& fit_options,
                  const std::string& name = "") const {
    return fit(trainer, model, inputs, inputs, fit_options, name);
  }

  /// Those of the samples that are this rank's, a view: what its trainer is given. Of a single process all.
  ec::Samples<float> part(const ec::Samples<float>& all) const;

  /// A file of --out; on a rank that is not the first, of a folder of its own that goes with the program.
  std::filesystem::path path(const std::string& file) const;

  void print(const std::string& text) const;

  /// Writes rows of images as a picture.
  void write(const std::string& file, const std::vector<ec::ImageRow>& rows, ec::Shape shape,
             const ec::GridOptions& grid = {}) const;

  /// Writes the losses of each epoch as a CSV file, and as a picture where gnuplot is installed.
  void plot(const std::string& file, const std::vector<Curve>& curves, const std::string& loss) const;

  /// What the labels of --data mean: the garments of Fashion-MNIST. Empty where only their numbers are known.
  std::vector<std::string> class_names() const;

  /// Writes codes as a CSV file, and as points coloured by class where gnuplot is installed. Names of classes: those of --data.
  void plot_codes(const std::string& file, const std::vector<Codes>& models, const Eigen::VectorXi& labels) const {
    plot_codes(file, models, labels, class_names());
  }
  void plot_codes(const std::string& file, const std::vector<Codes>& models, const Eigen::VectorXi& labels,
                  const std::vector<std::string>& names) const;

  /// Writes series as a CSV file, and where gnuplot is installed as a picture of panels, so many in a row, of a size in pixels each.
  void plot_panels(const std::string& file, const std::vector<Panel>& panels, Index columns, Index width, Index height) const;

  /// The numbers that every example reports.
  nlohmann::ordered_json metrics(const ec::History& history, Index train_samples, Index validation_samples, Index parameters,
                                 std::size_t threads) const;

  /// Writes them. Comes before pictures, which they then outlive if one cannot be written.
  void write_metrics(const nlohmann::ordered_json& metrics) const;
  /// Where there are no others.
  void write_metrics(const ec::History& history, Index train_samples, Index validation_samples, Index parameters,
                     std::size_t threads) const;

 private:
  void divide(ec::FitOptions<float>& options) const;
  /// Throws if --out cannot be written to: before the training rather than after it.
  void try_out() const;
  /// "deep, code 16" and "model.safetensors" → "deep-code-16-model.safetensors"
  static std::string prefixed(const std::string& name, const std::string& file);

  void write_report() const;
  ec::Callback stop_on_signal() const;
  /// Keeps what the report will show of a training run.
  void record(const std::string& name, const std::string& summary, const ec::History& history) const;

  struct State;  ///< the command line, and what the report will show
  std::string name_, data_text_ = "folder of IDX files: the images shipped here, all of Fashion-MNIST, or MNIST";
  std::unique_ptr<State> state_;
};

}  // namespace example
