// SPDX-License-Identifier: MIT
// The contractive autoencoder beside the same network without its penalty: how far the code moves when the image does.
#include "common/example.hpp"
#include <nlohmann/json.hpp>

namespace ec = eigencoder;

template <class Encoder>
using Model = ec::Autoencoder<Encoder, ec::Decoder<Encoder::output, ec::Dense<784>, ec::Sigmoid>>;

using Shallow = Model<ec::Encoder<ec::image(28, 28), ec::Dense<64>, ec::Sigmoid>>;
using Deep = Model<ec::Encoder<ec::image(28, 28), ec::Dense<128>, ec::Tanh, ec::Dense<32>, ec::Sigmoid>>;
using Convolutional = Model<ec::Encoder<ec::image(28, 28), ec::Conv2D<16, 3>, ec::ReLU, ec::MaxPool2D<2>, ec::Conv2D<16, 3>,
                                        ec::ReLU, ec::MaxPool2D<2>, ec::Dense<64>, ec::Tanh>>;

struct Result {
  std::string name;
  ec::History history;
  double error, jacobian;  ///< on the test images: mean squared error, ‖J‖²
  Eigen::MatrixXf reconstructions;
  double movement;  ///< of the code when its image is shifted by a pixel, in units of the codes' own spread
  nlohmann::ordered_json metrics;
};

/// The image with everything moved to the right by so many pixels.
Eigen::MatrixXf shifted(const Eigen::MatrixXf& images, ec::Index pixels) {
  Eigen::MatrixXf moved = Eigen::MatrixXf::Zero(images.rows(), images.cols());
  for (ec::Index row = 0; row < 28; ++row) {
    moved.middleRows(28 * row + pixels, 28 - pixels) = images.middleRows(28 * row, 28 - pixels);
  }
  return moved;
}

/// The image at a few places, side by side.
Eigen::MatrixXf shifts(const Eigen::MatrixXf& images) {
  Eigen::MatrixXf all(images.rows(), 5 * images.cols());
  for (ec::Index j = 0; j < images.cols(); ++j) {
    for (ec::Index pixels = 0; pixels < 5; ++pixels) all.col(5 * j + pixels) = shifted(images.col(j), pixels);
  }
  return all;
}

template <class Model, class Penalty>
Result train(const example::Program& program, const std::string& name, ec::Weighted<Penalty> penalty,
             const ec::Split<float>& data, const Eigen::MatrixXf& shown) {
  const example::Options& options = program.options;
  Model model{ec::Seed{options.seed}};
  program.print(name + ":\n");
  ec::Trainer trainer{model, ec::MeanSquaredError{} + penalty, ec::Adam{.learning_rate = options.learning_rate},
                      options.trainer()};
  const ec::History history = program.fit(trainer, model, data.train.samples, options.fit(data.test.samples), name);
  program.print("\n");

  const std::vector<double> at = trainer.evaluate(program.part(data.test.samples)).terms;
  const Eigen::MatrixXf codes = model.encode(data.test.samples), moved = model.encode(shifted(data.test.samples, 1));
  const double spread = (codes.colwise() - codes.rowwise().mean()).norm();
  return {name,
          history,
          at[0],
          at[1],
          model.reconstruct(shown),
          (moved - codes).norm() / spread,
          program.metrics(history, data.train.size(), data.test.size(), Model::parameter_count, trainer.threads())};
}

/// The same network without and with the penalty.
template <class Model, class Penalty>
std::vector<Result> compare(const example::Program& program, double weight, const ec::Split<float>& data,
                            const Eigen::MatrixXf& shown) {
  return {train<Model>(program, "plain", 0.0 * Penalty{}, data, shown),
          train<Model>(program, "contractive", weight * Penalty{}, data, shown)};
}

int main(int argc, char** argv) {
  example::Program program("07_contractive", "Trains a network with and without a penalty on the code's derivatives.");
  program.options.epochs = 20;
  program.options.batch_size = 128;
  double weight = 1e-3;
  std::string which = "dense";
  program.add_choice("--model", which, {"dense", "deep", "conv"},
                     "784-64-784 and 784-128-32-784 with the exact penalty, or a convolutional encoder and random directions");
  program.add_number("--weight", weight, "of ‖∂h/∂x‖² in the objective");

  return program.run(argc, argv, [&] {
    const ec::Split<float> data = program.load();
    const Eigen::MatrixXf shown = shifts(data.test.samples.leftCols(std::min<ec::Index>(data.test.size(), 2)));
    std::vector<Result> results;
    if (which == "dense") results = compare<Shallow, ec::Contractive>(program, weight, data, shown);
    if (which == "deep") results = compare<Deep, ec::DeepContractive>(program, weight, data, shown);
    if (which == "conv") results = compare<Convolutional, ec::StochasticContractive<>>(program, weight, data, shown);

    program.print("                validation MSE   |J|^2 on validation   movement / spread of the code\n");
    std::vector<ec::ImageRow> rows{{"shifted", shown}};
    std::vector<example::Curve> curves;
    nlohmann::ordered_json metrics = results.back().metrics;
    metrics["validation_mse"] = results.back().error;
    for (const Result& result : results) {
      char line[128];
      std::snprintf(line, sizeof line, " %-12s %17.5f %21.4f %31.3f\n", result.name.c_str(), result.error, result.jacobian,
                    result.movement);
      program.print(line);
      rows.emplace_back(result.name, result.reconstructions);
      curves.push_back({result.name, result.history});
      metrics["models"].push_back({{"model", result.name},
                                   {"validation_mse", result.error},
                                   {"jacobian", result.jacobian},
                                   {"movement", result.movement}});
    }
    program.write_metrics(metrics);

    program.write("shifts.png", rows, data.test.shape);
    program.plot("loss.png", curves, "objective");
  });
}
