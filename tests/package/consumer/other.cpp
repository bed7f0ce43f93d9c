#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;

double reconstruction_error(const Eigen::MatrixXf& samples);

double reconstruction_error(const Eigen::MatrixXf& samples) {
  using Encoder = ec::Encoder<ec::features(8), ec::Dense<3>, ec::Tanh>;
  using Decoder = ec::Decoder<Encoder::output, ec::Dense<8>>;
  const ec::Autoencoder<Encoder, Decoder> model{ec::Seed{2}};
  return (model.reconstruct(samples) - samples).squaredNorm() / static_cast<double>(samples.size());
}
