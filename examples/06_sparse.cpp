// SPDX-License-Identifier: MIT
// Codes of more numbers than there are pixels, of which few are active, by four ways: nothing, an L1 penalty, a
// Kullback-Leibler penalty, or the 32 largest.
#include <cmath>
#include <nlohmann/json.hpp>

#include "common/example.hpp"

namespace ec = eigencoder;

template <class... Code>
using Encoder = ec::Encoder<ec::image(28, 28), ec::Dense<1024>, Code...>;
using Decoder = ec::Decoder<ec::features(1024), ec::Dense<784>, ec::Sigmoid>;

/// What a set's codes look like.
struct Sparsity {
  double mean, active;  ///< activation, and share of those above 0.01

  explicit Sparsity(const Eigen::MatrixXf& codes)
      : mean(static_cast<double>(codes.mean())),
        active(static_cast<double>((codes.array().abs() > 0.01F).count()) / static_cast<double>(codes.size())) {}
};

/// What each of the first units adds to a picture: its column of the decoder's weights, from the least to the greatest value.
template <class Model>
Eigen::MatrixXf features(Model& model, ec::Index count) {
  Eigen::MatrixXf tiles = model.parameter("decoder.0.weight").leftCols(count);
  for (auto tile : tiles.colwise()) {
    const float low = tile.minCoeff(), high = tile.maxCoeff();
    tile.array() = (tile.array() - low) / std::max(high - low, 1e-12F);
  }
  return tiles;
}

/// The encoder's biases begin at `bias`.
template <class... Code, class Objective>
void train(const example::Program& program, const Objective& objective, double bias = 0) {
  const example::Options& options = program.options;
  const auto [train, test] = program.load();
  ec::Autoencoder<Encoder<Code...>, Decoder> model{ec::Seed{options.seed}};
  model.parameter("encoder.0.bias").setConstant(static_cast<float>(bias));
  program.print(ec::summary(model) + '\n');

  ec::Trainer trainer{model, objective, ec::Adam{.learning_rate = options.learning_rate}, options.trainer()};
  const ec::History history = program.fit(trainer, model, train.samples, options.fit(test.samples));

  const double entropy = history.last().validation.terms[0];
  const double error = static_cast<double>((model.reconstruct(test.samples) - test.samples).array().square().mean());
  const Sparsity sparsity(model.encode(test.samples));
  program.print(ec::message("validation: binary cross-entropy ", entropy, ", MSE ", error, ", mean activation ", sparsity.mean,
                            ", share above 0.01 ", sparsity.active, '\n'));

  auto metrics = program.metrics(history, train.size(), test.size(), model.parameter_count, trainer.threads());
  metrics["validation_cross_entropy"] = entropy;
  metrics["validation_mse"] = error;
  metrics["mean_activation"] = sparsity.mean;
  metrics["active_share"] = sparsity.active;
  program.write_metrics(metrics);

  const Eigen::MatrixXf originals = test.samples.leftCols(std::min<ec::Index>(test.size(), 10));
  program.write("reconstructions.png", {{"original", originals}, {"reconstruction", model.reconstruct(originals)}}, test.shape);
  const Eigen::MatrixXf tiles = features(model, 100);
  std::vector<ec::ImageRow> rows;
  for (ec::Index first = 0; first < tiles.cols(); first += 10) {
    rows.emplace_back(ec::message("units ", first, " to ", first + 9), tiles.middleCols(first, 10));
  }
  program.write("features.png", rows, test.shape);
  program.plot("loss.png", {{"", history}}, "objective");
}

int main(int argc, char** argv) {
  example::Program program("06_sparse", "Trains 784-1024-784 with a sparse code.");
  std::string penalty = "kl";
  double target = 0.05, weight = -1;
  program.options.epochs = 30;
  program.options.batch_size = 512;  // the penalty looks at means over a batch
  program.options.learning_rate = 3e-3;
  program.add_choice("--penalty", penalty, {"none", "l1", "kl", "ksparse"}, "what makes the code sparse");
  program.add_number("--target", target, "mean activation of every unit, of --penalty kl; where it and none begin");
  program.add_number("--weight", weight, "of the penalty; -1: 0.0001 for l1, 0.0002 for kl");

  return program.run(argc, argv, [&] {
    const ec::BinaryCrossEntropy error;
    const double given = weight;
    const auto weight_or = [given](double usual) { return given == -1 ? usual : given; };
    const ec::KLSparsity sparsity{.target = target};
    sparsity.check();
    // Units that begin at sigmoid(0), ten times the target, are all lowered alike before any of them has learnt something.
    const double rare = std::log(target / (1 - target));
    if (penalty == "none") train<ec::Sigmoid>(program, ec::as_objective(error), rare);
    if (penalty == "l1") train<ec::ReLU>(program, error + weight_or(1e-4) * ec::L1Activity{});
    if (penalty == "kl") train<ec::Sigmoid>(program, error + weight_or(2e-4) * sparsity, rare);
    if (penalty == "ksparse") train<ec::KSparse<32>>(program, ec::as_objective(error));
  });
}
