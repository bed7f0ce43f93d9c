// SPDX-License-Identifier: MIT
// Finds what every pixel of a picture shows: a network with a Softmax over the classes of each pixel, trained on class numbers.
// Three forms, which differ in how the decoder gets back the detail that the pools of the encoder took away.
#include "common/example.hpp"
#include "common/garment_scenes.hpp"
#include <eigencoder/data/segmentation_folder.hpp>
#include <eigencoder/tasks/class_map.hpp>
#include <nlohmann/json.hpp>

namespace ec = eigencoder;
using ec::Index;

/// CamVid has 11 classes, the scenes 6: of these networks' channels they leave five unused.
constexpr std::size_t classes = 11;
constexpr ec::Shape input = ec::image(64, 64, 3);
using Loss = ec::SparseCategoricalCrossEntropy<classes>;

// Every convolution but the last is normalised over the batch: training then takes a fraction of the steps. BatchNorm has the
// bias.
template <Index Filters>
constexpr ec::Conv2D<Filters, 3, 1, ec::Bias::none> conv;
constexpr ec::BatchNorm norm{.momentum = 0.9};
constexpr ec::ReLU relu;
constexpr ec::MaxPool2D<2> pool;
constexpr ec::UpSample2D<2> up;
constexpr ec::Conv2D<classes, 1> by_pixel;

/// A U-Net: what each pool takes away comes back as further channels, beside what the deeper layers make of it.
auto unet(ec::Seed seed) {
  const auto deepest = ec::skip(pool, conv<48>, norm, relu, conv<32>, norm, relu, up);
  const auto middle = ec::skip(pool, conv<32>, norm, relu, deepest, conv<32>, norm, relu, up);
  const auto outer = ec::skip(pool, conv<32>, norm, relu, middle, conv<16>, norm, relu, up);
  return ec::Network{ec::sequential<input>(conv<16>, norm, relu, outer, conv<16>, norm, relu, by_pixel, ec::Softmax{}), seed};
}

/// SegNet: each pool's counterpart puts values back at the pixels that the pool took them from, of the layers 3, 7 and 11.
auto segnet(ec::Seed seed) {
  return ec::Network{
      ec::sequential<input>(conv<16>, norm, relu, pool, conv<32>, norm, relu, pool, conv<32>, norm, relu, pool, conv<48>, norm,
                            relu, conv<32>, norm, relu, ec::MaxUnpool2D<11, 2>{}, conv<32>, norm, relu, ec::MaxUnpool2D<7, 2>{},
                            conv<16>, norm, relu, ec::MaxUnpool2D<3, 2>{}, conv<16>, norm, relu, by_pixel, ec::Softmax{}),
      seed};
}

/// The same without either: every pixel is repeated.
auto plain(ec::Seed seed) {
  return ec::Network{ec::sequential<input>(conv<16>, norm, relu, pool, conv<32>, norm, relu, pool, conv<32>, norm, relu, pool,
                                           conv<48>, norm, relu, conv<32>, norm, relu, up, conv<32>, norm, relu, up, conv<16>,
                                           norm, relu, up, conv<16>, norm, relu, by_pixel, ec::Softmax{}),
                     seed};
}

using Pictures = ec::SegmentationSet<std::uint8_t>;
struct Task {
  Pictures train, test;
  std::vector<std::string> names;  ///< of the classes
};

/// Scenes of the training garments and others of the test garments, or CamVid's pictures.
Task load(const example::Program& program, Index train_scenes, Index test_scenes) {
  const example::Options& options = program.options;
  const auto limited = [&](Index count) { return options.limit > 0 ? std::min(options.limit, count) : count; };
  if (std::filesystem::is_directory(options.data / "train")) {
    auto [train, test] = ec::load_camvid<std::uint8_t>(options.data, ec::camvid_options(input.height, input.width));
    for (Pictures* set : {&train, &test}) {
      const Index kept = limited(set->size());
      set->samples.conservativeResize(Eigen::NoChange, kept);
      set->masks.conservativeResize(Eigen::NoChange, kept);
    }
    return {train,
            test,
            {"sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist"}};
  }
  const auto [train, test] = program.load();
  return {example::garment_scenes(train, limited(train_scenes), ec::Seed{options.seed}),
          example::garment_scenes(test, limited(test_scenes), ec::Seed{options.seed + 1}), example::scene_classes};
}

/// What a segmentation of the test pictures is worth.
struct Score {
  std::string name;
  double accuracy = 0, mean_iou = 0;
  Eigen::VectorXd iou;  ///< by class; NaN for a class that occurs nowhere
};

Score judge(const std::string& name, const Eigen::MatrixXi& truth, const Eigen::MatrixXi& predicted) {
  const ec::KnownPlaces known = ec::known_places(truth, predicted);
  const ec::ConfusionMatrix counts = ec::confusion_matrix(known.truth, known.predicted, Index{classes});
  return {name, ec::accuracy_score(known.truth, known.predicted), ec::mean_iou(counts), ec::iou_by_class(counts)};
}

/// Which pixels of a picture are above the threshold of their brightness that Otsu's method chooses: the one that leaves the
/// greatest variance between the two sides. Otsu, "A threshold selection method from gray-level histograms", 1979.
Eigen::Array<bool, Eigen::Dynamic, 1> bright(const Eigen::Matrix<std::uint8_t, Eigen::Dynamic, 1>& picture) {
  const Index pixels = picture.size() / 3;
  Eigen::VectorXi brightness(pixels);
  Eigen::VectorXd counts = Eigen::VectorXd::Zero(256);
  for (Index i = 0; i < pixels; ++i) {
    brightness[i] = (picture[3 * i] + picture[3 * i + 1] + picture[3 * i + 2]) / 3;
    ++counts[brightness[i]];
  }
  const double all = static_cast<double>(pixels), sum = Eigen::VectorXd::LinSpaced(256, 0, 255).dot(counts);
  double below = 0, below_sum = 0, best = -1;
  int threshold = 0;
  for (int level = 0; level < 255; ++level) {
    below += counts[level];
    below_sum += level * counts[level];
    if (below == 0 || below == all) continue;
    const double apart = below_sum / below - (sum - below_sum) / (all - below),
                 variance = below * (all - below) * apart * apart;
    if (variance > best) best = variance, threshold = level;
  }
  return brightness.array() > threshold;
}

/// The baseline: bright and dark pixels of each picture are told apart by Otsu's threshold. The most frequent class of the
/// training set has the side on which it is the larger part there; the other side is given what is most frequent on it among
/// the other classes.
Eigen::MatrixXi by_threshold(const Pictures& train, const Pictures& test) {
  Eigen::MatrixXd counts = Eigen::MatrixXd::Zero(static_cast<Index>(classes), 2);
  for (Index j = 0; j < train.size(); ++j) {
    const auto side = bright(train.samples.col(j));
    for (Index i = 0; i < side.size(); ++i) {
      if (train.masks(i, j) >= 0) ++counts(train.masks(i, j), side[i]);
    }
  }
  std::array<Index, 2> class_of{};
  Index common = 0, other = 0;
  counts.rowwise().sum().maxCoeff(&common);
  const Eigen::RowVectorXd share = counts.row(common).array() / counts.colwise().sum().array().max(1);
  const Index common_side = share[1] > share[0] ? 1 : 0;
  Eigen::VectorXd rest = counts.col(1 - common_side);
  rest[common] = -1;
  rest.maxCoeff(&other);
  class_of[static_cast<std::size_t>(common_side)] = common;
  class_of[static_cast<std::size_t>(1 - common_side)] = other;
  Eigen::MatrixXi labels(test.masks.rows(), test.size());
  for (Index j = 0; j < test.size(); ++j) {
    const auto side = bright(test.samples.col(j));
    for (Index i = 0; i < side.size(); ++i) labels(i, j) = static_cast<int>(class_of[side[i] ? 1 : 0]);
  }
  return labels;
}

struct Run {
  Score score;
  ec::History history;
  Eigen::MatrixXi shown;  ///< the first test pictures as the model sees them
  nlohmann::ordered_json metrics;
};

template <class Model>
Run train(const example::Program& program, const std::string& name, bool alone, Model model, const Task& task,
          const Loss& loss) {
  const example::Options& options = program.options;
  program.print(ec::message(name, '\n', ec::summary(model), '\n'));
  const Eigen::MatrixXf numbers = task.train.masks.cast<float>(), test_numbers = task.test.masks.cast<float>();
  const Eigen::MatrixXf test_pictures = task.test.samples.cast<float>() / 255.0F;
  ec::Trainer trainer{model, loss, ec::Adam{.learning_rate = options.learning_rate}, options.trainer()};
  ec::FitOptions<float> fit = options.fit(test_pictures);
  fit.validation_targets = test_numbers;
  const Index steps = options.epochs * ((task.train.size() + options.batch_size - 1) / options.batch_size);
  fit.callbacks = {ec::LearningRate{ec::CosineDecay{.learning_rate = options.learning_rate, .steps = steps}}};
  Run run;
  run.history = program.fit(trainer, model, task.train.samples, numbers, fit, alone ? "" : name);
  Eigen::MatrixXi predicted(task.test.masks.rows(), task.test.size());
  for (Index first = 0; first < task.test.size(); first += 50) {
    const Index count = std::min<Index>(50, task.test.size() - first);
    predicted.middleCols(first, count) = ec::class_map(model.predict(test_pictures.middleCols(first, count)), Index{classes});
  }
  run.score = judge(name, task.test.masks, predicted);
  run.shown = predicted.leftCols(std::min<Index>(10, predicted.cols()));
  run.metrics = program.metrics(run.history, task.train.size(), task.test.size(), Model::parameter_count, trainer.threads());
  return run;
}

nlohmann::ordered_json to_json(const Score& score, const std::vector<std::string>& names) {
  nlohmann::ordered_json json{{"name", score.name}, {"pixel_accuracy", score.accuracy}, {"mean_iou", score.mean_iou}};
  for (std::size_t k = 0; k < names.size(); ++k) {
    const double iou = score.iou[static_cast<Index>(k)];
    if (!std::isnan(iou)) json["iou"][names[k]] = iou;
  }
  return json;
}

std::string table(const std::vector<Score>& scores, const std::vector<std::string>& names) {
  std::string text;
  const auto cell = [&text](const char* format, auto value) {
    char field[64];
    std::snprintf(field, sizeof field, format, value);
    text += field;
  };
  cell("%-11s  accuracy  mean IoU", "");
  for (const std::string& name : names) cell(" %10s", name.c_str());
  for (const Score& score : scores) {
    cell("\n%-11s", score.name.c_str());
    cell("  %8.3f", score.accuracy);
    cell("  %8.3f", score.mean_iou);
    for (std::size_t k = 0; k < names.size(); ++k) {
      const double iou = score.iou[static_cast<Index>(k)];
      std::isnan(iou) ? cell(" %10s", "none") : cell(" %10.3f", iou);
    }
  }
  return text + '\n';
}

int main(int argc, char** argv) {
  example::Program program("15_segmentation", "Trains a network to find what every pixel of a picture shows.");
  example::Options& options = program.options;
  program.describe_data(
      "Fashion-MNIST's folder of IDX files, of whose garments scenes are made, or a folder as CamVid's, whose pictures are "
      "resized to 64 x 64");
  options.epochs = 20;
  options.batch_size = 16;
  options.learning_rate = 4e-3;
  std::string kind = "unet", weighting = "none";
  double train_scenes = 6000, test_scenes = 400;
  bool compare = false;
  program.add_choice("--model", kind, {"unet", "segnet", "plain"},
                     "how the decoder gets detail back: by skips, by the pools' indices, or not at all");
  program.add_flag("--compare", compare, "train all three");
  program.add_choice("--class-weights", weighting, {"none", "balanced"},
                     "balanced: a class counts by the inverse of how often it occurs");
  program.add_number("--train-scenes", train_scenes, "how many scenes are made of the training garments");
  program.add_number("--test-scenes", test_scenes, "and of the test garments");

  return program.run(argc, argv, [&] {
    for (const double count : {train_scenes, test_scenes}) {
      if (count < 1 || count != std::floor(count))
        throw ec::OptionError(ec::message("--train-scenes, --test-scenes: expected whole numbers from 1 on, found ", count));
    }
    const Task task = load(program, static_cast<Index>(train_scenes), static_cast<Index>(test_scenes));
    Loss loss;
    loss.class_weights.fill(1);
    if (weighting == "balanced") loss.class_weights = ec::balanced_class_weights<classes>(task.train.masks);

    std::vector<Score> scores{judge("threshold", task.test.masks, by_threshold(task.train, task.test))};
    std::vector<Run> runs;
    const ec::Seed seed{options.seed};
    const auto one = [&](const std::string& name, auto model) {
      if (compare || kind == name) runs.push_back(train(program, name, !compare, std::move(model), task, loss));
    };
    one("unet", unet(seed));
    one("segnet", segnet(seed));
    one("plain", plain(seed));

    for (const Run& run : runs) scores.push_back(run.score);
    program.print('\n' + table(scores, task.names));
    auto metrics = runs.front().metrics;
    metrics["model"] = runs.front().score.name;
    metrics["class_weights"] = weighting;
    metrics["pixel_accuracy"] = runs.front().score.accuracy;
    metrics["mean_iou"] = runs.front().score.mean_iou;
    metrics["threshold_mean_iou"] = scores.front().mean_iou;
    for (std::size_t k = 0; k < scores.size(); ++k) {
      metrics["scores"].push_back(to_json(scores[k], task.names));
      if (k > 0)
        metrics["scores"].back().update(
            {{"parameters", runs[k - 1].metrics["parameters"]}, {"seconds", runs[k - 1].metrics["seconds"]}});
    }
    program.write_metrics(metrics);

    const Index shown = runs.front().shown.cols();
    std::vector<ec::ImageRow> rows{{"picture", task.test.samples.leftCols(shown)},
                                   {"truth", ec::class_colours(task.test.masks.leftCols(shown))}};
    std::vector<example::Curve> curves;
    for (const Run& run : runs) {
      rows.push_back({run.score.name, ec::class_colours(run.shown)});
      curves.push_back({run.score.name, run.history});
    }
    program.write("segmented.png", rows, input);
    program.plot("loss.png", curves, "cross-entropy of a pixel");
  });
}
