// SPDX-License-Identifier: MIT
// A map of garments: every image has a code of two values, and every place of the map decodes to a garment, also places
// without a code.
#include "common/example.hpp"
#include <eigencoder/tasks/empty_spot.hpp>
#include <eigencoder/tasks/nearest.hpp>
#include <nlohmann/json.hpp>

namespace ec = eigencoder;
using Eigen::MatrixXf;

using Layers = ec::Encoder<ec::image(28, 28), ec::Dense<512>, ec::ReLU, ec::Dense<128>, ec::ReLU>;
using Encoder = ec::Encoder<ec::image(28, 28), ec::Dense<512>, ec::ReLU, ec::Dense<128>, ec::ReLU, ec::Dense<2>>;
using Decoder = ec::Decoder<ec::features(2), ec::Dense<128>, ec::ReLU, ec::Dense<512>, ec::ReLU, ec::Dense<784>, ec::Sigmoid>;
using Plain = ec::Autoencoder<Encoder, Decoder>;
using Variational = ec::VariationalAutoencoder<Layers, ec::Latent<2>, Decoder>;

/// The middle of the codes of each class that there is: medians, which outliers do not move.
MatrixXf middles(const MatrixXf& codes, const Eigen::VectorXi& labels) {
  MatrixXf found(2, labels.maxCoeff() + 1);
  ec::Index classes = 0;
  for (int c = 0; c < found.cols(); ++c) {
    std::array<std::vector<float>, 2> values;
    for (ec::Index j = 0; j < labels.size(); ++j) {
      if (labels[j] != c) continue;
      for (std::size_t i = 0; i < 2; ++i) values[i].push_back(codes(static_cast<ec::Index>(i), j));
    }
    if (values[0].empty()) continue;
    for (std::size_t i = 0; i < 2; ++i) {
      const auto middle = values[i].begin() + static_cast<std::ptrdiff_t>(values[i].size() / 2);
      std::nth_element(values[i].begin(), middle, values[i].end());
      found(static_cast<ec::Index>(i), classes) = *middle;
    }
    ++classes;
  }
  return found.leftCols(classes);
}

/// The first image of a class.
ec::Index first_of(const Eigen::VectorXi& labels, double wanted) {
  for (ec::Index j = 0; j < labels.size(); ++j) {
    if (labels[j] == wanted) return j;
  }
  throw ec::OptionError(ec::message("--from and --to: expected classes that the test images have, found ", wanted));
}

struct Way {
  double from = 1, to = 9;
};

template <class Model, class Objective>
void train(const example::Program& program, const Way& way, const Objective& objective) {
  const example::Options& options = program.options;
  const auto [train, test] = program.load();
  const ec::Index a = first_of(test.labels, way.from), b = first_of(test.labels, way.to);
  Model model{ec::Seed{options.seed}};
  program.print(ec::summary(model) + '\n');
  ec::Trainer trainer{model, objective, ec::Adam{.learning_rate = options.learning_rate}, options.trainer()};
  const ec::History history = program.fit(trainer, model, train.samples, options.fit(test.samples));

  const MatrixXf codes = model.encode(test.samples), centres = middles(codes, test.labels);
  constexpr ec::Index steps = 10;
  const MatrixXf walk = ec::interpolate(codes.col(a), codes.col(b), steps);
  const ec::EmptySpot<float> empty = ec::empty_spot(codes);
  const MatrixXf place{{empty.code[0]}, {empty.code[1]}};
  const auto around = ec::nearest(codes, place, std::min<ec::Index>(9, test.size()));
  MatrixXf spot(784, 1 + around.indices.rows());
  spot.col(0) = model.decode(place);
  for (ec::Index k = 0; k < around.indices.rows(); ++k) spot.col(k + 1) = test.samples.col(around.indices(k, 0));

  program.print(ec::message("\nthe emptiest spot of the map, (", empty.code[0], ", ", empty.code[1], "), is ", empty.distance,
                            " from the nearest garment\n\n"));
  auto metrics = program.metrics(history, train.size(), test.size(), Model::parameter_count, trainer.threads());
  metrics["empty_spot"] = {empty.code[0], empty.code[1]};
  metrics["empty_spot_distance"] = empty.distance;
  program.write_metrics(metrics);

  program.plot_codes("map.png",
                     {{"where the test images hang", codes, {{"the way", walk}, {"emptiest", place}}}}, test.labels);
  program.write("closet.png",
                {{"middles of the classes", model.decode(centres)},
                 {"from one to another", model.decode(walk)},
                 {"emptiest spot, then its neighbours", spot}},
                test.shape);
  program.plot("loss.png", {{"", history}}, "objective");
}

int main(int argc, char** argv) {
  example::Program program("09_latent_space", "Hangs garments on a map, walks over it, and looks at its emptiest spot.");
  program.options.epochs = 20;
  program.options.batch_size = 128;
  std::string model = "plain";
  Way way;
  program.add_choice("--model", model, {"plain", "variational"}, "autoencoder with a code of two values");
  program.add_number("--from", way.from, "class where the walk begins, at its first test image");
  program.add_number("--to", way.to, "class where it ends");

  return program.run(argc, argv, [&] {
    if (model == "plain") train<Plain>(program, way, ec::as_objective(ec::BinaryCrossEntropy{}));
    if (model == "variational") train<Variational>(program, way, ec::as_objective(ec::Elbo{ec::Bernoulli{}}));
  });
}
