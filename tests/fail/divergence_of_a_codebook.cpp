// expect: this penalty needs a network that draws its code from a normal distribution: a VariationalAutoencoder
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Encoder = ec::Encoder<ec::features(8), ec::Dense<8>, ec::GaussianSample>;
#else
using Encoder = ec::Encoder<ec::features(8), ec::Dense<4>, ec::VectorQuantizer<3>>;
#endif
using Decoder = ec::Decoder<Encoder::output, ec::Dense<8>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer{model, ec::MeanSquaredError{} + 1.0 * ec::GaussianKL{}, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(8, 3).eval());
}
