// Two translation units hold the whole library; a tiny model must learn.
#include <cstdio>

#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;

double reconstruction_error(const Eigen::MatrixXf& samples);  // other.cpp

using Encoder = ec::Encoder<ec::features(8), ec::Dense<3>, ec::Tanh>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<8>>;
using Model = ec::Autoencoder<Encoder, Decoder>;

int main() {
  // Three directions, 200 mixtures of them.
  const Eigen::MatrixXf directions = Eigen::MatrixXf::Random(8, 3);
  const Eigen::MatrixXf samples = 0.5f * directions * Eigen::MatrixXf::Random(3, 200);

  Model model{ec::Seed{1}};
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{.learning_rate = 1e-2f}};
  const double before = trainer.evaluate(samples).loss;
  trainer.fit(samples, {.epochs = 2, .batch_size = 20});
  const double after = trainer.evaluate(samples).loss;

  const double untrained = reconstruction_error(samples);
  std::printf("loss %g before, %g after; an untrained model elsewhere: %g\n", before, after, untrained);
  return after < before && untrained > 0 ? 0 : 1;
}
