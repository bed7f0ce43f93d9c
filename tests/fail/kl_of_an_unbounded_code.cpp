// expect: KLSparsity needs activations that are probabilities, in (0, 1), or have another known range
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>, ec::Sigmoid>;
#else
using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>, ec::ReLU>;
#endif
using Decoder = ec::Decoder<Encoder::output, ec::Dense<4>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer{model, ec::MeanSquaredError{} + 0.1 * ec::KLSparsity{}, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(4, 3).eval());
}
