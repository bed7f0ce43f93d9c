// expect: discrete codes need an autoencoder whose encoder ends in a VectorQuantizer
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Encoder = ec::Encoder<ec::features(8), ec::Dense<4>, ec::VectorQuantizer<3>>;
#else
using Encoder = ec::Encoder<ec::features(8), ec::Dense<4>, ec::VectorQuantizer<3>, ec::Tanh>;
#endif
using Decoder = ec::Decoder<Encoder::output, ec::Dense<8>>;

int main() {
  const ec::Autoencoder<Encoder, Decoder> model;
  ec::codebook_usage(model, Eigen::MatrixXf::Zero(8, 3));
}
