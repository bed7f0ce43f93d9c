// SPDX-License-Identifier: MIT
// A small symmetric network, 64-32-32-16-32-32-64, on images reduced to 8 × 8 pixels.
#include "common/example.hpp"

namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::image(8, 8), ec::Dense<32>, ec::ReLU, ec::Dense<32>, ec::ReLU, ec::Dense<16>, ec::ReLU>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<32>, ec::ReLU, ec::Dense<32>, ec::ReLU, ec::Dense<64>, ec::ReLU>;
using Model = ec::Autoencoder<Encoder, Decoder>;
static_assert(Model::parameter_count == 7'376);

/// Each of the `to` parts of a line, as weights of its `from` pixels: the mean over the part, split pixels counting in proportion.
Eigen::MatrixXf averaging(ec::Index from, ec::Index to) {
  const float part = static_cast<float>(from) / static_cast<float>(to);
  Eigen::MatrixXf weights(to, from);
  for (ec::Index i = 0; i < to; ++i) {
    for (ec::Index j = 0; j < from; ++j) {
      const float begin = std::max(static_cast<float>(i) * part, static_cast<float>(j));
      const float end = std::min(static_cast<float>(i + 1) * part, static_cast<float>(j + 1));
      weights(i, j) = std::max(end - begin, 0.0F) / part;
    }
  }
  return weights;
}

/// Images of one channel, reduced to 8 × 8 pixels by area.
Eigen::MatrixXf reduced(const Eigen::MatrixXf& images, ec::Shape shape) {
  const Eigen::MatrixXf rows = averaging(shape.height, 8), columns = averaging(shape.width, 8);
  Eigen::MatrixXf small(64, images.cols());
  for (ec::Index n = 0; n < images.cols(); ++n) {
    const Eigen::Map<const Eigen::MatrixXf> image(images.col(n).data(), shape.width, shape.height);  // rows of pixels are columns
    Eigen::Map<Eigen::MatrixXf>(small.col(n).data(), 8, 8) = columns * image * rows.transpose();
  }
  return small;
}

int main(int argc, char** argv) {
  example::Program program("03_symmetric", "Trains 64-32-32-16-32-32-64, ReLU on every layer, on images reduced to 8 x 8 pixels.");
  example::Options& options = program.options;
  options.epochs = 20;
  options.batch_size = 32;

  return program.run(argc, argv, [&] {
    const auto [train, test] = program.load();
    if (train.shape.channels != 1) throw ec::ShapeError("expected images of one channel, found " + ec::to_string(train.shape));
    const Eigen::MatrixXf small_train = reduced(train.samples, train.shape), small_test = reduced(test.samples, test.shape);
    Model model{ec::Seed{options.seed}};
    program.print(ec::summary(model) + '\n');

    ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = options.learning_rate}, options.trainer()};
    const ec::History history = program.fit(trainer, model, small_train, options.fit(small_test));

    program.write_metrics(history, train.size(), test.size(), Model::parameter_count, trainer.threads());

    const Eigen::MatrixXf originals = small_test.leftCols(std::min<ec::Index>(small_test.cols(), 10));
    program.write("reconstructions.png", {{"original", originals}, {"reconstruction", model.reconstruct(originals)}}, Model::input);
    program.plot("loss.png", {{"", history}}, "mean squared error");
  });
}
