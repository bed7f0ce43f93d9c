// SPDX-License-Identifier: MIT
// The simplest autoencoder: 784 pixels, a code of 32 numbers, 784 pixels.
#include "common/example.hpp"

namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::image(28, 28), ec::Dense<32>, ec::ReLU>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<784>, ec::Sigmoid>;
using Model = ec::Autoencoder<Encoder, Decoder>;
static_assert(Model::parameter_count == 50'992);

int main(int argc, char** argv) {
  example::Program program("01_simple", "Trains 784-32-784 on images and shows what a code of 32 numbers keeps of them.");
  const example::Options& options = program.options;

  return program.run(argc, argv, [&] {
    const auto [train, test] = program.load();
    Model model{ec::Seed{options.seed}};
    program.print(ec::summary(model) + '\n');

    ec::Trainer trainer{model, ec::BinaryCrossEntropy{}, ec::Adam{.learning_rate = options.learning_rate}, options.trainer()};
    const ec::History history = program.fit(trainer, model, train.samples, options.fit(test.samples));

    program.write_metrics(history, train.size(), test.size(), Model::parameter_count, trainer.threads());

    const Eigen::MatrixXf originals = test.samples.leftCols(std::min<ec::Index>(test.size(), 10));
    program.write("reconstructions.png", {{"original", originals}, {"reconstruction", model.reconstruct(originals)}}, test.shape);
    program.plot("loss.png", {{"", history}}, "binary cross-entropy");
  });
}
