// SPDX-License-Identifier: MIT
// What codes learnt without labels are worth: few labels classify them better than raw pixels. Encoders are trained in four
// ways, then judged by classifiers of few labels, by clusters, and by neighbours.
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/example.hpp"
#include <eigencoder/tasks/k_means.hpp>
#include <eigencoder/tasks/k_neighbours.hpp>
#include <eigencoder/tasks/metrics.hpp>
#include <eigencoder/tasks/pca.hpp>

namespace ec = eigencoder;
using ec::Index;
using Eigen::MatrixXf, Eigen::VectorXd, Eigen::VectorXi;

constexpr Index hidden = 512, code = 256, classes = 10;
constexpr ec::Shape picture = ec::image(28, 28);

// One network for all ways of training. Dropout of pixels is masking noise that keeps the brightness; at rate 0 it is none.
using Encoder = ec::Encoder<picture, ec::Dropout, ec::Dense<hidden>, ec::ReLU, ec::Dense<code>, ec::ReLU>;
using Decoder = ec::Decoder<ec::features(code), ec::Dense<hidden>, ec::ReLU, ec::Dense<784>, ec::Sigmoid>;
using Whole = ec::Autoencoder<Encoder, Decoder>;
// Each of its layers with the one that undoes it, to be trained by themselves.
using FirstLayer = ec::Autoencoder<ec::Encoder<picture, ec::Dense<hidden>, ec::ReLU>,
                                   ec::Decoder<ec::features(hidden), ec::Dense<784>, ec::Sigmoid>>;
using SecondLayer = ec::Autoencoder<ec::Encoder<ec::features(hidden), ec::Dense<code>, ec::ReLU>,
                                    ec::Decoder<ec::features(code), ec::Dense<hidden>, ec::ReLU>>;

// Softmax regression on n features, and the encoder as a classifier.
template <Index N>
using Regression = ec::Network<ec::Sequential<ec::features(N), ec::Dense<classes>, ec::Softmax>>;
using Classifier = ec::Network<ec::Sequential<picture, ec::Dropout, ec::Dense<hidden>, ec::ReLU, ec::Dense<code>, ec::ReLU,
                                              ec::Dense<classes>, ec::Softmax>>;

Whole whole(double noise, ec::Seed seed) {
  return {ec::encoder<picture>(ec::Dropout{noise}, ec::Dense<hidden>{}, ec::ReLU{}, ec::Dense<code>{}, ec::ReLU{}), Decoder{},
          seed};
}

struct Settings {
  double noise = 0.5, sparsity = 1e-4, weight_decay = 5e-3;
};

/// How many labels, drawn how often, and how many neighbours vote.
struct Budget {
  Index labels_per_class, draws, neighbours;
};

/// What stands for the images: values, one image a column.
struct Features {
  std::string name;
  Index size;
  MatrixXf train, test;

  /// Around their mean, with a mean length of 10 (root mean square), so that one weight decay suits all.
  Features(const std::string& called, Index values, MatrixXf of_train, MatrixXf of_test)
      : name(called), size(values), train(std::move(of_train)), test(std::move(of_test)) {
    const Eigen::VectorXf mean = train.rowwise().mean();
    train.colwise() -= mean;
    test.colwise() -= mean;
    const float scale = 10 / std::max(std::sqrt(train.colwise().squaredNorm().mean()), 1e-12F);
    train *= scale;
    test *= scale;
  }
};

/// Accuracies on test images: for each budget those of its draws.
struct Row {
  std::string name;
  std::vector<VectorXd> regression, neighbours;
};

struct Trained {
  example::Curve curve;
  nlohmann::ordered_json metrics;
};

/// Trains to restore x.
template <class Model, class Objective>
Trained train(const example::Program& program, const std::string& name, Model& model, const Objective& objective,
              const MatrixXf& x, const MatrixXf& validation, Index epochs) {
  const example::Options& options = program.options;
  program.print('\n' + name + ":\n");
  ec::Trainer trainer{model, objective, ec::Adam{.learning_rate = options.learning_rate}, options.trainer()};
  ec::FitOptions<float> fit = options.fit(validation);
  fit.epochs = epochs;
  const ec::History history = program.fit(trainer, model, x, fit, name);
  return {{name, history}, program.metrics(history, x.cols(), validation.cols(), Model::parameter_count, trainer.threads())};
}

/// The whole, each of whose layers has been trained to restore what the one below makes: Bengio, Lamblin, Popovici and
/// Larochelle, "Greedy layer-wise training of deep networks", 2007.
Whole pretrained(const example::Program& program, const ec::Split<float>& data, Index epochs) {
  const ec::Seed seed{program.options.seed};
  FirstLayer first{seed};
  train(program, "layer 1", first, ec::BinaryCrossEntropy{}, data.train.samples, data.test.samples, epochs);
  SecondLayer second{seed};
  train(program, "layer 2", second, ec::MeanSquaredError{}, first.encode(data.train.samples), first.encode(data.test.samples),
        epochs);
  Whole model = whole(0, seed);
  model.set_layers<1>(first.encoder());
  model.set_layers<3>(second.encoder());
  model.set_layers<5>(second.decoder());
  model.set_layers<7>(first.decoder());
  return model;
}

/// Up to so many images of each class, drawn at random.
std::vector<Index> draw(const VectorXi& labels, Index per_class, ec::Seed seed, Index number) {
  const ec::Random random(seed, static_cast<std::uint64_t>(number), ec::stream(ec::RandomStream::splits));
  std::vector<std::pair<double, Index>> order;
  for (Index j = 0; j < labels.size(); ++j) order.emplace_back(random.uniform(j, 0), j);
  std::sort(order.begin(), order.end());
  std::vector<Index> drawn;
  std::array<Index, classes> count{};
  for (const auto& [key, j] : order)
    if (count[static_cast<std::size_t>(labels[j])]++ < per_class) drawn.push_back(j);
  return drawn;
}

/// The budgets that this many images of each class allow: what is more than all of them is all of them, once.
std::vector<Budget> budgets(const VectorXi& labels) {
  Index most = 0;
  for (int k = 0; k < classes; ++k) most = std::max<Index>(most, (labels.array() == k).count());
  std::vector<Budget> possible;
  for (const Budget& wanted : {Budget{10, 10, 1}, Budget{100, 5, 5}, Budget{1000, 2, 5}}) {
    possible.push_back(wanted);
    if (wanted.labels_per_class < most) continue;
    possible.back().draws = 1;
    return possible;
  }
  return possible;
}

/// Trains a network that ends in a Softmax on labels: so many steps of Adam at a rate that falls to 0. Returns the accuracy.
template <class Model>
double classify(Model model, const MatrixXf& x, const VectorXi& labels, const MatrixXf& test, const VectorXi& truth,
                double weight_decay, double rate, Index batch, Index steps, const example::Options& options) {
  const MatrixXf targets = labels.cast<float>().transpose();
  ec::TrainerOptions alone = options.trainer();
  alone.communicator = {};  // a few labels: each process trains on all of them
  ec::Trainer trainer{model, ec::SparseCategoricalCrossEntropy<>{} + weight_decay * ec::L2Weights{},
                      ec::Adam{.learning_rate = rate}, alone};
  const Index in_epoch = (x.cols() + batch - 1) / batch, epochs = (steps + in_epoch - 1) / in_epoch;
  trainer.fit(x, targets,
              {.epochs = epochs,
               .batch_size = batch,
               .callbacks = {ec::LearningRate{ec::CosineDecay{.learning_rate = rate, .steps = epochs * in_epoch}}},
               .progress = ec::Progress::quiet});
  const MatrixXf probabilities = model.predict(test);
  VectorXi found(test.cols());
  for (Index j = 0; j < found.size(); ++j) probabilities.col(j).maxCoeff(&found[j]);
  return ec::accuracy_score(truth, found);
}

double deviation(const VectorXd& values) {
  const Index degrees = std::max<Index>(1, values.size() - 1);
  return std::sqrt((values.array() - values.mean()).square().sum() / static_cast<double>(degrees));
}

std::string percent(const std::vector<VectorXd>& accuracies, std::size_t budget) {
  if (budget >= accuracies.size()) return std::string(12, ' ');
  char text[40];
  std::snprintf(text, sizeof text, "  %5.1f ±%-3.1f", 100 * accuracies[budget].mean(), 100 * deviation(accuracies[budget]));
  return text;
}

std::string table(const std::vector<Row>& rows, const std::vector<Budget>& possible) {
  std::string heads;
  for (const Budget& budget : possible) {
    char head[32];
    std::snprintf(head, sizeof head, "%7td     ", budget.labels_per_class);
    heads += head;
  }
  std::string text = "\naccuracy in % of test images, mean ± deviation over draws of the labels; labels a class:\n" +
                     std::string(31, ' ') + heads + heads + "\n features                      regression" +
                     std::string(heads.size() - 10, ' ') + "neighbours\n";
  for (const Row& row : rows) {
    text += ' ' + row.name + std::string(30 - row.name.size(), ' ');
    for (std::size_t b = 0; b < possible.size(); ++b) text += percent(row.regression, b);
    for (std::size_t b = 0; b < possible.size(); ++b) text += percent(row.neighbours, b);
    text += '\n';
  }
  return text;
}

nlohmann::ordered_json figures(const std::vector<VectorXd>& accuracies, const std::vector<Budget>& possible) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (std::size_t b = 0; b < accuracies.size(); ++b) {
    all.push_back({{"labels_per_class", possible[b].labels_per_class},
                   {"mean", accuracies[b].mean()},
                   {"deviation", deviation(accuracies[b])},
                   {"accuracies", std::vector<double>(accuracies[b].begin(), accuracies[b].end())}});
  }
  return all;
}

/// In how many of the draws of fewest labels the codes are above raw pixels, and by how many points in the mean.
std::string compared(const Row& codes, const Row& pixels, Index labels_per_class) {
  std::string text = ec::message(' ', codes.name, " above raw pixels at ", labels_per_class, " labels a class:");
  const auto add = [&](const char* classifier, const VectorXd& found, const VectorXd& beside) {
    char part[100];
    std::snprintf(part, sizeof part, " %s in %td of %td draws, by %+.1f in the mean;", classifier,
                  (found.array() > beside.array()).count(), found.size(), 100 * (found.mean() - beside.mean()));
    text += part;
  };
  add("regression", codes.regression[0], pixels.regression[0]);
  add("neighbours", codes.neighbours[0], pixels.neighbours[0]);
  text.back() = '\n';
  return text;
}

/// The part of the nearest training images, of the first test images, that are of the same class.
double precision(const Features& features, const ec::Split<float>& data, Index count) {
  const Index queries = std::min<Index>(1000, features.test.cols());
  const auto found = ec::nearest(features.train, features.test.leftCols(queries), count);
  Index same = 0;
  for (Index j = 0; j < queries; ++j)
    for (Index i = 0; i < count; ++i) same += data.train.labels[found.indices(i, j)] == data.test.labels[j];
  return static_cast<double>(same) / static_cast<double>(count * queries);
}

/// Test images of six classes, each beside the training images that are nearest by code, and those that are nearest by pixels.
void draw_neighbours(const example::Program& program, const ec::Split<float>& data, const Features& codes,
                     const Features& pixels) {
  std::vector<ec::ImageRow> rows;
  std::array<bool, classes> shown{};
  for (Index query = 0; query < data.test.size() && rows.size() < 12; ++query) {
    if (std::exchange(shown[static_cast<std::size_t>(data.test.labels[query])], true)) continue;
    for (const Features* features : {&codes, &pixels}) {
      const auto found = ec::nearest(features->train, features->test.col(query), 8);
      MatrixXf images = MatrixXf::Ones(784, 10);  // the second is white: a gap
      images.col(0) = data.test.samples.col(query);
      images.rightCols(8) = data.train.samples(Eigen::all, found.indices.col(0));
      rows.emplace_back(features == &codes ? "by code" : "by pixels", images);
    }
  }
  program.write("neighbours.png", rows, picture);
}

void check(const ec::Split<float>& data, const Settings& settings) {
  for (const auto& [option, value] : {std::pair{"--sparsity", settings.sparsity}, {"--weight-decay", settings.weight_decay}})
    if (value < 0) throw ec::OptionError(ec::message(option, ": expected a number of 0 or more, found ", value));
  if (data.train.shape != picture)
    throw ec::ShapeError(
        ec::message("--data: expected images of ", ec::to_string(picture), ", found ", ec::to_string(data.train.shape)));
  for (const auto* set : {&data.train, &data.test}) {
    if (set->size() < 100) throw ec::OptionError(ec::message("--limit: expected 100 images or more, found ", set->size()));
    if (set->labels.minCoeff() < 0 || set->labels.maxCoeff() >= classes)
      throw ec::OptionError(ec::message("--data: expected labels from 0 to ", classes - 1, ", found labels from ",
                                        set->labels.minCoeff(), " to ", set->labels.maxCoeff()));
  }
}

/// The encoders, trained without labels in four ways.
struct Encoders {
  std::vector<std::string> names{"plain", "denoising", "sparse", "layer by layer"};
  std::vector<Whole> models;
  std::vector<Trained> trained;
};

Encoders learn(const example::Program& program, const ec::Split<float>& data, const Settings& settings) {
  const MatrixXf &x = data.train.samples, &test = data.test.samples;
  const ec::Seed seed{program.options.seed};
  const Index epochs = program.options.epochs, half = (epochs + 1) / 2;
  Encoders all{.models = {whole(0, seed), whole(settings.noise, seed), whole(0, seed)}, .trained = {}};
  for (std::size_t i = 0; i < 4; ++i) {
    if (i == 3) all.models.push_back(pretrained(program, data, half));
    const auto objective = ec::BinaryCrossEntropy{} + (i == 2 ? settings.sparsity : 0) * ec::L1Activity{};
    all.trained.push_back(train(program, all.names[i], all.models[i], objective, x, test, i == 3 ? half : epochs));
  }
  return all;
}

/// Raw pixels, the codes of PCA, and those of the encoders.
std::vector<Features> features_of(const ec::Split<float>& data, const Encoders& encoders) {
  const MatrixXf &x = data.train.samples, &test = data.test.samples;
  std::vector<Features> all{{"raw pixels", 784, x, test}};
  // A few images do not vary in so many directions: the rest of the code is 0.
  const ec::PCA pca = ec::PCA::fit(x, std::min<Index>(code, x.cols() - 1));
  MatrixXf train_codes = MatrixXf::Zero(code, x.cols()), test_codes = MatrixXf::Zero(code, test.cols());
  train_codes.topRows(pca.size()) = pca.encode(x);
  test_codes.topRows(pca.size()) = pca.encode(test);
  all.emplace_back("PCA", code, std::move(train_codes), std::move(test_codes));
  for (std::size_t i = 0; i < encoders.models.size(); ++i)
    all.emplace_back(encoders.names[i], code, encoders.models[i].encode(x), encoders.models[i].encode(test));
  return all;
}

/// With few labels: regression and neighbours on all features, then a classifier that begins as `encoder` beside one that does
/// not.
std::vector<Row> with_few_labels(const example::Program& program, const ec::Split<float>& data,
                                 const std::vector<Features>& all, const Whole& encoder, const Settings& settings,
                                 const std::vector<Budget>& possible) {
  const example::Options& options = program.options;
  const VectorXi &labels = data.train.labels, &truth = data.test.labels;
  const Index steps = std::clamp<Index>(options.epochs * labels.size() / 500, 20, 300);  // as long as the encoders
  std::vector<Row> rows;
  for (const Features& features : all) rows.push_back({features.name, {}, {}});
  rows.push_back({"denoising, fine-tuned", {}, {}});
  rows.push_back({"the same from random weights", {}, {}});
  for (const Budget& budget : possible) {
    program.print(ec::message("\nclassifiers of ", budget.labels_per_class, " labels a class"));
    for (Row& row : rows) row.regression.emplace_back(budget.draws);
    for (std::size_t i = 0; i < all.size(); ++i) rows[i].neighbours.emplace_back(budget.draws);
    for (Index number = 0; number < budget.draws; ++number) {
      program.print(".");
      const std::vector<Index> chosen = draw(labels, budget.labels_per_class, ec::Seed{options.seed}, number);
      const VectorXi known = labels(chosen);
      const ec::Seed own{options.seed + static_cast<std::uint64_t>(number)};
      const auto size = static_cast<Index>(chosen.size());
      for (std::size_t i = 0; i < all.size(); ++i) {
        const MatrixXf some = all[i].train(Eigen::all, chosen);
        const auto regress = [&](auto model) {
          return classify(model, some, known, all[i].test, truth, settings.weight_decay, 0.05, std::min<Index>(size, 1000),
                          steps, options);
        };
        rows[i].regression.back()[number] = all[i].size == 784 ? regress(Regression<784>{own}) : regress(Regression<code>{own});
        rows[i].neighbours.back()[number] =
            ec::accuracy_score(truth, ec::k_neighbours(some, known, all[i].test, budget.neighbours));
      }
      const auto noiseless = ec::sequential<picture>(ec::Dropout{0}, ec::Dense<hidden>{}, ec::ReLU{}, ec::Dense<code>{},
                                                     ec::ReLU{}, ec::Dense<classes>{}, ec::Softmax{});
      const Classifier random{noiseless, own};
      Classifier tuned = random;
      tuned.set_layers(encoder.encoder());
      const MatrixXf some = data.train.samples(Eigen::all, chosen);
      const auto tune = [&](const Classifier& model) {
        return classify(model, some, known, data.test.samples, truth, 0, options.learning_rate, std::min<Index>(size, 256),
                        steps, options);
      };
      rows[all.size()].regression.back()[number] = tune(tuned);
      rows[all.size() + 1].regression.back()[number] = tune(random);
    }
  }
  program.print("\n");
  return rows;
}

/// Without any: clusters beside classes, and the classes of neighbours. Prints them, and adds them to the rows of metrics.
void without_labels(const example::Program& program, const ec::Split<float>& data, const std::vector<Features>& all,
                    nlohmann::ordered_json& rows) {
  const VectorXi& truth = data.test.labels;
  constexpr Index near = 10;
  std::string text = ec::message("\nk-means of the test images in ", classes, " clusters; part of the ", near,
                                 " nearest training images that are of a test image's class\n features            purity   "
                                 "adjusted Rand   mutual information   neighbours\n");
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto clusters =
        ec::KMeans::fit(all[i].test, {.clusters = classes, .restarts = 5, .seed = ec::Seed{program.options.seed}});
    const double purity = ec::purity_score(truth, clusters.labels()), rand = ec::adjusted_rand_score(truth, clusters.labels()),
                 information = ec::normalized_mutual_info_score(truth, clusters.labels()),
                 own_class = precision(all[i], data, near);
    char line[160];
    std::snprintf(line, sizeof line, " %-18s %7.3f   %13.3f   %18.3f   %10.3f\n", all[i].name.c_str(), purity, rand,
                  information, own_class);
    text += line;
    rows[i].update(
        {{"purity", purity}, {"adjusted_rand", rand}, {"normalized_mutual_info", information}, {"precision_at_10", own_class}});
  }
  program.print(text + '\n');
}

void run(const example::Program& program, const Settings& settings) {
  const ec::Split<float> data = program.load();
  check(data, settings);
  const Encoders encoders = learn(program, data, settings);
  const std::vector<Features> all = features_of(data, encoders);
  const std::vector<Budget> possible = budgets(data.train.labels);
  const std::vector<Row> rows = with_few_labels(program, data, all, encoders.models[1], settings, possible);
  program.print(table(rows, possible));
  for (std::size_t i = 1; i < all.size(); ++i) program.print(compared(rows[i], rows[0], possible[0].labels_per_class));

  nlohmann::ordered_json metrics = encoders.trained[1].metrics;
  for (const Row& row : rows) {
    metrics["rows"].push_back({{"features", row.name},
                               {"regression", figures(row.regression, possible)},
                               {"neighbours", figures(row.neighbours, possible)}});
  }
  without_labels(program, data, all, metrics["rows"]);
  program.write_metrics(metrics);

  draw_neighbours(program, data, all[3], all[0]);
  std::vector<example::Curve> curves;
  for (const Trained& one : encoders.trained) curves.push_back(one.curve);
  program.plot("loss.png", curves, "objective");
}

int main(int argc, char** argv) {
  example::Program program("16_features",
                           "Learns features of images without labels, and classifies them with 10, 100 and 1,000 labels a "
                           "class, beside raw pixels and PCA.");
  program.options.epochs = 20;
  program.options.batch_size = 128;
  Settings settings;
  program.add_number("--noise", settings.noise, "part of the pixels that the denoising encoder does not see");
  program.add_number("--sparsity", settings.sparsity, "weight of the sparse encoder's L1 penalty");
  program.add_number("--weight-decay", settings.weight_decay, "of the regression, on features of mean length 10");
  return program.run(argc, argv, [&] { run(program, settings); });
}
