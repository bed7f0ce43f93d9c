// expect: this penalty needs a network that samples a latent code
#include "../support/contract_layers.hpp"
namespace ec = eigencoder;

#ifdef CONTROL
using Encoder = ec::Encoder<ec::features(4), ec::Dense<4>, contract::Draw>;
#else
using Encoder = ec::Encoder<ec::features(4), ec::Dense<4>, ec::Dense<2>>;
#endif
using Decoder = ec::Decoder<Encoder::output, ec::Dense<4>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer{model, ec::MeanSquaredError{} + contract::LatentKL{}, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(4, 3).eval());
}
