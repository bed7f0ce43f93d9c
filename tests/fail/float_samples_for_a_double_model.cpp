// expect: this model works in double: give x.cast<double>(), or make the model of float
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Scalar = float;
#else
using Scalar = double;
#endif
using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<4>>;

int main() {
  ec::Autoencoder<Encoder, Decoder, Scalar> model;
  const Eigen::MatrixXf samples = Eigen::MatrixXf::Zero(4, 3);
  ec::Trainer{model, ec::MeanSquaredError{}, ec::Adam{}}.evaluate(samples);
}
