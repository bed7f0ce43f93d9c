// SPDX-License-Identifier: MIT
// Variational autoencoders: codes are distributions near N(0, I), so that codes drawn from it decode to new images.
#include "common/example.hpp"
#include <eigencoder/tasks/latent_grid.hpp>
#include <eigencoder/tasks/latent_statistics.hpp>
#include <eigencoder/tasks/pca.hpp>
#include <nlohmann/json.hpp>

namespace ec = eigencoder;
using Eigen::MatrixXf;

using DenseEncoder = ec::Encoder<ec::image(28, 28), ec::Dense<512>, ec::ReLU>;
template <ec::Index Z>
using DenseDecoder = ec::Decoder<ec::features(Z), ec::Dense<512>, ec::ReLU, ec::Dense<784>, ec::Sigmoid>;
template <ec::Index Z>
using Dense = ec::VariationalAutoencoder<DenseEncoder, ec::Latent<Z>, DenseDecoder<Z>>;
template <ec::Index Z>
using Conditional = ec::ConditionalVariationalAutoencoder<DenseEncoder, ec::Latent<Z>, ec::Condition<10>, DenseDecoder<Z>>;

using ConvEncoder = ec::Encoder<ec::image(28, 28), ec::Conv2D<16, 3, 2>, ec::ReLU, ec::Conv2D<32, 3, 2>, ec::ReLU, ec::Dense<256>,
                                ec::ReLU>;
template <ec::Index Z>
using ConvDecoder =
    ec::Decoder<ec::features(Z), ec::Dense<256>, ec::ReLU, ec::Dense<7 * 7 * 32>, ec::ReLU, ec::Reshape<ec::image(7, 7, 32)>,
                ec::UpSample2D<2>, ec::Conv2D<16, 3>, ec::ReLU, ec::UpSample2D<2>, ec::Conv2D<1, 3>, ec::Sigmoid>;
template <ec::Index Z>
using Conv = ec::VariationalAutoencoder<ConvEncoder, ec::Latent<Z>, ConvDecoder<Z>>;

using QuantisedEncoder = ec::Encoder<ec::image(28, 28), ec::Conv2D<32, 3, 2>, ec::ReLU, ec::Conv2D<64, 3, 2>, ec::ReLU,
                                     ec::Conv2D<16, 1>, ec::VectorQuantizer<128>>;
using QuantisedDecoder = ec::Decoder<QuantisedEncoder::output, ec::Conv2D<64, 3>, ec::ReLU, ec::ConvTranspose2D<32, 3, 2>, ec::ReLU,
                                     ec::ConvTranspose2D<1, 3, 2>, ec::Sigmoid>;
using Quantised = ec::Autoencoder<QuantisedEncoder, QuantisedDecoder>;

struct Settings {
  std::string model = "dense", likelihood = "bernoulli", latent = "2";
  double beta = 1, variance = 0.05, scale = 0.1, annealing = 0;
};

/// The class is an input of a conditional model, and of no other.
template <class Model>
constexpr bool conditional = Model::input.size() > 784;
template <class Model>
MatrixXf inputs(const ec::Dataset<float>& data) {
  if constexpr (conditional<Model>) return ec::with_classes(data.samples, data.labels, Model::classes);
  return data.samples;
}

template <class Model>
ec::NormalDistribution<MatrixXf> distributions(const Model& model, const ec::Dataset<float>& data) {
  if constexpr (conditional<Model>) {
    return model.encode_distribution(data.samples, data.labels);
  } else {
    return model.encode_distribution(data.samples);
  }
}

/// Of a code of more than two values, the two principal components.
MatrixXf plane(const MatrixXf& codes) { return codes.rows() == 2 ? codes : MatrixXf(ec::PCA::fit(codes, 2).encode(codes)); }

template <class Model>
void write_pictures(const example::Program& program, const Model& model, const ec::Dataset<float>& test) {
  const ec::Seed seed{program.options.seed};
  const ec::Index shown = std::min<ec::Index>(test.size(), 10);
  const MatrixXf originals = test.samples.leftCols(shown);
  const Eigen::VectorXi labels = test.labels.head(shown);
  std::vector<ec::ImageRow> samples;
  MatrixXf codes;
  if constexpr (conditional<Model>) {
    program.write("reconstructions.png", {{"original", originals}, {"reconstruction", model.reconstruct(originals, labels)}}, test.shape);
    const std::vector<std::string> names = program.class_names();
    for (int c = 0; c < static_cast<int>(Model::classes); ++c) {
      const std::string name = names.empty() ? std::to_string(c) : names[static_cast<std::size_t>(c)];
      samples.emplace_back(name, model.sample(Eigen::VectorXi::Constant(10, c), seed));
    }
    codes = model.encode(test.samples, test.labels);
  } else {
    program.write("reconstructions.png", {{"original", originals}, {"reconstruction", model.reconstruct(originals)}}, test.shape);
    const MatrixXf drawn = model.sample(100, seed);
    for (ec::Index row = 0; row < 10; ++row) samples.emplace_back("", drawn.middleCols(10 * row, 10));
    codes = model.encode(test.samples);
    if constexpr (Model::latent == 2) {
      constexpr ec::Index side = 20;
      const MatrixXf images = model.decode(ec::latent_grid(side));
      std::vector<ec::ImageRow> rows;
      for (ec::Index row = 0; row < side; ++row) rows.emplace_back("", images.middleCols(row * side, side));
      program.write("plane.png", rows, test.shape, {.columns = side, .scale = 1, .gap = 0});
    } else {
      const Eigen::VectorXf values = ec::normal_quantiles(10);
      const MatrixXf images = model.decode(ec::traverse(codes.col(0), values));
      std::vector<ec::ImageRow> rows;
      for (ec::Index i = 0; i < Model::latent; ++i) {
        rows.emplace_back(ec::message("value ", i), images.middleCols(i * values.size(), values.size()));
      }
      program.write("traversal.png", rows, test.shape, {.scale = 2});
    }
  }
  program.write("samples.png", samples, test.shape);
  const char* axes = Model::latent == 2 ? "means of the codes" : "means of the codes, two principal components";
  program.plot_codes("codes.png", {{axes, plane(codes)}}, test.labels);
}

template <class Model, class Likelihood>
void train(const example::Program& program, const Settings& settings, const Likelihood& likelihood) {
  const example::Options& options = program.options;
  if (!(settings.annealing >= 0 && settings.annealing < 1e15)) {
    throw ec::OptionError(ec::message("--annealing: expected a number of steps, found ", settings.annealing));
  }
  const auto [train, test] = program.load();
  const MatrixXf seen = inputs<Model>(train), unseen = inputs<Model>(test);
  Model model{ec::Seed{options.seed}};
  program.print(ec::summary(model) + '\n');

  const ec::Elbo elbo{likelihood,
                      {.beta = settings.beta, .annealing = ec::linear_annealing(static_cast<std::uint64_t>(settings.annealing))}};
  ec::Trainer trainer{model, elbo, ec::Adam{.learning_rate = options.learning_rate}, options.trainer()};
  ec::FitOptions<float> fit = options.fit(unseen);
  fit.validation_targets = test.samples;
  const ec::History history = program.fit(trainer, model, seen, train.samples, fit);

  const ec::LatentStatistics statistics = ec::latent_statistics(distributions(model, test));
  const double bound =
      ec::Trainer{model, ec::ImportanceWeighted<64, Likelihood>{likelihood}, ec::SGD{}, options.trainer()}
          .evaluate(program.part(unseen), program.part(test.samples))
          .loss;
  const ec::Evaluation& found = history.last().validation;
  program.print(ec::message("\nvalidation, nats an image: reconstruction ", found.terms[0], ", KL ", found.terms[1], ", negative ELBO ",
                            found.terms[0] + found.terms[1], ", importance-weighted bound of 64 draws ", bound, '\n'));
  program.print(ec::message(statistics.active_units(), " of ", Model::latent, " dimensions are active; KL of each:"));
  for (const double kl : statistics.kl) program.print(ec::message(' ', kl));
  program.print("\n\n");

  auto metrics = program.metrics(history, train.size(), test.size(), Model::parameter_count, trainer.threads());
  metrics["reconstruction"] = found.terms[0];
  metrics["kl"] = found.terms[1];
  metrics["negative_elbo"] = found.terms[0] + found.terms[1];
  metrics["importance_weighted_64"] = bound;
  metrics["active_units"] = statistics.active_units();
  program.write_metrics(metrics);

  write_pictures(program, model, test);
  program.plot("loss.png", {{"", history}}, "objective, nats an image");
}

/// A code of 7 × 7 numbers from 0 to 127. It is no distribution, so that there is nothing to draw from.
void train_quantised(const example::Program& program) {
  const example::Options& options = program.options;
  const auto [train, test] = program.load();
  Quantised model{ec::Seed{options.seed}};
  program.print(ec::summary(model) + '\n');
  ec::Trainer trainer{model, ec::MeanSquaredError{} + 0.25 * ec::Commitment{}, ec::Adam{.learning_rate = options.learning_rate},
                      options.trainer()};
  const ec::History history = program.fit(trainer, model, train.samples, options.fit(test.samples));

  const ec::CodebookUsage usage = ec::codebook_usage(model, test.samples);
  const ec::Evaluation& found = history.last().validation;
  program.print(ec::message("\nvalidation: MSE ", found.terms[0], ", commitment ", found.terms[1], "; of the codebook ",
                            100 * usage.used(), " % is used, perplexity ", usage.perplexity(), "\n\n"));
  auto metrics = program.metrics(history, train.size(), test.size(), Quantised::parameter_count, trainer.threads());
  metrics["validation_mse"] = found.terms[0];
  metrics["codebook_used"] = usage.used();
  metrics["perplexity"] = usage.perplexity();
  program.write_metrics(metrics);

  const MatrixXf originals = test.samples.leftCols(std::min<ec::Index>(test.size(), 10));
  program.write("reconstructions.png", {{"original", originals}, {"reconstruction", model.reconstruct(originals)}}, test.shape);
  program.plot("loss.png", {{"", history}}, "objective");
}

template <class Model>
void train(const example::Program& program, const Settings& settings) {
  if (settings.likelihood == "bernoulli") train<Model>(program, settings, ec::Bernoulli{});
  if (settings.likelihood == "gaussian") train<Model>(program, settings, ec::Gaussian{.variance = settings.variance});
  if (settings.likelihood == "laplace") train<Model>(program, settings, ec::Laplace{.scale = settings.scale});
}

template <ec::Index Z>
void train(const example::Program& program, const Settings& settings) {
  if (settings.model == "dense") train<Dense<Z>>(program, settings);
  if (settings.model == "conv") train<Conv<Z>>(program, settings);
  if (settings.model == "conditional") train<Conditional<Z>>(program, settings);
}

int main(int argc, char** argv) {
  example::Program program("08_variational", "Trains a variational autoencoder, and draws new images from it.");
  program.options.epochs = 20;
  program.options.batch_size = 128;
  Settings settings;
  program.add_choice("--model", settings.model, {"dense", "conv", "conditional", "vq"},
                     "784-512-code-512-784, convolutions, the first with the class given to both halves, or a quantised code, of which "
                     "the options below say nothing");
  program.add_choice("--latent", settings.latent, {"2", "16"}, "values of the code");
  program.add_choice("--likelihood", settings.likelihood, {"bernoulli", "gaussian", "laplace"}, "of a pixel, around what is decoded");
  program.add_number("--variance", settings.variance, "of --likelihood gaussian");
  program.add_number("--scale", settings.scale, "of --likelihood laplace");
  program.add_number("--beta", settings.beta, "weight of the KL divergence");
  program.add_number("--annealing", settings.annealing, "steps in which it comes in");

  return program.run(argc, argv, [&] {
    if (settings.model == "vq") return train_quantised(program);
    if (settings.latent == "2") train<2>(program, settings);
    if (settings.latent == "16") train<16>(program, settings);
  });
}
