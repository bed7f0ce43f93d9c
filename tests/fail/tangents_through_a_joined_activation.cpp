// expect: this penalty needs an encoder none of whose activations a decoder joins
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::features(8), ec::Dense<6>, ec::Tanh, ec::Dense<4>>;
#ifdef CONTROL
using Decoder = ec::Decoder<Encoder::output, ec::Dense<6>, ec::Tanh, ec::Dense<8>>;
#else
using Decoder = ec::Decoder<Encoder::output, ec::Dense<6>, ec::Add<1>, ec::Dense<8>>;
#endif

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer{model, ec::MeanSquaredError{} + 1e-3 * ec::StochasticContractive<>{}, ec::Adam{}}.evaluate(
      Eigen::MatrixXf::Zero(8, 3).eval());
}
