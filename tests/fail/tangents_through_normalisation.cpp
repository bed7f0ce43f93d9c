// expect: this penalty needs an encoder of layers that carry tangents
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Encoder = ec::Encoder<ec::features(8), ec::Dense<6>, ec::Tanh, ec::Dense<4>>;
#else
using Encoder = ec::Encoder<ec::features(8), ec::Dense<6>, ec::BatchNorm, ec::Tanh, ec::Dense<4>>;
#endif
using Decoder = ec::Decoder<Encoder::output, ec::Dense<8>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer{model, ec::MeanSquaredError{} + 1e-3 * ec::StochasticContractive<>{}, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(8, 3).eval());
}
