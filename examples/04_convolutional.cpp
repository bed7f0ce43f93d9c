// SPDX-License-Identifier: MIT
// Convolutions and pools to a code of 7 x 7 x 8, and three decoders with equally many parameters.
#include "common/example.hpp"

namespace ec = eigencoder;

using Encoder =
    ec::Encoder<ec::image(28, 28), ec::Conv2D<16, 3>, ec::ReLU, ec::MaxPool2D<2>, ec::Conv2D<8, 3>, ec::ReLU, ec::MaxPool2D<2>>;
static_assert(Encoder::output == ec::image(7, 7, 8));

/// Transposed convolutions.
using Transpose =
    ec::Decoder<Encoder::output, ec::ConvTranspose2D<16, 3, 2>, ec::ReLU, ec::ConvTranspose2D<1, 3, 2>, ec::Sigmoid>;
/// Pixels repeated, then convolved.
using Upsample = ec::Decoder<Encoder::output, ec::UpSample2D<2>, ec::Conv2D<16, 3>, ec::ReLU, ec::UpSample2D<2>,
                             ec::Conv2D<1, 3>, ec::Sigmoid>;
/// Values put back where the encoder's pools, at positions 5 and 2, took them from: more than the code tells, and so sharper.
using Unpool = ec::Decoder<Encoder::output, ec::MaxUnpool2D<5, 2>, ec::Conv2D<16, 3>, ec::ReLU, ec::MaxUnpool2D<2, 2>,
                           ec::Conv2D<1, 3>, ec::Sigmoid>;

template <class Decoder>
void train_with(const example::Program& program) {
  using Model = ec::Autoencoder<Encoder, Decoder>;
  static_assert(Model::parameter_count == 2'633);
  const example::Options& options = program.options;

  const auto [train, test] = program.load();
  Model model{ec::Seed{options.seed}};
  program.print(ec::summary(model) + '\n');

  ec::Trainer trainer{model, ec::BinaryCrossEntropy{}, ec::Adam{.learning_rate = options.learning_rate}, options.trainer()};
  const ec::History history = program.fit(trainer, model, train.samples, options.fit(test.samples));

  program.write_metrics(history, train.size(), test.size(), Model::parameter_count, trainer.threads());

  const Eigen::MatrixXf originals = test.samples.leftCols(std::min<ec::Index>(test.size(), 10));
  program.write("reconstructions.png", {{"original", originals}, {"reconstruction", model.reconstruct(originals)}}, test.shape);
  program.plot("loss.png", {{"", history}}, "binary cross-entropy");
}

int main(int argc, char** argv) {
  example::Program program("04_convolutional",
                           "Trains a small convolutional network on images, with a decoder of one of three kinds.");
  program.options.batch_size = 128;
  std::string decoder = "transpose";
  program.add_choice("--decoder", decoder, {"transpose", "upsample", "unpool"}, "how it enlarges");

  return program.run(argc, argv, [&] {
    if (decoder == "transpose") train_with<Transpose>(program);
    if (decoder == "upsample") train_with<Upsample>(program);
    if (decoder == "unpool") train_with<Unpool>(program);
  });
}
