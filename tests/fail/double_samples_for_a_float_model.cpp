// expect: this model works in float: give x.cast<float>(), or make the model of double
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Matrix = Eigen::MatrixXf;
#else
using Matrix = Eigen::MatrixXd;
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
