// SPDX-License-Identifier: MIT
// Anomalies among images and in tables: an autoencoder that has seen normal samples alone restores others badly. A detector
// holds it together with what a decision takes: the scaler, scores of normal samples that were put aside, and a threshold.
#include "common/example.hpp"
#include <eigencoder/data/csv.hpp>
#include <eigencoder/tasks/anomaly.hpp>
#include <eigencoder/tasks/nearest.hpp>
#include <eigencoder/tasks/pca.hpp>
#include <eigencoder/tasks/ranking_metrics.hpp>
#include <nlohmann/json.hpp>

namespace ec = eigencoder;
using ec::Index;
using Eigen::MatrixXf, Eigen::VectorXd, Eigen::VectorXi;

constexpr Index image_code = 16, table_code = 3;

using Images = ec::Autoencoder<ec::Encoder<ec::image(28, 28), ec::Dense<128>, ec::ReLU, ec::Dense<image_code>>,
                               ec::Decoder<ec::features(image_code), ec::Dense<128>, ec::ReLU, ec::Dense<784>, ec::Sigmoid>>;
using VariationalImages =
    ec::VariationalAutoencoder<ec::Encoder<ec::image(28, 28), ec::Dense<128>, ec::ReLU>, ec::Latent<image_code>,
                               ec::Decoder<ec::features(image_code), ec::Dense<128>, ec::ReLU, ec::Dense<784>, ec::Sigmoid>>;
using Table = ec::Autoencoder<ec::Encoder<ec::features(9), ec::Dense<32>, ec::Tanh, ec::Dense<table_code>>,
                              ec::Decoder<ec::features(table_code), ec::Dense<32>, ec::Tanh, ec::Dense<9>>>;

struct Settings {
  double rate = 0.05, calibration = 0.2;
  Index seeds = 1;
};

/// Normal samples to learn from, and samples among which to find the others.
struct Data {
  std::string name;
  MatrixXf normal, test;
  VectorXi labels;  ///< of the test samples: 1 for an anomaly
  std::vector<std::string> features = {};
};

MatrixXf select(const MatrixXf& samples, const VectorXi& labels, int label) {
  std::vector<Index> columns;
  for (Index j = 0; j < labels.size(); ++j) {
    if (labels[j] == label) columns.push_back(j);
  }
  return samples(Eigen::all, columns);
}

/// The images without one class, which is the anomaly.
Data without_class(const ec::Split<float>& images, int anomaly, const std::vector<std::string>& names) {
  const auto known = static_cast<std::size_t>(anomaly);
  Data data;
  data.name = known < names.size() ? names[known] : ec::message("class ", anomaly);
  data.normal = select(images.train.samples, (images.train.labels.array() == anomaly).cast<int>(), 0);
  data.test = images.test.samples;
  data.labels = (images.test.labels.array() == anomaly).cast<int>();
  return data;
}

/// Half of the normal rows to learn from, drawn by the seed; all others to be judged.
Data load_shuttle(const example::Options& options, std::uint64_t seed) {
  const ec::Dataset<float> rows = ec::load_csv(options.data / "shuttle.csv.gz", {.label = "anomaly"});
  if (rows.samples.rows() != Table::input.size() || rows.class_names.size() > 2 || rows.labels.maxCoeff() > 1) {
    throw ec::FileError(ec::message((options.data / "shuttle.csv.gz").string(), ": expected ", Table::input.size(),
                                    " columns and labels 0 and 1, found ", rows.samples.rows(), " columns and labels up to ",
                                    rows.labels.maxCoeff()));
  }
  std::vector<Index> normal, test;
  for (Index j = 0; j < rows.size(); ++j) (rows.labels[j] == 0 ? normal : test).push_back(j);
  const ec::Random random(ec::Seed{seed}, 0, 0);
  for (Index i = std::ssize(normal) - 1; i > 0; --i) {
    std::swap(normal[static_cast<std::size_t>(i)], normal[static_cast<std::size_t>(random.below(i + 1, 0, i))]);
  }
  const auto half = normal.begin() + std::ssize(normal) / 2;
  test.insert(test.end(), half, normal.end());
  normal.erase(half, normal.end());
  if (options.limit > 0 && options.limit < std::ssize(normal)) normal.resize(static_cast<std::size_t>(options.limit));
  Data data{.name = "Shuttle",
            .normal = rows.samples(Eigen::all, normal),
            .test = rows.samples(Eigen::all, test),
            .labels = rows.labels(test),
            .features = rows.feature_names};
  return data;
}

/// What one score makes of the test samples.
struct Method {
  std::string name;
  VectorXd scores;
  double auc = 0, precision = 0;
};
Method judged(const std::string& name, const Data& data, const VectorXd& scores) {
  return {name, scores, ec::roc_auc_score(data.labels, scores), ec::average_precision_score(data.labels, scores)};
}

VectorXd means(const MatrixXf& values) { return values.colwise().mean().transpose().cast<double>(); }

/// What needs no network: on the samples that it was trained on, and on the test samples, both scaled.
void add_baselines(std::vector<Method>& methods, const Data& data, const MatrixXf& train, const MatrixXf& test, Index code) {
  const ec::PCA pca = ec::PCA::fit(train, code);
  methods.push_back(
      judged(ec::message("PCA residual, ", code, " components"), data, means((test - pca.reconstruct(test)).array().square())));
  methods.push_back(judged("distance to the mean", data, means((test.colwise() - train.rowwise().mean()).array().square())));
  constexpr Index most = 5000;  // of images: all of them would take minutes
  const Index used = train.rows() > 100 ? std::min(most, train.cols()) : train.cols();
  const std::string some = used < train.cols() ? ec::message(" of ", used) : "";
  methods.push_back(judged("5 nearest neighbours" + some, data, means(ec::nearest(train.leftCols(used), test, 5).distances)));
}

struct Run {
  std::uint64_t seed = 0;
  std::vector<Method> methods;       ///< that of the detector first
  double threshold = 0, alarms = 0;  ///< alarms: the part of the normal test samples above the threshold
  double found = 0;                  ///< of the anomalies
  ec::History history;
  std::size_t threads = 0;
  Index train = 0, validation = 0;
};

/// The scores that a program compares: the detector's own, by which it is trained too, and another of the same model.
template <class First, class Second>
struct Scores {
  First first;
  std::string first_name;
  Second second;
  std::string second_name;
};

template <class First, class Second>
Scores(First, const char*, Second, const char*) -> Scores<First, Second>;  // clang 14 does not deduce it without

/// Trains the detector on the normal samples, and judges the test samples by it and by all that it is compared with.
template <class Detector, class S>
Run detect(const example::Program& program, const Settings& settings, const Data& data, std::uint64_t seed, Detector& detector,
           const S& scores, const std::string& name) {
  const example::Options& options = program.options;
  Run run;
  run.seed = seed;
  MatrixXf learnt_from;
  const auto train = [&](const MatrixXf& scaled) {
    learnt_from = scaled;
    run.validation = std::max<Index>(scaled.cols() / 10, 1);
    run.train = scaled.cols() - run.validation;
    const MatrixXf validation = scaled.rightCols(run.validation), rest = scaled.leftCols(run.train);
    ec::TrainerOptions trainer_options = options.trainer();
    trainer_options.seed = ec::Seed{seed};
    ec::Trainer trainer{detector.model(), scores.first, ec::Adam{.learning_rate = options.learning_rate}, trainer_options};
    run.history = program.fit(trainer, detector.model(), rest, options.fit(validation), name);
    run.threads = trainer.threads();
  };
  // Said before the training rather than after it.
  const auto aside = static_cast<Index>(std::llround(settings.calibration * static_cast<double>(data.normal.cols())));
  if (const Index needed = ec::ConformalCalibration::samples_for(settings.rate); aside < needed) {
    throw ec::OptionError(ec::message("--rate ", settings.rate, ": expected ", needed, " calibration samples or more, found ",
                                      aside, ", a fifth of the normal ones"));
  }
  detector.fit(data.normal, train, {.calibration_fraction = settings.calibration, .seed = ec::Seed{seed}});
  detector.set_threshold(ec::FalseAlarmRate{settings.rate});
  run.threshold = detector.threshold();

  run.methods.push_back(judged(scores.first_name, data, detector.scores(data.test)));
  MatrixXf test = data.test;
  detector.scaler().apply(test);
  ec::AnomalyDetector<std::remove_cvref_t<decltype(detector.model())>, std::remove_cvref_t<decltype(scores.second)>,
                      ec::Unscaled<float>>
      second{detector.model(), scores.second};
  if constexpr (requires { second.fit_codes(learnt_from); }) second.fit_codes(learnt_from);
  run.methods.push_back(judged(scores.second_name, data, second.scores(test)));
  add_baselines(run.methods, data, learnt_from, test, detector.model().code.size());

  const Eigen::ArrayXd above = (run.methods[0].scores.array() > run.threshold).cast<double>(),
                       anomalous = data.labels.cast<double>();
  run.alarms = (above * (1 - anomalous)).sum() / (1 - anomalous).sum();
  run.found = (above * anomalous).sum() / anomalous.sum();
  return run;
}

/// ROC curves, and how the scores of both kinds of samples lie about the threshold.
void draw(const example::Program& program, const Data& data, const Run& run) {
  constexpr Index points = 201, bins = 60;
  example::Panel roc{"true positive rate over false positive rate", VectorXd::LinSpaced(points, 0, 1), {}};
  for (const Method& method : run.methods) {
    if (roc.lines.size() == 4) break;
    const ec::RocCurve curve = ec::roc_curve(data.labels, method.scores);
    VectorXd rate(points);
    for (Index i = 0, k = 0; i < points; ++i) {
      while (k + 1 < curve.false_positive_rate.size() && curve.false_positive_rate[k + 1] <= roc.axis[i]) ++k;
      rate[i] = curve.true_positive_rate[k];
    }
    roc.lines.push_back({method.name, rate});
  }

  const auto logarithm = [](double score) { return std::log10(std::max(score, 1e-12)); };
  const VectorXd scores = run.methods[0].scores.unaryExpr(logarithm);
  const double low = scores.minCoeff(), width = std::max((scores.maxCoeff() - low) / static_cast<double>(bins), 1e-9);
  Eigen::MatrixX2d counts = Eigen::MatrixX2d::Zero(bins, 2);
  for (Index j = 0; j < scores.size(); ++j) {
    counts(std::min(static_cast<Index>((scores[j] - low) / width), bins - 1), data.labels[j]) += 1;
  }
  counts.array().rowwise() /= counts.colwise().sum().array();
  const VectorXd middles = VectorXd::LinSpaced(bins, low + width / 2, low + width * (static_cast<double>(bins) - 0.5));
  program.plot_panels("scores.png",
                      {roc,
                       {"samples over log10(score), alarms shaded",
                        middles,
                        {{"normal", counts.col(0)}, {"anomalies", counts.col(1)}},
                        {{logarithm(run.threshold), middles[bins - 1]}}}},
                      2, 560, 420);
}

/// The test images of the smallest and of the largest scores, over what the model makes of them and where it errs.
template <class Detector>
void write_images(const example::Program& program, const Data& data, const Run& run, const Detector& detector) {
  std::vector<Index> order(static_cast<std::size_t>(data.test.cols()));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<Index>(i);
  std::sort(order.begin(), order.end(), [&](Index a, Index b) { return run.methods[0].scores[a] < run.methods[0].scores[b]; });
  const auto shown = static_cast<std::ptrdiff_t>(std::min<std::size_t>(order.size(), 10));
  std::vector<ec::ImageRow> rows;
  const auto add = [&](const std::string& which, const std::vector<Index>& columns) {
    const MatrixXf images = data.test(Eigen::all, columns), restored = detector.reconstruct(images);
    rows.emplace_back(which, images);
    rows.emplace_back("restored", restored);
    rows.emplace_back("error", (images - restored).cwiseAbs());
  };
  add("least", {order.begin(), order.begin() + shown});
  add("most", {order.rbegin(), order.rbegin() + shown});
  program.write("anomalies.png", rows, ec::image(28, 28));
}

/// The rows of the largest scores, and the features that the model restores worst.
template <class Detector>
std::string blame(const Data& data, const Run& run, const Detector& detector) {
  std::string text = "\nthe rows of the largest scores, and their features of the largest squared errors\n";
  VectorXd scores = run.methods[0].scores;
  for (int k = 0; k < 5; ++k) {
    Index j = 0;
    const double score = scores.maxCoeff(&j);
    scores[j] = -1;
    text += ec::message(" score ", score, ", p-value ", detector.p_value(score),
                        data.labels[j] == 1 ? ", an anomaly:" : ", normal:");
    const auto found = detector.contributions(data.test.col(j));
    for (std::size_t i = 0; i < 3; ++i) {
      text += ec::message(i > 0 ? ", " : " ", data.features[static_cast<std::size_t>(found[i].feature)], " = ",
                          data.test(found[i].feature, j), " (", found[i].error, ')');
    }
    text += '\n';
  }
  return text;
}

/// What runs reach: the AUC of each method, and of the detector its average precision and what its threshold does.
class Results {
 public:
  void add(const std::string& name, const Run& run) {
    if (rows_.empty()) {
      for (const Method& method : run.methods) columns_.push_back(ec::message("AUC, ", method.name));
      columns_.insert(columns_.end(), {ec::message("AP, ", run.methods[0].name), "false alarms", "found"});
    }
    std::vector<double> values;
    for (const Method& method : run.methods) values.push_back(method.auc);
    values.insert(values.end(), {run.methods[0].precision, run.alarms, run.found});
    rows_.emplace_back(name, values);
    nlohmann::ordered_json entry{
        {"name", name}, {"seed", run.seed}, {"threshold", run.threshold}, {"false_alarms", run.alarms}, {"found", run.found}};
    for (const Method& method : run.methods)
      entry["methods"].push_back({{"method", method.name}, {"auc", method.auc}, {"average_precision", method.precision}});
    metrics_.push_back(entry);
  }
  std::vector<double> mean() const {
    std::vector<double> sums(columns_.size());
    for (const auto& entry : rows_)
      for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += entry.second[i] / static_cast<double>(rows_.size());
    return sums;
  }
  /// A row a run, and the mean; the columns are numbered, and named above.
  std::string text() const {
    std::string text = "\n", numbers;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      text += ec::message(" (", i + 1, ") ", columns_[i], '\n');
      numbers += ec::message(std::string(i < 9 ? 6 : 5, ' '), '(', i + 1, ')');
    }
    text += ec::message('\n', std::string(24, ' '), numbers, '\n');
    for (const auto& [name, values] : rows_) text += row(name, values);
    return rows_.size() > 1 ? text + row("mean", mean()) : text;
  }
  const nlohmann::ordered_json& metrics() const { return metrics_; }

 private:
  static std::string row(const std::string& name, const std::vector<double>& values) {
    std::string text = ec::message(' ', name, std::string(name.size() < 23 ? 23 - name.size() : 1, ' '));
    for (const double value : values) {
      char field[32];
      std::snprintf(field, sizeof field, "%9.4f", value);
      text += field;
    }
    return text + '\n';
  }

  std::vector<std::string> columns_;
  std::vector<std::pair<std::string, std::vector<double>>> rows_;
  nlohmann::ordered_json metrics_;
};

template <class Model, class S>
void study(const example::Program& program, const Settings& settings, const std::vector<int>& tasks, const S& scores,
           const std::function<Data(int, std::uint64_t)>& load) {
  constexpr bool images = Model::input == ec::image(28, 28);
  using Scaler = std::conditional_t<images, ec::Unscaled<float>, ec::Standardizer<float>>;
  program.print(ec::summary(Model{}) + '\n');
  const std::uint64_t first = program.options.seed, last = first + static_cast<std::uint64_t>(settings.seeds) - 1;
  Results results;
  std::vector<example::Curve> curves;
  for (const int task : tasks) {
    for (std::uint64_t seed = first; seed <= last; ++seed) {
      const Data data = load(task, seed);
      const bool alone = tasks.size() == 1 && first == last;
      const std::string name = first == last ? data.name : ec::message(data.name, ", seed ", seed);
      ec::AnomalyDetector<Model, std::remove_cvref_t<decltype(scores.first)>, Scaler> detector{Model{ec::Seed{seed}},
                                                                                               scores.first};
      const Run run = detect(program, settings, data, seed, detector, scores, alone ? "" : name);
      results.add(name, run);
      curves.push_back({alone ? "" : name, run.history});
      if (task != tasks.back() || seed != last) continue;

      // The detector in one file, pictures and blame are of the last run.
      ec::save(detector, program.path("detector.safetensors"), {.texts = {{"normal", "all but " + data.name}}});
      std::string text =
          results.text() +
          ec::message("\nfalse alarms: the part of the normal test samples above the threshold; promised are at most ",
                      settings.rate, ", by ", detector.calibration().size(), " calibration scores\n");
      if constexpr (!images) text += blame(data, run, detector);
      program.print(text);
      auto metrics = program.metrics(run.history, run.train, run.validation, Model::parameter_count, run.threads);
      metrics["promised_false_alarms"] = settings.rate;
      metrics["calibration_samples"] = detector.calibration().size();
      metrics["mean_auc"] = results.mean()[0];
      metrics["mean_false_alarms"] = results.mean()[run.methods.size() + 1];
      metrics["runs"] = results.metrics();
      program.write_metrics(metrics);
      draw(program, data, run);
      if constexpr (images) write_images(program, data, run, detector);
    }
  }
  program.plot("loss.png", curves, "objective");
}

int main(int argc, char** argv) {
  example::Program program("12_anomaly", "Finds anomalies among images and in tables by what a network restores badly.");
  program.describe_data("folder of IDX files, or of shuttle.csv.gz");
  program.options.data.clear();
  program.options.epochs = program.options.batch_size = 0;
  std::string set = "fashion", model = "plain", anomaly = "8";
  Settings settings;
  double seeds = 1;
  bool all = false;
  program.add_choice("--set", set, {"fashion", "shuttle"},
                     "images without one class, or rows of nine sensors of a space shuttle. --epochs is 10 or 30");
  program.add_choice("--anomaly-class", anomaly, {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
                     "the class of images that is the anomaly: it is left out of the training");
  program.add_flag("--all", all, "each class of the images in turn, and the mean");
  program.add_choice("--model", model, {"plain", "variational"},
                     "scores by the reconstruction and by the distance of the code, or (images) by the bounds on -log p(x)");
  program.add_number("--rate", settings.rate, "of false alarms, which the threshold promises");
  program.add_number("--seeds", seeds, "so many runs, each with another seed for weights and calibration samples");

  return program.run(argc, argv, [&] {
    if (!(seeds >= 1 && seeds <= 100 && seeds == std::floor(seeds)))
      throw ec::OptionError(ec::message("--seeds: expected a whole number from 1 to 100, found ", seeds));
    settings.seeds = static_cast<Index>(seeds);
    static_cast<void>(ec::ConformalCalibration::samples_for(settings.rate));
    program.set_defaults(set == "fashion" ? "data/fashion-mnist" : "data/shuttle", set == "fashion" ? 10 : 30, 128);
    const Scores by_reconstruction{ec::MeanSquaredError{}, "reconstruction", ec::CodeDistance{}, "distance of the code"};
    if (set == "shuttle") {
      if (model != "plain" || all) throw ec::OptionError("--set shuttle: expected --model plain without --all");
      return study<Table>(program, settings, {1}, by_reconstruction,
                          [&](int, std::uint64_t seed) { return load_shuttle(program.options, seed); });
    }
    const ec::Split<float> images = program.load();
    if (images.train.shape != ec::image(28, 28))
      throw ec::ShapeError(
          ec::message("expected images of ", to_string(ec::image(28, 28)), ", found ", to_string(images.train.shape)));
    std::vector<int> classes{std::stoi(anomaly)};
    if (all) classes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    const auto without = [&](int one, std::uint64_t) { return without_class(images, one, program.class_names()); };
    if (model == "plain") return study<Images>(program, settings, classes, by_reconstruction, without);
    study<VariationalImages>(
        program, settings, classes,
        Scores{ec::Elbo{ec::Bernoulli{}}, "-ELBO", ec::ImportanceWeighted<16>{}, "importance-weighted bound"}, without);
  });
}
