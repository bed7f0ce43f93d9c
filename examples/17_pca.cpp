// SPDX-License-Identifier: MIT
// Principal component analysis is the best that a linear autoencoder can do: one trained by Adam ends on the same plane. A deep
// one, with a code of the same size, does better.
#include "common/example.hpp"
#include <eigencoder/tasks/pca.hpp>

#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <nlohmann/json.hpp>

namespace ec = eigencoder;

constexpr ec::Index code = 16;

using LinearEncoder = ec::Encoder<ec::image(28, 28), ec::Dense<code>>;
using Linear = ec::Autoencoder<LinearEncoder, ec::Decoder<LinearEncoder::output, ec::Dense<784>>>;

template <ec::Index Code>
using DeepEncoder = ec::Encoder<ec::image(28, 28), ec::Dense<512>, ec::ReLU, ec::Dense<256>, ec::ReLU, ec::Dense<64>, ec::ReLU,
                                ec::Dense<Code>>;
template <ec::Index Code>
using Deep = ec::Autoencoder<DeepEncoder<Code>, ec::Mirror<DeepEncoder<Code>, ec::Sigmoid>>;
static_assert(Deep<code>::parameter_count == 1'102'240);

/// Trains at a rate that falls to 0, so that the noise of batches vanishes at the end. Returns metrics.
template <class Model>
nlohmann::ordered_json train(const example::Program& program, const char* name, Model& model, const ec::Split<float>& data,
                             double rate) {
  const example::Options& options = program.options;
  program.print(ec::message('\n', name, ", ", Model::parameter_count, " parameters\n"));
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = rate}, options.trainer()};
  ec::FitOptions<float> fit = options.fit(data.test.samples);
  const ec::Index steps = options.epochs * ((data.train.size() + options.batch_size - 1) / options.batch_size);
  fit.callbacks = {ec::LearningRate{[rate, steps](std::uint64_t updates) {
    return rate * std::max(1 - static_cast<double>(updates) / static_cast<double>(steps), 1e-3);
  }}};
  const ec::History history = program.fit(trainer, model, data.train.samples, fit, name);
  return program.metrics(history, data.train.size(), data.test.size(), Model::parameter_count, trainer.threads());
}

template <class Y>
double mean_squared_error(const Y& y, const Eigen::MatrixXf& x) {
  return (y - x).array().square().mean();
}

/// The angles, in degrees, between the plane that the columns of W span and that of the components, falling. Their sines are
/// the singular values of what is left of an orthonormal basis without its part in the other plane.
Eigen::VectorXd principal_angles(const Eigen::MatrixXd& W, const ec::PCA& pca) {
  const Eigen::MatrixXd basis =
      Eigen::HouseholderQR<Eigen::MatrixXd>(W).householderQ() * Eigen::MatrixXd::Identity(W.rows(), W.cols());
  const Eigen::MatrixXd rest = basis - pca.components() * (pca.components().transpose() * basis);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> squares(rest.transpose() * rest);
  return squares.eigenvalues().reverse().array().max(0).min(1).sqrt().asin() * (180 / EIGEN_PI);
}

int main(int argc, char** argv) {
  example::Program program("17_pca", "Compares principal component analysis with a linear and a deep autoencoder.");
  program.options.epochs = 20;

  return program.run(argc, argv, [&] {
    const ec::Split<float> data = program.load();
    const ec::PCA pca = ec::PCA::fit(data.train.samples, code);

    const ec::Seed seed{program.options.seed};
    Linear linear{seed};
    train(program, "linear, code 16", linear, data, 3e-3);
    Deep<code> deep{seed};
    nlohmann::ordered_json metrics = train(program, "deep, code 16", deep, data, program.options.learning_rate);
    Deep<2> deep_plane{seed};
    train(program, "deep, code 2", deep_plane, data, program.options.learning_rate);

    const double best = mean_squared_error(pca.reconstruct(data.test.samples), data.test.samples);
    std::string table = "\n model    code   training MSE   test MSE   of PCA's\n";
    const auto add = [&](const char* name, const auto& model) {
      const double training = mean_squared_error(model.reconstruct(data.train.samples), data.train.samples);
      const double test = mean_squared_error(model.reconstruct(data.test.samples), data.test.samples);
      char line[96];
      std::snprintf(line, sizeof line, " %-8s %4td   %12.5f   %8.5f   %7.1f%%\n", name, code, training, test,
                    100 * test / best);
      table += line;
      metrics["models"].push_back({{"name", name}, {"code", code}, {"train_loss", training}, {"validation_loss", test}});
    };
    add("PCA", pca);
    add("linear", linear);
    add("deep", deep);
    const Eigen::VectorXd angles = principal_angles(linear.parameter("decoder.0.weight").cast<double>(), pca);
    metrics["largest_angle"] = angles[0];
    program.print(table + "\nPrincipal angles between the planes of PCA and of the linear autoencoder, in degrees:\n");
    for (const double angle : angles) program.print(ec::message(' ', angle));
    program.print("\n\n");
    program.write_metrics(metrics);

    const auto shown = data.test.samples.leftCols(std::min<ec::Index>(data.test.size(), 10)).eval();
    program.write("reconstructions.png",
                  {{"original", shown},
                   {"PCA", pca.reconstruct(shown)},
                   {"linear", linear.reconstruct(shown)},
                   {"deep", deep.reconstruct(shown)}},
                  data.test.shape);
    program.plot_codes(
        "codes.png",
        {{"PCA", pca.encode(data.test.samples).topRows(2)}, {"deep autoencoder", deep_plane.encode(data.test.samples)}},
        data.test.labels);
  });
}
