// SPDX-License-Identifier: MIT
// Anomalies in time series: a model of what is normal restores the rest badly. What it finds stands beside what methods without
// training find.
#include <nlohmann/json.hpp>
#include <numbers>

#include "common/example.hpp"
#include <eigencoder/data/csv.hpp>
#include <eigencoder/data/time_series.hpp>
#include <eigencoder/data/windows.hpp>
#include <eigencoder/tasks/nearest.hpp>
#include <eigencoder/tasks/pca.hpp>
#include <eigencoder/tasks/ranking_metrics.hpp>

namespace ec = eigencoder;
using ec::Index;
using Eigen::MatrixXd, Eigen::MatrixXf, Eigen::VectorXd, Eigen::VectorXi;

constexpr ec::Shape heartbeat = ec::sequence(96, 1), pressure = ec::sequence(128, 1);

template <template <Index, auto...> class Layer, ec::Shape In>
using Recurrent = ec::Autoencoder<ec::Encoder<In, Layer<32>>, ec::Decoder<ec::features(32), ec::RepeatVector<In.width>,
                                                                          Layer<32, ec::Returns::sequence>, ec::Conv1D<1, 1>>>;

template <Index Code, ec::Shape In>
using ConvDecoder =
    ec::Decoder<ec::features(Code), ec::Dense<In.width / 4 * 16>, ec::ReLU, ec::Reshape<ec::sequence(In.width / 4, 16)>,
                ec::ConvTranspose1D<16, 5, 2>, ec::ReLU, ec::ConvTranspose1D<1, 5, 2>>;
template <ec::Shape In>
using Convolutional =
    ec::Autoencoder<ec::Encoder<In, ec::Conv1D<16, 5, 2>, ec::ReLU, ec::Conv1D<16, 5, 2>, ec::ReLU, ec::Dense<8>>,
                    ConvDecoder<8, In>>;
template <ec::Shape In>
using Variational = ec::VariationalAutoencoder<ec::Encoder<In, ec::Conv1D<16, 5, 2>, ec::ReLU, ec::Conv1D<16, 5, 2>, ec::ReLU>,
                                               ec::Latent<8>, ConvDecoder<8, In>>;

struct Settings {
  double variance = 0.05, quantile = 0.99;
};

/// Windows to learn from, and a series in which to find what they do not tell of.
struct Data {
  MatrixXf train, validation, test;  ///< a window a column
  ec::Standardizer<float> scaler;    ///< of their values, by those of training
  double rate = 1;                   ///< steps of a window in a unit of time
  VectorXd time, series;             ///< what is searched, to draw it
  VectorXi labels;                   ///< of heartbeats: 0 normal, 1 extrasystole, 2 between the two; of steps: 1 in the anomaly
  std::vector<double> begin;         ///< of each heartbeat
  std::vector<std::array<double, 2>> spans = {};  ///< times of what is labelled 1
};

/// All values of windows of one channel in a row, for a scaler of one feature.
Eigen::Map<MatrixXf> in_a_row(MatrixXf& windows) { return {windows.data(), 1, windows.size()}; }

/// Takes normal windows for training, the last tenth for validation, and scales all.
void prepare(MatrixXf normal, Index limit, Data& data) {
  if (limit > 0 && limit < normal.cols()) normal.conservativeResize(Eigen::NoChange, limit);
  if (normal.cols() < 20)
    throw ec::OptionError(ec::message("--limit: expected at least 20 windows to learn from, found ", normal.cols()));
  const Index held_out = normal.cols() / 10;
  data.validation = normal.rightCols(held_out);
  data.train = normal.leftCols(normal.cols() - held_out);
  data.scaler.fit(in_a_row(data.train));
  for (MatrixXf* windows : {&data.train, &data.validation, &data.test}) data.scaler.apply(in_a_row(*windows));
}

constexpr double ecg_rate = 360, before_peak = 64 / ecg_rate, after_peak = 128 / ecg_rate;  // samples a second; seconds

Data load_heartbeats(const example::Options& options) {
  const ec::TimeSeriesSet<float> first = ec::read_ts(options.data / "ECGBeats_TRAIN.ts.gz"),
                                 second = ec::read_ts(options.data / "ECGBeats_TEST.ts.gz");
  const ec::Dataset<float> ecg = ec::load_csv(options.data / "ecg.csv.gz"),
                           peaks = ec::load_csv(options.data / "ecg_beats.csv.gz", {.label = "class"});
  if (first.samples.rows() != heartbeat.size() || second.samples.rows() != heartbeat.size()) {
    throw ec::ShapeError(ec::message("ECGBeats: expected heartbeats of ", heartbeat.width, " steps, found ", first.steps,
                                     " and ", second.steps));
  }
  std::vector<Index> sound;  // the beats that the other files have, in the same order
  for (Index j = 0; j < peaks.size(); ++j) {
    if (peaks.class_names[static_cast<std::size_t>(peaks.labels[j])] != "disturbed") sound.push_back(j);
  }
  if (std::ssize(sound) != first.size() + second.size()) {
    throw ec::FileError(ec::message("ecg_beats.csv.gz: expected ", first.size() + second.size(),
                                    " beats that are not disturbed, as many as of ECGBeats, found ", sound.size()));
  }

  Data data;
  data.rate = ecg_rate / 2;
  std::vector<Index> normal;
  for (Index j = 0; j < first.size(); ++j) {
    if (first.classes[static_cast<std::size_t>(first.labels[j])] == "normal") normal.push_back(j);
  }
  data.test = second.samples;
  data.labels = VectorXi::Constant(second.size(), 2);
  for (Index j = 0; j < second.size(); ++j) {
    const std::string& name = second.classes[static_cast<std::size_t>(second.labels[j])];
    const double peak = peaks.samples(0, sound[static_cast<std::size_t>(first.size() + j)]) / ecg_rate;
    if (name == "normal") data.labels[j] = 0;
    if (name == "extrasystole") data.labels[j] = 1;
    data.begin.push_back(peak - before_peak);
    if (data.labels[j] == 1) data.spans.push_back({peak - before_peak, peak + after_peak});
  }
  const Index from = static_cast<Index>(data.begin.front() * ecg_rate), steps = (ecg.size() - from) / 2;
  data.time = VectorXd::LinSpaced(steps, static_cast<double>(from), static_cast<double>(from + 2 * (steps - 1))) / ecg_rate;
  data.series = ecg.samples.row(0).tail(2 * steps).reshaped(2, steps).row(0).transpose().cast<double>();
  prepare(first.samples(Eigen::all, normal), options.limit, data);
  return data;
}

Data load_pressure(const example::Options& options) {
  const ec::CsvOptions columns{.label = "is_anomaly", .columns = {"value"}};
  const MatrixXf train = ec::load_csv(options.data / "InternalBleeding16_TRAIN.csv.gz", columns).samples;
  const ec::Dataset<float> whole = ec::load_csv(options.data / "InternalBleeding16_TEST.csv.gz", columns);
  // The test series begins with that of training, in which there is nothing to find.
  const Index seen = train.cols() < whole.size() && whole.samples.leftCols(train.cols()) == train ? train.cols() : 0;
  const MatrixXf test = whole.samples.rightCols(whole.size() - seen);

  Data data;
  const ec::WindowOptions every{.length = pressure.width};
  data.test = ec::windows(test, every);
  data.labels = whole.labels.tail(test.cols());
  data.series = test.row(0).transpose().cast<double>();
  data.time = VectorXd::LinSpaced(test.cols(), static_cast<double>(seen), static_cast<double>(whole.size() - 1));
  for (Index i = 0; i < data.labels.size(); ++i) {
    if (data.labels[i] != 1) continue;
    if (i == 0 || data.labels[i - 1] != 1) data.spans.push_back({data.time[i], 0});
    data.spans.back()[1] = data.time[i];
  }
  prepare(ec::windows(train, every), options.limit, data);
  return data;
}

/// The value that this part of all values does not exceed.
double quantile(VectorXd values, double part) {
  const auto place = static_cast<Index>(std::round(part * static_cast<double>(values.size() - 1)));
  std::nth_element(values.data(), values.data() + place, values.data() + values.size());
  return values[place];
}

// Squared errors of the steps of windows, steps × N, and scores of windows, N.
MatrixXf squared_errors(const MatrixXf& x, const MatrixXf& reconstructions) { return (x - reconstructions).array().square(); }
VectorXd means(const MatrixXf& errors) { return errors.colwise().mean().transpose().cast<double>(); }
VectorXd neighbour_distances(const MatrixXf& train, const MatrixXf& x) {
  return ec::nearest(train, x, 5).distances.colwise().mean().transpose().cast<double>();
}

/// What each method reaches.
class Table {
 public:
  using Figures = std::vector<std::pair<std::string, double>>;

  void add(const std::string& method, const Figures& figures) {
    if (text_.empty()) {
      text_ = ec::message("\n ", std::string(30, ' '));
      for (const auto& figure : figures) text_ += ec::message(std::string(18 - figure.first.size(), ' '), figure.first);
      text_ += '\n';
    }
    text_ += ec::message(' ', method, std::string(30 - method.size(), ' '));
    nlohmann::ordered_json row{{"method", method}};
    for (const auto& [name, value] : figures) {
      char field[32];
      std::snprintf(field, sizeof field, value > 1 ? "%18.0f" : "%18.4f", value);
      text_ += field;
      row[name] = value;
    }
    text_ += '\n';
    metrics_.push_back(row);
  }
  const std::string& text() const { return text_; }
  const nlohmann::ordered_json& metrics() const { return metrics_; }

 private:
  std::string text_;
  nlohmann::ordered_json metrics_ = nlohmann::ordered_json::array();
};

/// What a threshold finds, and what of the others it takes for an anomaly.
std::string found(const VectorXi& labels, const VectorXd& scores, double threshold) {
  const auto above = [&](int label) { return (labels.array() == label && scores.array() > threshold).count(); };
  return ec::message(above(1), " of ", (labels.array() == 1).count(), " anomalies, and ", above(0), " of ",
                     (labels.array() == 0).count(), " others");
}

/// A trained model, whatever its type.
struct Trained {
  std::string name;
  std::function<MatrixXf(const MatrixXf&)> reconstruct;
  std::function<MatrixXf(Index)> sample = {};
};

/// Scores of heartbeats.
void find_extrasystoles(const example::Program& program, const Data& data, const Trained& model, double part,
                        nlohmann::ordered_json& metrics) {
  std::vector<Index> clear;  // extrasystoles or normal
  for (Index j = 0; j < data.labels.size(); ++j) {
    if (data.labels[j] != 2) clear.push_back(j);
  }
  const VectorXi of_clear = data.labels(clear), unusual = (data.labels.array() > 0).cast<int>();
  Table table;
  const auto add = [&](const std::string& method, const VectorXd& scores) {
    const VectorXd clear_scores = scores(clear);
    table.add(method, {{"AUC", ec::roc_auc_score(of_clear, clear_scores)},
                       {"AP", ec::average_precision_score(of_clear, clear_scores)},
                       {"AUC, all unusual", ec::roc_auc_score(unusual, scores)},
                       {"AP, all unusual", ec::average_precision_score(unusual, scores)}});
  };
  const VectorXd scores = means(squared_errors(data.test, model.reconstruct(data.test)));
  add(model.name, scores);
  add("distance to the mean beat",
      means(squared_errors(data.test, data.train.rowwise().mean().replicate(1, data.test.cols()))));
  for (const Index components : {2, 8}) {
    add(ec::message("PCA residual, ", components, " components"),
        means(squared_errors(data.test, ec::PCA::fit(data.train, components).reconstruct(data.test))));
  }
  add("distance to 5 neighbours", neighbour_distances(data.train, data.test));
  const double threshold = quantile(means(squared_errors(data.train, model.reconstruct(data.train))), part);
  program.print(table.text() + ec::message("\nabove the ", part, " quantile of the scores of training, ", threshold, ": ",
                                           found(data.labels, scores, threshold), "\n\n"));
  metrics["methods"] = table.metrics();
  metrics["threshold"] = threshold;
  program.write_metrics(metrics);

  VectorXd score_of_step = VectorXd::Constant(data.time.size(), std::nan(""));
  for (std::size_t j = 0; j < data.begin.size(); ++j) {
    for (Index i = 0; i < data.time.size(); ++i) {
      if (data.time[i] >= data.begin[j] && data.time[i] < data.begin[j] + before_peak + after_peak)
        score_of_step[i] = scores[static_cast<Index>(j)];
    }
  }
  std::vector<example::Panel> panels;
  const auto steps = static_cast<Index>(25 * data.rate);
  for (Index first = 0; first + steps <= data.time.size() && panels.size() < 8; first += steps) {
    const VectorXd time = data.time.segment(first, steps);
    panels.push_back(
        {"ECG in mV over seconds, extrasystoles shaded", time, {{"ECG", data.series.segment(first, steps)}}, data.spans});
    panels.push_back({"score of each heartbeat",
                      time,
                      {{"score", score_of_step.segment(first, steps)}, {"threshold", VectorXd::Constant(steps, threshold)}},
                      data.spans,
                      true});
  }
  program.plot_panels("scores.png", panels, 1, 1400, 150);
}

/// Scores of steps: the mean over the windows that hold a step, of the squared error there or of that of the whole window.
void find_anomaly(const example::Program& program, const Data& data, const Trained& model, double part,
                  nlohmann::ordered_json& metrics) {
  const ec::WindowOptions every{.length = pressure.width};
  const auto by_step = [&](const MatrixXf& errors) -> VectorXd {
    return ec::overlap_mean(errors, every).row(0).transpose().cast<double>();
  };
  const auto by_window = [&](const VectorXd& scores) -> VectorXd {
    return by_step(scores.cast<float>().transpose().replicate(pressure.width, 1));
  };
  const auto add_figures = [&](Table::Figures& figures, const std::string& kind, const VectorXd& scores) {
    Index peak = 0;
    scores.maxCoeff(&peak);
    figures.insert(figures.end(), {{"AUC, " + kind, ec::roc_auc_score(data.labels, scores)},
                                   {"AP, " + kind, ec::average_precision_score(data.labels, scores)},
                                   {"peak, " + kind, data.time[peak]}});
  };
  Table table;
  const auto add = [&](const std::string& method, const MatrixXf& reconstructions) {
    const MatrixXf errors = squared_errors(data.test, reconstructions);
    Table::Figures figures;
    add_figures(figures, "windows", by_window(means(errors)));
    add_figures(figures, "steps", by_step(errors));
    table.add(method, figures);
  };
  const MatrixXf reconstructions = model.reconstruct(data.test);
  add(model.name, reconstructions);
  add("distance to the mean window", data.train.rowwise().mean().replicate(1, data.test.cols()));
  for (const Index components : {4, 8, 16}) {
    add(ec::message("PCA residual, ", components, " components"), ec::PCA::fit(data.train, components).reconstruct(data.test));
  }
  Table::Figures of_neighbours;
  add_figures(of_neighbours, "windows", by_window(neighbour_distances(data.train, data.test)));
  table.add("distance to 5 neighbours", of_neighbours);

  const VectorXd scores = by_window(means(squared_errors(data.test, reconstructions)));
  const double threshold = quantile(by_window(means(squared_errors(data.train, model.reconstruct(data.train)))), part);
  program.print(table.text());
  for (const auto& [from, to] : data.spans) program.print(ec::message("the anomaly is in the steps ", from, " to ", to, '\n'));
  program.print(ec::message("steps above the ", part, " quantile of the scores of training, ", threshold, ": ",
                            found(data.labels, scores, threshold), "\n\n"));
  metrics["methods"] = table.metrics();
  metrics["threshold"] = threshold;
  program.write_metrics(metrics);

  std::vector<example::Panel> panels;
  const auto add_panels = [&](Index first, Index steps) {
    const VectorXd time = data.time.segment(first, steps);
    panels.push_back({"arterial pressure over steps, the anomaly shaded",
                      time,
                      {{"pressure", data.series.segment(first, steps)}},
                      data.spans});
    panels.push_back({"score of each step",
                      time,
                      {{"score", scores.segment(first, steps)}, {"threshold", VectorXd::Constant(steps, threshold)}},
                      data.spans,
                      true});
  };
  add_panels(0, data.time.size());
  if (!data.spans.empty()) {
    const Index first = std::max<Index>(static_cast<Index>(data.spans[0][0] - data.time[0]) - 400, 0);
    add_panels(first, std::min<Index>(800, data.time.size() - first));
  }
  program.plot_panels("scores.png", panels, 1, 1400, 180);
}

/// The mean of |DFT|² / T over windows, without frequency 0: at k / T of the rate, k = 1 … T / 2.
VectorXd power_spectrum(const MatrixXd& windows) {
  const Index T = windows.rows(), bins = T / 2;
  VectorXd power(bins);
  for (Index k = 1; k <= bins; ++k) {
    const Eigen::ArrayXd angle = Eigen::ArrayXd::LinSpaced(T, 0, static_cast<double>(T - 1)) *
                                 (2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(T));
    power[k - 1] = ((angle.cos().matrix().transpose() * windows).squaredNorm() +
                    (angle.sin().matrix().transpose() * windows).squaredNorm()) /
                   static_cast<double>(T * windows.cols());
  }
  return power;
}

/// New heartbeats beside real ones: as many of both, a few of them drawn, and what they have in the mean.
void compare_generated(const example::Program& program, const Data& data, const Trained& model, double variance,
                       nlohmann::ordered_json& metrics) {
  struct Set {
    std::string name;
    MatrixXd windows;
    VectorXd mean, deviation, power;
  };
  std::vector<Set> sets;
  const auto add = [&](const char* name, MatrixXf windows) {
    data.scaler.invert(in_a_row(windows));
    const MatrixXd x = windows.cast<double>();
    const VectorXd mean = x.rowwise().mean();
    sets.push_back({name, x, mean,
                    (x.colwise() - mean).rowwise().squaredNorm().cwiseSqrt() / std::sqrt(static_cast<double>(x.cols())),
                    power_spectrum(x)});
  };
  const MatrixXf drawn = model.sample(data.train.cols());
  const MatrixXf noise = ec::normal_codes(drawn.rows(), drawn.cols(), ec::Seed{program.options.seed + 1}) *
                         static_cast<float>(std::sqrt(variance));
  add("real", data.train);
  add("generated", drawn);
  add("with noise", drawn + noise);

  const Index T = data.train.rows(), bins = T / 2;
  std::string text =
      "new heartbeats beside real ones, in mV; power at frequencies up to 9, 30 and 90 Hz\n"
      "                   mean deviation   off in the mean          power\n";
  for (const Set& set : sets) {
    const double off = std::sqrt((set.mean - sets[0].mean).squaredNorm() / static_cast<double>(T));
    const std::array<double, 3> power{set.power.head(bins / 9).sum(), set.power.segment(bins / 9, bins / 3 - bins / 9).sum(),
                                      set.power.tail(bins - bins / 3).sum()};
    char line[160];
    std::snprintf(line, sizeof line, " %-16s %16.4f %17.4f   %12.4g %12.4g %12.4g\n", set.name.c_str(), set.deviation.mean(),
                  off, power[0], power[1], power[2]);
    text += line;
    metrics["generated"].push_back(
        {{"set", set.name}, {"deviation", set.deviation.mean()}, {"off_in_the_mean", off}, {"power", power}});
  }
  program.print('\n' + text);

  std::vector<example::Panel> panels;
  const VectorXd time = VectorXd::LinSpaced(T, 0, static_cast<double>(T - 1)) / data.rate;
  for (const Set& set : sets) {
    for (Index j = 0; j < 4; ++j) panels.push_back({set.name, time, {{"", set.windows.col(j * (set.windows.cols() / 4))}}});
  }
  example::Panel mean{"mean", time, {}}, deviation{"deviation", time, {}},
      power{"power over frequency",
            VectorXd::LinSpaced(bins, 1, static_cast<double>(bins)) * data.rate / static_cast<double>(T),
            {}};
  power.logarithmic = true;
  for (const Set& set : sets) {
    mean.lines.push_back({set.name, set.mean});
    deviation.lines.push_back({set.name, set.deviation});
    power.lines.push_back({set.name, set.power});
  }
  panels.insert(panels.end(), {mean, deviation, power});
  program.plot_panels("generated.png", panels, 4, 320, 200);
}

template <class Model, class Objective>
void train(const example::Program& program, const std::string& name, const Settings& settings, const Objective& objective) {
  const example::Options& options = program.options;
  if (!(settings.quantile > 0 && settings.quantile < 1)) {
    throw ec::OptionError(ec::message("--quantile: expected a number between 0 and 1, found ", settings.quantile));
  }
  constexpr bool beats = Model::input == heartbeat;
  const Data data = beats ? load_heartbeats(options) : load_pressure(options);
  Model model{ec::Seed{options.seed}};
  program.print(ec::summary(model) + '\n');
  ec::Trainer trainer{model, objective, ec::Adam{.learning_rate = options.learning_rate}, options.trainer()};
  const ec::History history = program.fit(trainer, model, data.train, options.fit(data.validation));

  auto metrics = program.metrics(history, data.train.cols(), data.validation.cols(), Model::parameter_count, trainer.threads());
  Trained trained{.name = name, .reconstruct = [&](const MatrixXf& x) -> MatrixXf { return model.reconstruct(x); }};
  if constexpr (requires { Model::latent; }) {
    trained.sample = [&](Index count) -> MatrixXf { return model.sample(count, ec::Seed{options.seed}); };
    compare_generated(program, data, trained, settings.variance, metrics);
  }
  if (beats) {
    find_extrasystoles(program, data, trained, settings.quantile, metrics);
  } else {
    find_anomaly(program, data, trained, settings.quantile, metrics);
  }
  program.plot("loss.png", {{"", history}}, "objective");
}

int main(int argc, char** argv) {
  example::Program program("11_time_series",
                           "Learns what is normal in a time series, and finds what is not by its reconstruction.");
  program.describe_data("folder of the files of data/time_series");
  program.options.data = "data/time_series";
  program.options.epochs = 0;
  program.options.batch_size = 16;
  program.options.learning_rate = 2e-3;
  std::string model = "conv", set = "ecg";
  Settings settings;
  program.add_choice("--model", model, {"lstm", "gru", "conv", "vae"},
                     "recurrent layers, convolutions over time, or these with a code of which new heartbeats are drawn (gru "
                     "and vae: of ecg alone)");
  program.add_choice("--set", set, {"ecg", "ucr135"},
                     "heartbeats, among them extrasystoles; or arterial pressure, with one anomaly (UCR anomaly archive, no. "
                     "135). --epochs is 200 (of vae 1000) or 30 (of lstm 100)");
  program.add_number("--variance", settings.variance,
                     "of --model vae: of a value around what is decoded, where all values have variance 1");
  program.add_number("--quantile", settings.quantile, "of the scores of training, above which a score is taken for an anomaly");

  return program.run(argc, argv, [&] {
    const Index of_ecg = model == "vae" ? 1000 : 200, of_pressure = model == "lstm" ? 100 : 30;
    program.set_defaults("data/time_series", set == "ecg" ? of_ecg : of_pressure, 16);
    const auto is = [&](const char* wanted_set, const char* wanted_model) {
      return set == wanted_set && model == wanted_model;
    };
    constexpr ec::MeanSquaredError error;
    if (is("ecg", "lstm")) return train<Recurrent<ec::LSTM, heartbeat>>(program, model, settings, error);
    if (is("ecg", "gru")) return train<Recurrent<ec::GRU, heartbeat>>(program, model, settings, error);
    if (is("ecg", "conv")) return train<Convolutional<heartbeat>>(program, model, settings, error);
    if (is("ecg", "vae"))
      return train<Variational<heartbeat>>(program, model, settings, ec::Elbo{ec::Gaussian{settings.variance}});
    if (is("ucr135", "lstm")) return train<Recurrent<ec::LSTM, pressure>>(program, model, settings, error);
    if (is("ucr135", "conv")) return train<Convolutional<pressure>>(program, model, settings, error);
    // Fewer networks to compile.
    throw ec::OptionError(ec::message("--set ", set, ": expected --model lstm or conv, found ", model));
  });
}
