// expect: this penalty needs a network that chooses its code from a codebook: one with a VectorQuantizer
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Encoder = ec::Encoder<ec::features(8), ec::Dense<4>, ec::VectorQuantizer<3>>;
#else
using Encoder = ec::Encoder<ec::features(8), ec::Dense<8>, ec::GaussianSample>;
#endif
using Decoder = ec::Decoder<Encoder::output, ec::Dense<8>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer{model, ec::MeanSquaredError{} + 0.25 * ec::Commitment{}, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(8, 3).eval());
}
