// SPDX-License-Identifier: MIT
// One hidden layer or seven, at the same size of code: what depth gains.
#include <nlohmann/json.hpp>
#include <optional>

#include "common/example.hpp"

namespace ec = eigencoder;

using VanillaEncoder = ec::Encoder<ec::image(28, 28), ec::Dense<64>, ec::ReLU>;
using VanillaDecoder = ec::Decoder<VanillaEncoder::output, ec::Dense<784>, ec::Sigmoid>;
using Vanilla = ec::Autoencoder<VanillaEncoder, VanillaDecoder>;

using DeepEncoder = ec::Encoder<ec::image(28, 28), ec::Dense<512>, ec::ReLU, ec::Dense<256>, ec::ReLU, ec::Dense<128>, ec::ReLU,
                                ec::Dense<64>, ec::ReLU>;
using DeepDecoder = ec::Decoder<DeepEncoder::output, ec::Dense<128>, ec::ReLU, ec::Dense<256>, ec::ReLU, ec::Dense<512>,
                                ec::ReLU, ec::Dense<784>, ec::Sigmoid>;
using Deep = ec::Autoencoder<DeepEncoder, DeepDecoder>;
static_assert(Deep::parameter_count == 1'149'520);

struct Result {
  std::string name;
  ec::History history;
  Eigen::MatrixXf reconstructions;
  nlohmann::ordered_json metrics;
};

template <class Model>
Result train(const example::Program& program, const std::string& name, const ec::Split<float>& data,
             const Eigen::MatrixXf& shown) {
  const example::Options& options = program.options;
  Model model{ec::Seed{options.seed}};
  program.print(name + ":\n" + ec::summary(model) + '\n');

  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = options.learning_rate}, options.trainer()};
  const ec::History history = program.fit(trainer, model, data.train.samples, options.fit(data.test.samples), name);
  program.print("\n");
  auto metrics = program.metrics(history, data.train.size(), data.test.size(), Model::parameter_count, trainer.threads());
  metrics["model"] = name;
  return {name, history, model.reconstruct(shown), metrics};
}

/// The runs beside one another.
std::string table(const std::vector<Result>& results, const std::optional<example::LinearFit>& pca) {
  std::string text = " model      parameters   training MSE   validation MSE   images/s\n";
  for (const Result& result : results) {
    char line[128];
    std::snprintf(line, sizeof line, " %-10s %10s   %12.5f   %14.5f   %8.0f\n", result.name.c_str(),
                  result.metrics["parameters"].dump().c_str(), result.history.last().train.loss,
                  result.history.last().validation.loss, result.metrics["samples_per_second"].get<double>());
    text += line;
  }
  if (pca) {
    char line[128];
    std::snprintf(line, sizeof line, " %-10s %10td   %12.5f   %14.5f\n", "PCA", pca->parameters, pca->train_loss,
                  pca->validation_loss);
    text += line;
  }
  return text + '\n';
}

int main(int argc, char** argv) {
  example::Program program("02_deep",
                           "Trains 784-64-784 and 784-512-256-128-64-128-256-512-784 on images, alone or side by side.");
  std::string which = "deep";
  bool compare = false;
  program.add_flag("--compare", compare, "both networks, beside principal component analysis with a code of the same size");
  program.add_choice("--model", which, {"vanilla", "deep", "both"}, "one hidden layer, seven, or both side by side");

  return program.run(argc, argv, [&] {
    if (compare) which = "both";
    const ec::Split<float> data = program.load();
    const Eigen::MatrixXf originals = data.test.samples.leftCols(std::min<ec::Index>(data.test.size(), 10));

    std::vector<Result> results;
    if (which != "deep") results.push_back(train<Vanilla>(program, "vanilla", data, originals));
    if (which != "vanilla") results.push_back(train<Deep>(program, "deep", data, originals));
    std::optional<example::LinearFit> pca;
    if (compare) pca = example::fit_pca(data, Deep::code.size());
    program.print(table(results, pca));

    std::vector<ec::ImageRow> rows{{"original", originals}};
    std::vector<example::Curve> curves;
    nlohmann::ordered_json metrics = results.back().metrics;
    for (const Result& result : results) {
      rows.emplace_back(result.name, result.reconstructions);
      curves.push_back({result.name, result.history});
      if (results.size() > 1) metrics["models"].push_back(result.metrics);
    }
    if (pca) {
      rows.emplace_back("PCA", pca->reconstructions.leftCols(originals.cols()));
      metrics["pca"] = {
          {"train_loss", pca->train_loss}, {"validation_loss", pca->validation_loss}, {"parameters", pca->parameters}};
    }
    program.write_metrics(metrics);

    program.write("reconstructions.png", rows, data.test.shape);
    program.plot("loss.png", curves, "mean squared error");
  });
}
