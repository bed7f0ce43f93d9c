// SPDX-License-Identifier: MIT
// Sequences: an encoder reads one step after the other into a code of 64 numbers, of which a decoder makes the steps again.
#include "common/example.hpp"
#include <eigencoder/data/time_series.hpp>
#include <eigencoder/tasks/classification_metrics.hpp>
#include <eigencoder/tasks/nearest.hpp>
#include <eigencoder/tasks/pca.hpp>
#include <eigencoder/tasks/silhouette.hpp>
#include <nlohmann/json.hpp>

namespace ec = eigencoder;
using ec::Index;
using Eigen::MatrixXf;

constexpr Index code_size = 64;  // of a recurrent layer, and values of a code

/// The code is what the decoder reads at every step. `Layer` is ec::LSTM or ec::GRU.
template <template <Index, auto...> class Layer, ec::Shape In>
using Recurrent = ec::Autoencoder<ec::Encoder<In, Layer<code_size>>,
                                  ec::Decoder<ec::features(code_size), ec::RepeatVector<In.width>,
                                              Layer<code_size, ec::Returns::sequence>, ec::Conv1D<In.channels, 1>>>;

template <ec::Shape In>
using Convolutional = ec::Autoencoder<
    ec::Encoder<In, ec::Conv1D<32, 5, 2>, ec::ReLU, ec::Conv1D<64, 5, 2>, ec::ReLU, ec::Dense<code_size>>,
    ec::Decoder<ec::features(code_size), ec::Dense<In.width / 4 * 64>, ec::ReLU, ec::Reshape<ec::sequence(In.width / 4, 64)>,
                ec::ConvTranspose1D<32, 5, 2>, ec::ReLU, ec::ConvTranspose1D<In.channels, 5, 2>>>;

constexpr ec::Shape image_rows = ec::sequence(28, 28);  // of an image, a step each
constexpr ec::Shape heartbeats = ec::sequence(96, 1);   // millivolts
constexpr ec::Shape utterances = ec::sequence(32, 12);  // of at most 29 steps, and room for the convolutions' strides
static_assert(Recurrent<ec::LSTM, image_rows>::parameter_count == 4 * 64 * (28 + 64 + 2) + 4 * 64 * (64 + 64 + 2) + 28 * 65);

struct Half {
  MatrixXf samples;
  Eigen::VectorXi labels;
  std::vector<Index> lengths = {};  ///< none: all steps

  Index steps(Index j, ec::Shape shape) const { return lengths.empty() ? shape.width : lengths[static_cast<std::size_t>(j)]; }
};

struct Data {
  ec::Shape shape;
  Half train, test;
  std::vector<std::string> classes;
};

/// Half of a set in files, with zeros behind its sequences up to the steps of `shape`.
Half read(const example::Program& program, const std::string& file, ec::Shape shape, std::vector<std::string>& classes) {
  const std::filesystem::path path = program.options.data / file;
  ec::TimeSeriesSet<float> set = ec::read_ts(path);
  if (set.channels != shape.channels || set.steps > shape.width) {
    throw ec::ShapeError(ec::message(path.string(), ": expected at most ", shape.width, " steps of ", shape.channels,
                                     " values, found ", set.steps, " of ", set.channels));
  }
  classes = set.classes;
  const Index limit = program.options.limit, count = limit > 0 ? std::min(limit, set.size()) : set.size();
  set.pad(shape.width);
  Half half{set.samples.leftCols(count), set.labels.head(count)};
  set.lengths.resize(static_cast<std::size_t>(count));
  const auto shorter = [&](Index length) { return length < shape.width; };
  if (std::any_of(set.lengths.begin(), set.lengths.end(), shorter)) half.lengths = std::move(set.lengths);
  return half;
}

Data load(const example::Program& program, ec::Shape shape) {
  Data data{.shape = shape, .train = {}, .test = {}, .classes = {}};
  if (shape == image_rows) {
    ec::Split<float> images = program.load();
    if (images.train.shape.size() != image_rows.size()) {
      throw ec::ShapeError(ec::message("--data: expected images of ", ec::to_string(ec::image(28, 28)), ", found ",
                                       ec::to_string(images.train.shape)));
    }
    data.train = {std::move(images.train.samples), std::move(images.train.labels)};
    data.test = {std::move(images.test.samples), std::move(images.test.labels)};
    data.classes = program.class_names();
  } else {
    const std::string name = shape == heartbeats ? "ECGBeats" : "JapaneseVowels";
    data.train = read(program, name + "_TRAIN.ts.gz", shape, data.classes);
    data.test = read(program, name + "_TEST.ts.gz", shape, data.classes);
    if (shape == utterances) {
      for (std::string& speaker : data.classes) speaker = "speaker " + speaker;
    }
  }
  return data;
}

/// Whether the class that most of the nearest codes of training have is the right one; of classes equally frequent, the
/// nearest.
double neighbours_accuracy(const MatrixXf& train_codes, const MatrixXf& codes, const Data& data) {
  const auto near = ec::nearest(train_codes, codes, std::min<Index>(5, train_codes.cols()));
  Eigen::VectorXi found(codes.cols());
  for (Index j = 0; j < codes.cols(); ++j) {
    std::vector<Index> votes(static_cast<std::size_t>(data.train.labels.maxCoeff()) + 1);
    for (Index k = near.indices.rows() - 1; k >= 0; --k) {
      const int label = data.train.labels[near.indices(k, j)];
      Index& own = votes[static_cast<std::size_t>(label)];
      if (++own >= *std::max_element(votes.begin(), votes.end())) found[j] = label;
    }
  }
  return ec::accuracy_score(data.test.labels, found);
}

/// The mean of each channel over a sequence's own steps: what a code should be better than.
MatrixXf means(const Half& half, ec::Shape shape) {
  MatrixXf all(shape.channels, half.samples.cols());
  for (Index j = 0; j < all.cols(); ++j) {
    all.col(j) = half.samples.col(j).reshaped(shape.channels, shape.width).leftCols(half.steps(j, shape)).rowwise().mean();
  }
  return all;
}

/// Some of the sequences over what is made of their codes: a column of panels each, one for each of the first channels.
void plot(const example::Program& program, const Data& data, const MatrixXf& reconstructions, const std::vector<Index>& shown,
          Index channels) {
  std::vector<example::Panel> panels;
  for (Index channel = 0; channel < channels; ++channel) {
    for (const Index j : shown) {
      const Index steps = data.test.steps(j, data.shape);
      const auto series = [&](const MatrixXf& samples) -> Eigen::VectorXd {
        return samples.col(j)
            .reshaped(data.shape.channels, data.shape.width)
            .row(channel)
            .head(steps)
            .transpose()
            .cast<double>();
      };
      const auto label = static_cast<std::size_t>(data.test.labels[j]);
      panels.push_back({.title = ec::message(data.classes[label], channels > 1 ? ec::message(", channel ", channel + 1) : ""),
                        .axis = Eigen::VectorXd::LinSpaced(steps, 1, static_cast<double>(steps)),
                        .lines = {{"original", series(data.test.samples)}, {"reconstruction", series(reconstructions)}}});
    }
  }
  program.plot_panels("reconstructions.png", panels, channels > 1 ? std::ssize(shown) : 4, 320, 220);
}

/// The first of each class, then the next of each, up to `count`.
std::vector<Index> of_all_classes(const Eigen::VectorXi& labels, std::size_t count) {
  std::vector<std::pair<Index, Index>> order;
  std::vector<Index> seen(static_cast<std::size_t>(labels.maxCoeff()) + 1), chosen;
  for (Index j = 0; j < labels.size(); ++j) order.emplace_back(seen[static_cast<std::size_t>(labels[j])]++, j);
  std::sort(order.begin(), order.end());
  for (const auto& [turn, j] : order) {
    if (chosen.size() < count) chosen.push_back(j);
  }
  return chosen;
}

template <class Model>
void train(const example::Program& program) {
  const example::Options& options = program.options;
  const Data data = load(program, Model::input);
  const auto& [train, test] = std::tie(data.train, data.test);
  Model model{ec::Seed{options.seed}};
  program.print(ec::summary(model) + '\n');

  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = options.learning_rate}, options.trainer()};
  ec::FitOptions<float> fit = options.fit(test.samples);
  fit.lengths = train.lengths;
  fit.validation_lengths = test.lengths;
  const ec::History history = program.fit(trainer, model, train.samples, fit);

  const MatrixXf codes = model.encode(test.samples, test.lengths), train_codes = model.encode(train.samples, train.lengths);
  const double accuracy = neighbours_accuracy(train_codes, codes, data);
  const double of_means = neighbours_accuracy(means(train, data.shape), means(test, data.shape), data);
  program.print(ec::message("\nvalidation MSE ", history.last().validation.loss, "\nclass by the 5 nearest codes: ",
                            100 * accuracy, " % right; by the 5 nearest means over the steps: ", 100 * of_means, " %\n"));
  auto metrics = program.metrics(history, train.samples.cols(), test.samples.cols(), Model::parameter_count, trainer.threads());
  metrics["neighbours_accuracy"] = accuracy;
  metrics["neighbours_accuracy_of_means"] = of_means;
  if (data.shape == utterances) {
    const double silhouette = ec::silhouette_score(codes, test.labels);
    const double silhouette_of_means = ec::silhouette_score(means(test, data.shape), test.labels);
    program.print(
        ec::message("silhouette of the codes by speaker: ", silhouette, "; of the means: ", silhouette_of_means, '\n'));
    metrics["silhouette"] = silhouette;
    metrics["silhouette_of_means"] = silhouette_of_means;
  }
  program.print("\n");
  program.write_metrics(metrics);

  const MatrixXf reconstructions = model.reconstruct(test.samples, test.lengths);
  if (data.shape == image_rows) {
    const Index shown = std::min<Index>(test.samples.cols(), 10);
    program.write("reconstructions.png",
                  {{"original", test.samples.leftCols(shown)}, {"reconstruction", reconstructions.leftCols(shown)}},
                  ec::image(28, 28));
  } else if (data.shape == heartbeats) {
    plot(program, data, reconstructions, of_all_classes(test.labels, 12), 1);
  } else {
    plot(program, data, reconstructions, of_all_classes(test.labels, 5), 3);
  }
  program.plot_codes("codes.png", {{"codes, two principal components", ec::PCA::fit(codes, 2).encode(codes)}}, test.labels,
                     data.classes);
  program.plot("loss.png", {{"", history}}, "mean squared error");
}

int main(int argc, char** argv) {
  example::Program program("10_sequence",
                           "Encodes sequences, by recurrent layers or by convolutions over time, and decodes them.");
  program.describe_data(
      "folder of the files: data/fashion-mnist or another of IDX files for the rows of images, else data/time_series");
  program.options.data = "";
  program.options.epochs = 0;
  program.options.batch_size = 0;
  program.options.learning_rate = 3e-3;
  std::string model = "lstm", set = "rows";
  program.add_choice("--model", model, {"lstm", "gru", "conv"},
                     "recurrent layers (gru: of rows alone), or convolutions over time");
  program.add_choice(
      "--set", set, {"rows", "ecg", "vowels"},
      "rows of images, 28 steps of 28 values; heartbeats, 96 of one; or utterances, 7 to 29 of 12. Of rows, --epochs is 20 and "
      "--batch-size 128, else 150 and 32");

  return program.run(argc, argv, [&] {
    const bool images = set == "rows";
    program.set_defaults(images ? "data/fashion-mnist" : "data/time_series", images ? 20 : 150, images ? 128 : 32);
    const auto is = [&](const char* wanted_set, const char* wanted_model) {
      return set == wanted_set && model == wanted_model;
    };
    if (is("rows", "lstm")) return train<Recurrent<ec::LSTM, image_rows>>(program);
    if (is("rows", "gru")) return train<Recurrent<ec::GRU, image_rows>>(program);
    if (is("rows", "conv")) return train<Convolutional<image_rows>>(program);
    if (is("ecg", "lstm")) return train<Recurrent<ec::LSTM, heartbeats>>(program);
    if (is("ecg", "conv")) return train<Convolutional<heartbeats>>(program);
    if (is("vowels", "lstm")) return train<Recurrent<ec::LSTM, utterances>>(program);
    if (is("vowels", "conv")) return train<Convolutional<utterances>>(program);
    // Fewer networks to compile.
    throw ec::OptionError(ec::message("--set ", set, ": expected --model lstm or conv, found ", model));
  });
}
