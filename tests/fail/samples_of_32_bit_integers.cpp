// expect: samples are float or double, as the model is, or integers of 8 or 16 bits
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Matrix = Eigen::Matrix<std::uint16_t, Eigen::Dynamic, Eigen::Dynamic>;
#else
using Matrix = Eigen::MatrixXi;
#endif
using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<4>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}};
  const Matrix samples = Matrix::Zero(4, 3);
  trainer.fit(samples, {.epochs = 2, .validation = samples});
  model.encode(samples);
}
