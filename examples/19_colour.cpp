// SPDX-License-Identifier: MIT
// Colour: a variational autoencoder of residual blocks learns emoji. It restores those that it has not seen, draws new ones,
// and goes from one to another.
#include <fstream>
#include <nlohmann/json.hpp>
#include <numbers>

#include "common/example.hpp"
#include <eigencoder/data/image_grid.hpp>
#include <eigencoder/tasks/gaussian_mixture.hpp>
#include <eigencoder/tasks/latent_statistics.hpp>
#include <eigencoder/tasks/nearest.hpp>
#include <eigencoder/tasks/pca.hpp>
#include <eigencoder/tasks/reconstruction_metrics.hpp>

namespace ec = eigencoder;
using ec::Index;
using Eigen::MatrixXf;

constexpr Index cell_side = 32, code_size = 64;
constexpr ec::Shape cell_shape = ec::image(cell_side, cell_side, 3);

template <Index C>
using Block = ec::Residual<ec::Conv2D<C, 3>, ec::BatchNorm, ec::ReLU, ec::Conv2D<C, 3>, ec::BatchNorm>;
using Encoder = ec::Encoder<cell_shape, ec::Conv2D<16, 3, 2>, ec::BatchNorm, ec::ReLU,            // 16 × 16
                            ec::Conv2D<32, 3, 2>, ec::BatchNorm, ec::ReLU, Block<32>, ec::ReLU,   // 8 × 8
                            ec::Conv2D<64, 3, 2>, ec::BatchNorm, ec::ReLU, Block<64>, ec::ReLU>;  // 4 × 4
using Decoder =
    ec::Decoder<ec::features(code_size), ec::Dense<4 * 4 * 64>, ec::ReLU, ec::Reshape<ec::image(4, 4, 64)>, Block<64>, ec::ReLU,
                ec::UpSample2D<2>, ec::Conv2D<32, 3>, ec::BatchNorm, ec::ReLU, Block<32>, ec::ReLU,  // 8 × 8
                ec::UpSample2D<2>, ec::Conv2D<32, 3>, ec::BatchNorm, ec::ReLU, Block<32>, ec::ReLU,  // 16 × 16
                ec::UpSample2D<2>, ec::Conv2D<16, 3>, ec::ReLU, ec::Conv2D<3, 3>, ec::Sigmoid>;      // 32 × 32
using Model = ec::VariationalAutoencoder<Encoder, ec::Latent<code_size>, Decoder>;

/// Pictures, their labels the groups of Unicode's list, and what each shows.
struct Emoji {
  ec::Dataset<float> pictures;
  std::vector<std::string> code_points, names;

  /// The place of an emoji, by its name or its code points ("1F436"), or −1.
  Index find(const std::string& wanted) const {
    for (std::size_t i = 0; i < names.size(); ++i)
      if (names[i] == wanted || code_points[i] == wanted) return static_cast<Index>(i);
    return -1;
  }
};

/// Reads emoji.tsv, a line for each emoji with its group, file, code points and name, and the grids that it names.
Emoji load_emoji(const std::filesystem::path& folder) {
  const std::filesystem::path list = folder / "emoji.tsv";
  std::ifstream file(list);
  if (!file)
    throw ec::FileError(
        ec::message(list.string(), ": expected a list of emoji, as data/emoji of this project has it, found none"));
  Emoji emoji;
  std::vector<std::pair<std::string, Index>> grids;  // and how many emoji they hold
  std::vector<int> labels;
  std::string line;
  std::getline(file, line);  // the names of the columns
  for (int number = 2; std::getline(file, line); ++number) {
    std::array<std::string, 4> fields;
    std::size_t count = 0, begin = 0;
    for (std::size_t end = 0; end != line.npos; begin = end + 1, ++count) {
      end = line.find('\t', begin);
      if (count < fields.size()) fields[count] = line.substr(begin, end == line.npos ? end : end - begin);
    }
    const auto& [group, grid, code_points, name] = fields;
    if (count != fields.size() || grid.empty()) {
      throw ec::FileError(ec::message(list.string(), ": line ", number,
                                      ": expected a group, a file, code points and a name with tabs between them, found ",
                                      count, " fields"));
    }
    if (grids.empty() || grids.back().first != grid) {
      grids.emplace_back(grid, 0);
      emoji.pictures.class_names.push_back(group);
    }
    ++grids.back().second;
    labels.push_back(static_cast<int>(grids.size()) - 1);
    emoji.code_points.push_back(code_points);
    emoji.names.push_back(name);
  }
  emoji.pictures.shape = cell_shape;
  emoji.pictures.labels = Eigen::Map<const Eigen::VectorXi>(labels.data(), std::ssize(labels));
  emoji.pictures.samples.resize(cell_shape.size(), std::ssize(labels));
  Index first = 0;
  for (const auto& [grid, count] : grids) {
    emoji.pictures.samples.middleCols(first, count) =
        ec::load_image_grid(folder / grid, {.height = cell_side, .width = cell_side, .count = count, .channels = 3}).samples;
    first += count;
  }
  return emoji;
}

/// Each picture as it is, and all again as mirrors show them.
MatrixXf with_mirrored(const MatrixXf& x) {
  MatrixXf both(x.rows(), 2 * x.cols());
  both.leftCols(x.cols()) = x;
  for (Index y = 0; y < cell_side; ++y)
    for (Index i = 0; i < cell_side; ++i)
      both.rightCols(x.cols()).middleRows((y * cell_side + i) * 3, 3) =
          x.middleRows((y * cell_side + cell_side - 1 - i) * 3, 3);
  return both;
}

/// −log p in nats of values that are normal around their means, with one variance and a mean squared error.
double normal_nats(double values, double variance, double error) {
  return 0.5 * values * (std::log(2 * std::numbers::pi * variance) + error / variance);
}

/// −log p in nats of an image by probabilistic PCA: normal with the variances λ of the components along these, and in all other
/// directions with the mean σ² of the variances that these have.   Tipping and Bishop, 1999.
double probabilistic_pca(const ec::PCA& pca, const MatrixXf& x) {
  const Eigen::VectorXd& variances = pca.explained_variance();
  const auto n = static_cast<double>(x.rows()), k = static_cast<double>(pca.size());
  const double total = variances.sum() / pca.explained_variance_ratio().sum(), rest = (total - variances.sum()) / (n - k);
  const Eigen::ArrayXd squares = pca.encode(x).cast<double>().array().square().rowwise().mean();
  const double along = 0.5 * ((2 * std::numbers::pi * variances.array()).log() + squares / variances.array()).sum();
  return along + normal_nats(n - k, rest, ec::mean_squared_error(x, pca.reconstruct(x)) * n / (n - k));
}

/// The draw number k of a code for each image, as noise and as code.
struct Draw {
  MatrixXf noise, codes;
  Draw(const ec::NormalDistribution<MatrixXf>& of, ec::Seed seed, Index k)
      : noise(ec::normal_codes(code_size, of.mean.cols(), ec::Seed{seed.value + static_cast<std::uint64_t>(k)})),
        codes(of.mean.array() + (0.5F * of.log_variance.array()).exp() * noise.array()) {}
};

/// The negative ELBO of images and their importance-weighted bound (losses/importance_weighted.hpp, whose trainer would double
/// the time that this program takes to compile), in nats an image, if values are normal with this variance around what is
/// decoded.
std::array<double, 2> bounds(const Model& model, const MatrixXf& x, double variance, Index draws, ec::Seed seed) {
  const auto distributions = model.encode_distribution(x);
  Eigen::ArrayXXd log_weights(draws, x.cols());
  for (Index k = 0; k < draws; ++k) {
    const Draw draw(distributions, seed, k);
    const Eigen::ArrayXd errors = (x - model.decode(draw.codes)).colwise().squaredNorm().transpose().cast<double>().array();
    const Eigen::ArrayXd ratios =  // log p(z) − log q(z | x), in which the constants cancel
        0.5 * (draw.noise.array().square() + distributions.log_variance.array() - draw.codes.array().square())
                  .cast<double>()
                  .colwise()
                  .sum()
                  .transpose();
    log_weights.row(k) =
        ratios - 0.5 * (errors / variance + static_cast<double>(x.rows()) * std::log(2 * std::numbers::pi * variance));
  }
  const Eigen::ArrayXd greatest = log_weights.colwise().maxCoeff().transpose();
  const Eigen::ArrayXd means = (log_weights.rowwise() - greatest.transpose()).exp().colwise().mean().transpose();
  return {-log_weights.mean(), -(greatest + means.log()).mean()};
}

double psnr(const MatrixXf& x, const MatrixXf& y) { return ec::peak_signal_noise_ratio(x, y, 1).mean(); }

/// Nats an image as bits a value: of pixels of 8 bits, whose steps are 1/256 of the range.
double bits(double nats) { return nats / (static_cast<double>(cell_shape.size()) * std::numbers::ln2) + 8; }

/// One line of the table: NaN stands for no number.
std::string line(const std::string& name, std::initializer_list<double> numbers) {
  std::string text = name + std::string(42 - name.size(), ' ');
  for (const double number : numbers) {
    char field[24];
    std::snprintf(field, sizeof field, std::abs(number) < 100 ? "%12.2f" : "%12.0f", number);
    if (std::isnan(number)) std::snprintf(field, sizeof field, "%12s", "");
    text += field;
  }
  return text + '\n';
}

constexpr Index row_length = 16;  // of pictures

void add_rows(std::vector<ec::ImageRow>& rows, const std::string& label, const MatrixXf& images) {
  for (Index first = 0; first < images.cols(); first += row_length)
    rows.emplace_back(first == 0 ? label : "", images.middleCols(first, row_length));
}

struct Way {
  std::filesystem::path from = "cat face", to = "lion";
};

/// New emoji: of codes from the prior, and of codes from a mixture of normal distributions that is fitted to those of training,
/// since they do not fill the prior evenly. And what training has that is nearest to the latter.
struct Drawn {
  MatrixXf prior, mixture;
  ec::Neighbours<float> nearest;

  Drawn(const Model& model, const MatrixXf& train, ec::Seed seed) : prior(model.sample(2 * row_length, seed)) {
    const MatrixXf codes = model.encode(train);
    const ec::MixtureOptions options{.components = std::min<Index>(8, codes.cols()), .covariance_floor = 1e-2, .seed = seed};
    mixture = model.decode(ec::GaussianMixture::fit(codes, options).sample<float>(6 * row_length, seed));
    nearest = ec::nearest(train, mixture, 1);
  }
};

/// The mean distance to the nearest picture of training, as the root of a mean square.
double distance(const ec::Neighbours<float>& nearest) {
  return static_cast<double>(nearest.distances.mean()) / std::sqrt(static_cast<double>(cell_shape.size()));
}

void write_pictures(const example::Program& program, const Emoji& emoji, const Model& model, const ec::PCA& pca,
                    const MatrixXf& train, const ec::Dataset<float>& test, const Drawn& drawn, const Way& way) {
  const ec::GridOptions grid{.columns = row_length, .scale = 2};
  std::vector<ec::ImageRow> rows;
  const Index shown = std::min<Index>(test.size(), 4 * row_length);
  MatrixXf originals(cell_shape.size(), shown);  // from all groups
  for (Index j = 0; j < shown; ++j) originals.col(j) = test.samples.col(j * test.size() / shown);
  const MatrixXf reconstructions = model.reconstruct(originals), linear = pca.reconstruct(originals);
  for (Index first = 0; first < shown; first += row_length) {
    const Index some = std::min(row_length, shown - first);
    rows.emplace_back("not seen before", originals.middleCols(first, some));
    rows.emplace_back("reconstruction", reconstructions.middleCols(first, some));
    rows.emplace_back(ec::message("PCA, ", pca.size(), " components"), linear.middleCols(first, some));
  }
  program.write("reconstructions.png", rows, cell_shape, grid);

  rows.clear();
  add_rows(rows, "codes from N(0, I)", drawn.prior);
  add_rows(rows, "from a mixture", drawn.mixture);
  program.write("samples.png", rows, cell_shape, grid);

  rows.clear();
  for (Index first = 0; first < 4 * row_length; first += row_length) {
    MatrixXf neighbours(train.rows(), row_length);
    for (Index j = 0; j < row_length; ++j) neighbours.col(j) = train.col(drawn.nearest.indices(0, first + j));
    rows.emplace_back("sample", drawn.mixture.middleCols(first, row_length));
    rows.emplace_back("nearest of training", neighbours);
  }
  program.write("nearest.png", rows, cell_shape, grid);

  const auto code_of = [&](const std::string& name) -> MatrixXf {
    return model.encode(emoji.pictures.samples.col(emoji.find(name)));
  };
  const std::vector<std::array<std::string, 2>> ways{{way.from.string(), way.to.string()},
                                                     {"grinning face", "enraged face"},
                                                     {"sad but relieved face", "winking face"},
                                                     {"dog face", "panda"},
                                                     {"red apple", "lemon"},
                                                     {"soccer ball", "basketball"},
                                                     {"sunflower", "sun"},
                                                     {"automobile", "ambulance"},
                                                     {"open book", "laptop"},
                                                     {"red heart", "blue heart"}};
  rows.clear();
  for (const auto& [from, to] : ways)
    if (emoji.find(from) >= 0 && emoji.find(to) >= 0)
      rows.emplace_back(from + " to " + to, model.interpolate(code_of(from), code_of(to), 12, ec::Path::spherical));
  program.write("interpolations.png", rows, cell_shape, grid);
}

void train(const example::Program& program, const Way& way, double beta, double annealing) {
  const example::Options& options = program.options;
  if (!(annealing >= 0 && annealing < 1e15)) {
    throw ec::OptionError(ec::message("--annealing: expected a number of steps, found ", annealing));
  }
  const Emoji emoji = load_emoji(options.data);
  for (const auto& end : {way.from, way.to})  // before the training rather than after it
    if (emoji.find(end.string()) < 0)
      throw ec::OptionError(
          ec::message("--from and --to: expected the name or the code points of an emoji of emoji.tsv, found ", end.string()));

  // Every tenth is for testing, drawn by its place.
  const ec::Random random(ec::Seed{options.seed}, 0, ec::stream(ec::RandomStream::splits));
  std::vector<Index> kept, held;
  for (Index j = 0; j < emoji.pictures.size(); ++j) {
    std::vector<Index>& part = random.uniform(j, 0) < 0.1 ? held : kept;
    if (options.limit == 0 || std::ssize(part) < options.limit) part.push_back(j);
  }
  const ec::Dataset<float> test{emoji.pictures.samples(Eigen::all, held), emoji.pictures.labels(held), cell_shape,
                                emoji.pictures.class_names};
  const MatrixXf seen = emoji.pictures.samples(Eigen::all, kept), train = with_mirrored(seen);
  if (seen.cols() <= code_size || test.size() == 0)
    throw ec::OptionError(ec::message("--limit: expected more than ", code_size,
                                      " emoji to learn from, and some to test with, found ", seen.cols(), " and ",
                                      test.size()));

  Model model{ec::Seed{options.seed}};
  program.print(ec::summary(model) + '\n');
  ec::Trainer trainer{model,
                      ec::Elbo{ec::CalibratedGaussian{},
                               {.beta = beta, .annealing = ec::linear_annealing(static_cast<std::uint64_t>(annealing))}},
                      ec::Adam{.learning_rate = options.learning_rate}, options.trainer()};
  ec::FitOptions<float> fit = options.fit(test.samples);
  const Index steps = options.epochs * ((train.cols() + options.batch_size - 1) / options.batch_size);
  fit.callbacks.push_back(ec::LearningRate{ec::CosineDecay{.learning_rate = options.learning_rate, .steps = steps}});
  const ec::History history = program.fit(trainer, model, train, train, fit);

  // The variance of a value around what is decoded follows from training, for the test images too.
  const ec::Seed seed{options.seed};
  const double values = static_cast<double>(cell_shape.size());
  const double variance = ec::mean_squared_error(train, model.decode(Draw(model.encode_distribution(train), seed, 0).codes));
  const ec::LatentStatistics statistics = ec::latent_statistics(model.encode_distribution(test.samples));
  const auto [elbo, bound] = bounds(model, test.samples, variance, 64, seed);
  const ec::PCA pca = ec::PCA::fit(train, code_size);
  const double by_pca = probabilistic_pca(pca, test.samples), none = std::nan("");
  const MatrixXf mean = train.rowwise().mean(), all_mean = mean.replicate(1, test.size());
  const double mean_variance = ec::mean_squared_error(train, mean.replicate(1, train.cols()).eval());
  const double by_mean = normal_nats(values, mean_variance, ec::mean_squared_error(test.samples, all_mean));
  const double psnr_train = psnr(seen, model.reconstruct(seen)),
               psnr_test = psnr(test.samples, model.reconstruct(test.samples));
  const double pca_train = psnr(seen, pca.reconstruct(seen)), pca_test = psnr(test.samples, pca.reconstruct(test.samples));
  const Drawn drawn(model, train, seed);
  const ec::Neighbours<float> of_test = ec::nearest(train, test.samples, 1);
  program.print(
      ec::message("\n", std::string(42, ' '), "  PSNR train   PSNR test nats, test  bits a value\n") +
      line(ec::message("variational, code of ", code_size, " values"), {psnr_train, psnr_test, elbo, bits(elbo)}) +
      line("  bound of 64 draws", {none, none, bound, bits(bound)}) +
      line(ec::message("PCA, ", code_size, " components; probabilistic PCA"), {pca_train, pca_test, by_pca, bits(by_pca)}) +
      line("the mean picture",
           {psnr(seen, mean.replicate(1, seen.cols()).eval()), psnr(test.samples, all_mean), by_mean, bits(by_mean)}) +
      ec::message(statistics.active_units(), " of ", code_size, " dimensions are active, KL ", statistics.total_kl(),
                  " nats an image\n") +
      ec::message("distance to the nearest training picture, root mean square of a value: samples ", distance(drawn.nearest),
                  ", test pictures ", distance(of_test), "\n\n"));

  auto metrics = program.metrics(history, train.cols(), test.size(), Model::parameter_count, trainer.threads());
  metrics["psnr_train"] = psnr_train;
  metrics["psnr"] = psnr_test;
  metrics["psnr_pca"] = pca_test;
  metrics["negative_elbo"] = elbo;
  metrics["importance_weighted_64"] = bound;
  metrics["probabilistic_pca"] = by_pca;
  metrics["bits_a_value"] = bits(bound);
  metrics["bits_a_value_pca"] = bits(by_pca);
  metrics["kl"] = statistics.total_kl();
  metrics["active_units"] = statistics.active_units();
  metrics["sample_distance"] = distance(drawn.nearest);
  metrics["test_distance"] = distance(of_test);
  program.write_metrics(metrics);

  write_pictures(program, emoji, model, pca, train, test, drawn, way);
  program.plot("loss.png", {{"", history}}, "objective, nats an image");
}

int main(int argc, char** argv) {
  example::Program program("19_colour",
                           "Trains a variational autoencoder of residual blocks on emoji in colour, and draws new ones.");
  program.describe_data("folder of emoji.tsv and its grids of emoji");
  program.options.data = "data/emoji";
  program.options.epochs = 60;
  program.options.batch_size = 32;
  program.options.learning_rate = 2e-3;
  Way way;
  double beta = 1, annealing = 2000;
  program.add_path("--from", way.from, "an emoji, by its name or its code points, such as \"cat face\" or 1F431");
  program.add_path("--to", way.to, "another one, to go to");
  program.add_number("--beta", beta, "weight of the KL divergence");
  program.add_number("--annealing", annealing, "steps in which it comes in");
  return program.run(argc, argv, [&] { train(program, way, beta, annealing); });
}
